"""Ordinary WebSocket messages, taken off the front of what a peer sent: in one frame, of the shortest form, under 64 KiB; masked if they
are a client's.

Owns the form of such a message (RFC 6455, 5.2), and nothing else of the protocol. Must not know who sent it, or who reads the rest."""

from collections.abc import Callable
from typing import NamedTuple

TEXT, BINARY = 0x81, 0x82
"""A frame's first byte: the last of its message, and nothing reserved."""
MASKED = 0x80
LENGTH_IN_TWO_BYTES = 126
SHORTEST_HEADER_BYTES, LONGER_HEADER_BYTES = 2, 4
MASK_BYTES = 4
MOST_PAYLOAD_BYTES = 0xFFFF
Unmask = Callable[[bytes, bytes], bytes]
"""unmask(data, mask): of four bytes of mask."""


class Front(NamedTuple):
    """The messages that stand in front, each with whether it is binary, and how many bytes they took. `unfinished`: what follows them is
    the beginning of another one, and nothing in it is wrong so far."""

    messages: list[tuple[bytes, bool]]
    size: int
    unfinished: bool


def ordinary_messages(data: bytes, unmask: Unmask) -> Front:
    """Those which are entirely there, up to the first thing that is anything else."""
    messages: list[tuple[bytes, bool]] = []
    at, end = 0, len(data)
    while end - at >= SHORTEST_HEADER_BYTES + MASK_BYTES:
        start, stop = payload_place(data, at)
        if not start or stop > end:
            break
        payload, is_binary = unmask(data[start:stop], data[start - 4 : start]), data[at] == BINARY
        if not is_binary and not is_utf8(payload):
            break
        messages.append((payload, is_binary))
        at = stop
    return Front(messages, at, at < end and is_beginning(data[at:], unmask))


def unmasked_message(data: bytes | bytearray, at: int) -> tuple[str | bytes, int] | None:
    """The message of a server that begins at `at`, a text or bytes, and where it ends; None where it is no ordinary one, or not whole."""
    if len(data) - at < SHORTEST_HEADER_BYTES:
        return None
    start, stop = payload_place(data, at, 0, 0)
    if not start or stop > len(data):
        return None
    if data[at] == BINARY:
        return bytes(data[start:stop]), stop
    try:
        return data[start:stop].decode(), stop
    except UnicodeDecodeError:
        return None


def payload_place(data: bytes | bytearray, at: int, masked: int = MASKED, mask_bytes: int = MASK_BYTES) -> tuple[int, int]:
    """Where the payload of the message begins that begins at `at`, and where it ends; (0, 0) where it is no ordinary one, or its length
    is not there yet."""
    length = data[at + 1] - masked
    if data[at] not in (TEXT, BINARY) or length < 0 or length > LENGTH_IN_TWO_BYTES:
        return 0, 0
    if length < LENGTH_IN_TWO_BYTES:
        start = at + SHORTEST_HEADER_BYTES + mask_bytes
        return start, start + length
    size = int.from_bytes(data[at + 2 : at + 4], "big")
    start = at + LONGER_HEADER_BYTES + mask_bytes
    return (start, start + size) if size >= 126 and len(data) >= at + 4 else (0, 0)


def is_beginning(data: bytes, unmask: Unmask) -> bool:
    """Of an ordinary message that is not whole. A text has to be ASCII so far: who sends what is no UTF-8 hears that at once."""
    if len(data) < 2 or (data[1] == MASKED | LENGTH_IN_TWO_BYTES and len(data) < 4):
        return data[0] in (TEXT, BINARY)
    start, stop = payload_place(data, 0)
    if not start or stop <= len(data):
        return False
    return data[0] == BINARY or len(data) <= start or unmask(data[start:], data[start - 4 : start]).isascii()


def is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
