"""What FreeSWITCH's two streaming modules have in common: L16 whose rate and mix the metadata or the URL tells, and JSON in texts.

Owns how such a connection begins. Must not know either module's own words, nor sockets.
Sources: amigniter/mod_audio_stream; mod_audio_fork of drachtio and jambonz."""

import re
from collections.abc import Callable, Mapping, Sequence

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.call_names import named_call
from streams.pure.gateway.json_text import Fields, NotAnObject, digit_of, object_of, plainly, said
from streams.pure.gateway.tracks import FRAME_MS, TrackCutter
from streams.pure.messages import Audio, AudioFormat, Dtmf, Encoding, GatewayMessage, GatewayReport, Started, Unreadable, Unsupported

# mono is the caller alone, mixed both parties in one channel; in stereo the caller is left and the called party right.
LAYOUTS = {"mono": ("inbound",), "mixed": ("inbound",), "stereo": ("inbound", "outbound")}
LOWEST_RATE, HIGHEST_RATE = 8000, 64_000
_RATE = re.compile(r"(\d{1,5})(k?)\Z", re.ASCII)

MessageReader = Callable[[Fields], Sequence[GatewayMessage]]


class ForkedMedia:
    """One connection's media. It begins with the metadata, the first text, or, where none was given, with the first audio."""

    def __init__(self, query: Mapping[str, str], fork: str = "") -> None:
        self.format: AudioFormat | None = None
        self._query = plainly(dict(query))
        self._fork = fork
        self._cutter: TrackCutter | None = None
        self._refused = False

    def binary(self, data: bytes) -> Sequence[GatewayMessage]:
        """Audio of any length."""
        began = () if self._began else self._begin({}, "none")
        frames: Sequence[Audio] = self._cutter.frames(data) if self._cutter is not None else ()
        return (*began, *frames) if began else frames

    def text(self, text: str, readers: Mapping[str, MessageReader]) -> Sequence[GatewayMessage]:
        """`readers` by the name of the event or type. Any other text is metadata when it is the first, else an application's own words."""
        try:
            message = plainly(object_of(text))
        except NotAnObject:
            message = {}
        reader = readers.get(said(message, "event", "type").lower())
        if reader is not None:
            began = () if self._began else self._begin({}, "none")
            return (*began, *reader(message))
        if not self._began:
            return self._begin(message, ", ".join(message) or cleaned(text, 200))
        return (GatewayReport(f"The gateway's application says: {cleaned(text, 200)}"),)

    @property
    def _began(self) -> bool:
        return self.format is not None or self._refused

    def _begin(self, metadata: Fields, told: str) -> Sequence[GatewayMessage]:
        """`told`: the metadata for the debug log, of an object only the names, because its values may be secrets."""
        rate, mix = self._given(metadata, "rate", "samplerate"), self._given(metadata, "mix", "mixtype").lower()
        problem = _rate_problem(rate) or _mix_problem(mix)
        if problem:
            self._refused = True
            return (Unsupported(problem),)
        mix = mix or "mono"
        self.format = AudioFormat(Encoding.L16, _rate_of(rate))
        self._cutter = TrackCutter(self.format, LAYOUTS[mix])
        call = named_call(metadata, said(metadata, "accountsid"), self._fork)
        facts = {"mix": mix, "tracks": ", ".join(LAYOUTS[mix]), "metadata": cleaned(told, 300)}
        facts |= {"fork": cleaned(self._fork, 100)} if self._fork else {}
        return (Started(self.format, FRAME_MS, call.gateway_call_id, facts, call.variables),)

    def _given(self, metadata: Fields, *names: str) -> str:
        return said(metadata, *names) or said(self._query, *names)


def digit_read(message: Fields) -> Sequence[GatewayMessage]:
    """The digit that an application passes on as a text."""
    digit = digit_of(message)
    if not digit:
        return (Unreadable('A dtmf message carries no digit; it has to be like {"event":"dtmf","dtmf":"5"} with one of 0-9, *, #, A-D.'),)
    return (Dtmf(digit),)


def _rate_of(text: str) -> int:
    """8000, 16k; 8000 where nothing is said, and 0 for what is no rate."""
    found = _RATE.match(text.lower() or "8000")
    return int(found[1]) * (1000 if found[2] else 1) if found else 0


def _rate_problem(text: str) -> str:
    if LOWEST_RATE <= _rate_of(text) <= HIGHEST_RATE:
        return ""
    return f"The gateway's rate is {cleaned(text, 40)!r}; say what the fork was started with, as in rate=8000 or rate=16000."


def _mix_problem(mix: str) -> str:
    return "" if not mix or mix in LAYOUTS else f"The gateway's mix is {cleaned(mix, 40)!r}; it has to be one of {', '.join(LAYOUTS)}."
