"""The numbers that messages of Twilio's kind carry: which of them counts the frames, and frames in the order that it tells.

Owns the choice. Must not know what a frame holds, nor dialects."""

from streams.pure.gateway.frame_order import FrameOrder, NumberedFrame
from streams.pure.gateway.json_text import Fields, plainly
from streams.pure.messages import FrameFaults

HELD_SECONDS = 0.1
Frame = tuple[str, bytes]


class MediaOrder:
    """Of one stream, decided by its first frame: sequenceNumber counts every message, chunk the frames of a track, timestamp the
    milliseconds of a track, if they are those of its frames."""

    def __init__(self) -> None:
        self._by = ""
        self._orders: dict[str, FrameOrder[Frame]] = {}
        self._before: list[int] = []
        self._grid: dict[str, tuple[float, int]] = {}

    @property
    def holds(self) -> bool:
        return any(order.holds for order in self._orders.values())

    @property
    def faults(self) -> FrameFaults:
        total = FrameFaults()
        for order in self._orders.values():
            total = total.plus(order.faults)
        return total

    def frame(self, message: Fields, track: str, data: bytes, ms: float) -> list[Frame]:
        """What is in turn, now that the frame of `message` is there; `ms` of audio are in it."""
        media = plainly(message.get("media"))
        if not self._by:
            self._decide(message, media, ms)
        number: int | None = None
        if self._by == "sequencenumber":
            number = number_in(message.get("sequencenumber"))
        elif self._by == "chunk":
            number = number_in(media.get("chunk"))
        elif self._by == "timestamp":
            number = self._on_grid(track, number_in(media.get("timestamp")), ms)
        fingerprint = hash((track, data, str(media.get("timestamp"))))
        return self._order(track).put(number, NumberedFrame((track, data), ms, fingerprint))

    def other(self, message: Fields) -> list[Frame]:
        """Another message than audio, which may have a number in the same count."""
        number = number_in(message.get("sequencenumber"))
        if number is None:
            return []
        if not self._by:
            self._before = [*self._before, number][-10:]
        return self._order("").put(number, NumberedFrame(None, 0.0, 0)) if self._by == "sequencenumber" else []

    def flush(self) -> list[Frame]:
        return [frame for order in self._orders.values() for frame in order.flush()]

    def _order(self, track: str) -> FrameOrder[Frame]:
        key = "" if self._by == "sequencenumber" else track
        order = self._orders.get(key)
        if order is None:
            order = self._orders[key] = FrameOrder(gaps_are_losses=self._by != "timestamp")
        return order

    def _decide(self, message: Fields, media: Fields, ms: float) -> None:
        if number_in(message.get("sequencenumber")) is not None:
            self._by = "sequencenumber"
            for number in self._before:
                self._order("").put(number, NumberedFrame(None, 0.0, 0))
        elif number_in(media.get("chunk")) is not None:
            self._by = "chunk"
        elif ms > 0 and number_in(media.get("timestamp")) is not None:
            self._by = "timestamp"

    def _on_grid(self, track: str, timestamp: int | None, ms: float) -> int | None:
        """Timestamps that are not those of frames laid end to end count nothing."""
        if timestamp is None or ms <= 0:
            return None
        frame_ms, first = self._grid.setdefault(track, (ms, timestamp))
        if ms != frame_ms or (timestamp - first) % ms:
            self._by = "nothing"
            return None
        return round(timestamp / ms)


def number_in(value: object) -> int | None:
    """A count, as a number or as digits in a text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
