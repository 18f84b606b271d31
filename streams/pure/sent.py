"""What went to one customer: each waiting message becomes the text for its socket, and is counted.

Owns the counting. Must not know when something may be sent."""

from dataclasses import dataclass

from streams.pure.buffer import Waiting
from streams.pure.customer import CustomerProtocol

WEBSOCKET_HEADER_BYTES = 8


@dataclass(slots=True)
class Sent:
    """`bytes_per_ms` is what a millisecond of audio weighed on the wire, lately."""

    protocol: CustomerProtocol
    frames: int = 0
    audio_ms: float = 0.0
    bytes_per_ms: float = 1.0

    def text(self, item: Waiting) -> bytes:
        """The text of `item`, which is sent now: messages are numbered in the order of sending."""
        content = item.content
        if item.kind == "media":
            assert isinstance(content, bytes)
            text = self.protocol.media(content, item.timestamp_ms, item.track)
            self.frames += 1
            self.audio_ms += item.duration_ms
            if item.duration_ms:
                self.bytes_per_ms = (len(text) + WEBSOCKET_HEADER_BYTES) / item.duration_ms
            return text
        if item.kind == "message":
            assert callable(content)
            return content()
        assert isinstance(content, str)
        return self.protocol.stop(content) if item.kind == "stop" else self.protocol.dtmf(content, item.timestamp_ms, item.track)
