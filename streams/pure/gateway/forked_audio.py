"""The audio of a FreeSWITCH fork: which rates and mixes there are, and frames of the call's format out of it.

Owns that a fork whose true rate or mix became known late sounds right from then on. Must not know who says them, nor sockets."""

import re

from streams.pure.audio.convert import Converter
from streams.pure.foreign_text import cleaned
from streams.pure.gateway.tracks import TrackCutter
from streams.pure.messages import Audio, AudioFormat, Encoding

# mono is the caller alone, mixed both parties in one channel; in stereo the caller is left and the called party right.
LAYOUTS = {"mono": ("inbound",), "mixed": ("inbound",), "stereo": ("inbound", "outbound")}
LOWEST_RATE, HIGHEST_RATE = 8000, 64_000
_RATE = re.compile(r"(\d{1,5})(k?)\Z", re.ASCII)


class AudioReader:
    """Frames in `target`, the call's format, which is the fork's as far as it was known when the call began."""

    def __init__(self, target: AudioFormat, mix: str) -> None:
        self._target = self._source = target
        self._mix = mix
        self._cutter = TrackCutter(target, LAYOUTS[mix])
        self._converters: dict[str, Converter] = {}
        self._backwards = Converter(target, target)

    def frames(self, data: bytes) -> list[Audio]:
        frames = self._cutter.frames(data)
        if self._source == self._target:
            return frames
        return [Audio(part, frame.track) for frame in frames for part in self._converter(frame.track).convert(frame.payload)]

    def backwards(self, payload: bytes) -> bytes:
        """Audio of the call's format as the fork has it."""
        return b"".join(self._backwards.convert(payload))

    def become(self, rate: int, mix: str) -> str:
        """The fork turned out to be at `rate`, in `mix`; 0 and "" leave that as it is. Returns what changed, in a sentence, or ""."""
        source, mix = AudioFormat(Encoding.L16, rate or self._source.rate), mix or self._mix
        if (source, mix) == (self._source, self._mix):
            return ""
        before = f"{self._source} {self._mix}"
        self._source, self._mix = source, mix
        self._cutter = TrackCutter(source, LAYOUTS[mix])
        self._converters = {}
        self._backwards = Converter(self._target, source)
        return f"Its audio is {source} {mix}, and is read so from here on; until now it was taken for {before}."

    def _converter(self, track: str) -> Converter:
        converter = self._converters.get(track)
        if converter is None:
            converter = self._converters[track] = Converter(self._source, self._target)
        return converter


def spoken_rate(text: str) -> int:
    """8000, 16k; 8000 where nothing is said, and 0 for what is no rate."""
    found = _RATE.match(text.lower() or "8000")
    return int(found[1]) * (1000 if found[2] else 1) if found else 0


def rate_problem(text: str) -> str:
    if LOWEST_RATE <= spoken_rate(text) <= HIGHEST_RATE:
        return ""
    return f"The gateway's rate is {cleaned(text, 40)!r}; say what the fork was started with, as in rate=8000 or rate=16000."


def mix_problem(mix: str) -> str:
    return "" if not mix or mix in LAYOUTS else f"The gateway's mix is {cleaned(mix, 40)!r}; it has to be one of {', '.join(LAYOUTS)}."
