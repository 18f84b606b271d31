"""What a customer's service sends, read up to a bound: of a message that is larger, whole or in fragments, the beginning is kept and the
rest read past, so that no message ends a stream, and none takes the memory of others.

Owns the bound on what is kept. Must not know what messages mean."""

from collections.abc import Generator

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.streams import StreamReader
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from streams.pure.customer.protocol import MESSAGE_BYTES

LONGEST_CHARACTER_BYTES = 4
KEPT_BYTES = MESSAGE_BYTES + 2 * LONGEST_CHARACTER_BYTES
"""Of a frame: more than a message may have, also without its last character, so that whoever reads it sees that it was too large."""


class BoundedReader(StreamReader):
    """The bytes of a connection; what they are is the WebSocket library's matter. `is_between_frames`: of none the beginning was read."""

    is_between_frames = False

    def at_eof(self) -> Generator[None, None, bool]:
        """Where the library looks for the next frame."""
        self.is_between_frames = True
        ended = yield from super().at_eof()
        self.is_between_frames = False
        return ended

    def read_exact(self, n: int) -> Generator[None, None, bytearray]:
        """The next `n` bytes, or the beginning of them, up to the end of a character. Raises EOFError when they do not come."""
        if n <= KEPT_BYTES:
            return (yield from super().read_exact(n))
        kept = yield from super().read_exact(KEPT_BYTES)
        left = n - KEPT_BYTES
        while left:
            skipped = min(left, len(self.buffer))
            del self.buffer[:skipped]
            left -= skipped
            if left:
                if self.eof:
                    raise EOFError(f"stream ends {left} bytes before the end of a frame of {n} bytes")
                yield
        return kept[: end_of_a_character(kept)]


def end_of_a_character(text: bytearray) -> int:
    """How much of UTF-8 that was cut anywhere can be read; all of it where it is none."""
    for back in range(1, LONGEST_CHARACTER_BYTES + 1):
        if text[-back] & 0xC0 != 0x80:  # where a character begins
            return len(text) - back
    return len(text)


class BoundedProtocol(ClientProtocol):
    """WebSocket's client, without an end of the connection for what is large."""

    reader: BoundedReader

    def __init__(self, uri: WebSocketURI, subprotocols: list[Subprotocol] | None) -> None:
        super().__init__(uri, subprotocols=subprotocols, max_size=None)
        self.reader = BoundedReader()
        self.parser = self.parse()
        next(self.parser)  # as the library does, with the reader it had

    @property
    def is_between_messages(self) -> bool:
        """Open, and of the next message nothing has been read; a control frame may be next as well."""
        return self.state is State.OPEN and self.reader.is_between_frames and self.current_size is None


async def next_message(connection: ClientConnection) -> str | bytes:
    """The next message, or as much of it as is more than one may have. Raises ConnectionClosed."""
    parts: list[str | bytes] = []
    size = 0
    async for part in connection.recv_streaming():
        if size <= MESSAGE_BYTES:
            parts.append(part)
            size += len(part)
    return parts[0] if len(parts) == 1 else type(parts[0])().join(parts)  # type: ignore[arg-type]
