"""What went to one customer: each waiting message becomes the text for its socket, is counted, and its wait is measured.

Owns the counting. Must not know when something may be sent."""

from dataclasses import dataclass, field

from streams.pure.call.buffer import Waiting
from streams.pure.call.measure import Histogram
from streams.pure.customer.protocol import CustomerProtocol

WEBSOCKET_HEADER_BYTES = 8


@dataclass(slots=True)
class SentMessages:
    """`bytes_per_ms`: what a millisecond of audio weighed on the wire, lately; `latency`: how long audio took from its arrival to here."""

    protocol: CustomerProtocol
    frames: int = 0
    audio_ms: float = 0.0
    bytes_per_ms: float = 1.0
    latency: Histogram = field(default_factory=Histogram)

    def text(self, item: Waiting, now: float) -> bytes:
        """The text of `item`, which is sent now: messages are numbered in the order of sending."""
        content = item.content
        if item.kind == "media":
            assert isinstance(content, bytes)
            text = self.protocol.media(content, item.timestamp_ms, item.track)
            self.frames += 1
            self.latency.add(now - item.arrived)
            self.audio_ms += item.duration_ms
            if item.duration_ms:
                self.bytes_per_ms = (len(text) + WEBSOCKET_HEADER_BYTES) / item.duration_ms
            return text
        if item.kind == "message":
            assert callable(content)
            return content()
        assert isinstance(content, str)
        return self.protocol.stop(content) if item.kind == "stop" else self.protocol.dtmf(content, item.timestamp_ms, item.track)
