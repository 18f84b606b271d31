"""A client's text message as the one WebSocket frame it goes in: header, mask, masked payload (RFC 6455, 5.2); and where masks come from.

Owns those bytes where nothing was negotiated. Must not know sockets, or whether anything may be sent."""

import os
from collections.abc import Callable, Iterator
from struct import Struct

TEXT_ENTIRE, MASKED = 0x81, 0x80
MASKS_AT_ONCE = 256
"""Five seconds of audio. Asking the system for four bytes costs as much as asking for all of them."""

_SHORT, _LONG, _HUGE = Struct("!BB4s"), Struct("!BBH4s"), Struct("!BBQ4s")


def text_frame(text: bytes, mask: bytes, apply_mask: Callable[[bytes, bytes], bytes]) -> bytes:
    size = len(text)
    if size < 126:
        header = _SHORT.pack(TEXT_ENTIRE, MASKED | size, mask)
    elif size < 65_536:
        header = _LONG.pack(TEXT_ENTIRE, MASKED | 126, size, mask)
    else:
        header = _HUGE.pack(TEXT_ENTIRE, MASKED | 127, size, mask)
    return header + apply_mask(text, mask)


def masks() -> Iterator[bytes]:
    """One after the other, none of them twice, each as hard to guess as the system makes it. Of one connection: two processes that shared
    them would send the same."""
    while True:
        block = os.urandom(4 * MASKS_AT_ONCE)
        for at in range(0, len(block), 4):
            yield block[at : at + 4]
