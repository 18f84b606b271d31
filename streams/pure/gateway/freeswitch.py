"""What FreeSWITCH's two streaming modules have in common: L16 whose rate and mix the metadata or the URL tells, and JSON in texts.

Owns how such a connection begins. Must not know either module's own words, nor sockets.
Sources: amigniter/mod_audio_stream; mod_audio_fork of drachtio and jambonz."""

from collections.abc import Callable, Mapping, Sequence

from streams.pure.audio.convert import FRAME_MS
from streams.pure.foreign_text import cleaned
from streams.pure.gateway.call_names import NAMES, named_call, names_call
from streams.pure.gateway.forked_audio import LAYOUTS, AudioReader, mix_problem, rate_problem, spoken_rate
from streams.pure.gateway.json_text import Fields, NotAnObject, digit_of, object_of, plainly, said
from streams.pure.messages import AudioFormat, Dtmf, Encoding, GatewayMessage, GatewayReport, LateMetadata, Started, Unreadable, Unsupported

HOLD_SECONDS = 1.0
HELD_BYTES = 256_000
"""A second of stereo at the highest rate."""
HELD_MESSAGES = 1000
RATE_NAMES, MIX_NAMES = ("rate", "samplerate"), ("mix", "mixtype")
METADATA = NAMES | {*RATE_NAMES, *MIX_NAMES}

MessageReader = Callable[[Fields], Sequence[GatewayMessage]]


class ForkedMedia:
    """One connection's media. It begins with the metadata; where the URL says as much, with whatever comes first.

    Today's mod_audio_stream sends the audio that it queued while it connected before the metadata, so what comes first is held: until
    the metadata has come, or `waited` says that it never will."""

    def __init__(self, query: Mapping[str, str], fork: str = "", plays_files: bool = True) -> None:
        self.format: AudioFormat | None = None
        self._query = plainly(dict(query))
        self._fork = fork
        self._plays_files = plays_files
        self._reader: AudioReader | None = None
        self._refused = False
        self._holds = not says_all(self._query)
        self._held: list[bytes | Sequence[GatewayMessage]] = []
        self._held_bytes = 0
        self._told = "none"

    @property
    def hold_seconds(self) -> float:
        return HOLD_SECONDS if self._held else 0.0

    def binary(self, data: bytes) -> Sequence[GatewayMessage]:
        """Audio of any length."""
        if self._reader is not None:
            return self._reader.frames(data)
        return self._first(data, len(data))

    def text(self, text: str, readers: Mapping[str, MessageReader]) -> Sequence[GatewayMessage]:
        """`readers` by the name of the event or type. Of other texts an object that names the call or its audio is metadata; any other
        is an application's own words."""
        try:
            message = plainly(object_of(text))
        except NotAnObject:
            message = {}
        kind = said(message, "event", "type").lower()
        if kind in readers:
            return self._in_turn(readers[kind](message))
        if not METADATA.isdisjoint(message) and not (kind and self._began):
            return self._late(message) if self._began else self._begin(message, ", ".join(message))
        if not self._began:
            self._told = ", ".join(message) or cleaned(text, 200)
        return self._in_turn((GatewayReport(f"The gateway's application says: {cleaned(text, 200)}"),))

    def waited(self) -> Sequence[GatewayMessage]:
        """No metadata has come in time: the URL has to do."""
        return self._begin({}, self._told) if self._held and not self._began else ()

    def as_forked(self, payload: bytes) -> bytes:
        """Audio of the call's format at the rate that the fork has."""
        return self._reader.backwards(payload) if self._reader is not None else payload

    @property
    def _began(self) -> bool:
        return self.format is not None or self._refused

    def _in_turn(self, messages: Sequence[GatewayMessage]) -> Sequence[GatewayMessage]:
        return tuple(messages) if self._began else self._first(messages, 0)

    def _first(self, said: bytes | Sequence[GatewayMessage], size: int) -> Sequence[GatewayMessage]:
        """What came before the metadata. More than anybody queues while a connection is made is no queue."""
        if self._refused:
            return ()
        self._held.append(said)
        self._held_bytes += size
        if self._holds and self._held_bytes <= HELD_BYTES and len(self._held) <= HELD_MESSAGES:
            return ()
        return self._begin({}, self._told)

    def _begin(self, metadata: Fields, told: str) -> Sequence[GatewayMessage]:
        """`told`: the metadata for the debug log, of an object only the names, because its values may be secrets."""
        held, self._held = self._held, []
        rate, mix = self._given(metadata, *RATE_NAMES), self._given(metadata, *MIX_NAMES).lower()
        problem = rate_problem(rate) or mix_problem(mix)
        if problem:
            self._refused = True
            return (Unsupported(problem),)
        mix = mix or "mono"
        self.format = AudioFormat(Encoding.L16, spoken_rate(rate))
        reader = self._reader = AudioReader(self.format, mix)
        call = named_call(metadata, said(metadata, "accountsid"), self._fork)
        facts = {"mix": mix, "tracks": ", ".join(LAYOUTS[mix]), "metadata": cleaned(told, 300)}
        facts |= {"fork": cleaned(self._fork, 100)} if self._fork else {}
        began = Started(self.format, FRAME_MS, call.gateway_call_id, facts, call.variables, plays_files=self._plays_files)
        return [began, *(message for what in held for message in (reader.frames(what) if isinstance(what, bytes) else what))]

    def _late(self, metadata: Fields) -> Sequence[GatewayMessage]:
        """Metadata behind Started. What it says of the audio counts from here on, as it would have counted from the beginning."""
        rate, mix = said(metadata, *RATE_NAMES), said(metadata, *MIX_NAMES).lower()
        if problem := rate_problem(rate) or mix_problem(mix):
            return (Unreadable(problem),)
        changed = self._reader.become(spoken_rate(rate) if rate else 0, mix) if self._reader is not None else ""
        call = named_call(metadata, said(metadata, "accountsid"), self._fork)
        return (LateMetadata(call.gateway_call_id, call.variables, changed),)

    def _given(self, metadata: Fields, *names: str) -> str:
        return said(metadata, *names) or said(self._query, *names)


def says_all(query: Fields) -> bool:
    """Whether a URL leaves nothing for metadata to say."""
    return names_call(query) and bool(said(query, *RATE_NAMES) and said(query, *MIX_NAMES))


def digit_read(message: Fields) -> Sequence[GatewayMessage]:
    """The digit that an application passes on as a text."""
    digit = digit_of(message)
    if not digit:
        return (Unreadable('A dtmf message carries no digit; it has to be like {"event":"dtmf","dtmf":"5"} with one of 0-9, *, #, A-D.'),)
    return (Dtmf(digit),)
