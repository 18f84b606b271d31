"""mod_audio_fork of drachtio and jambonz on the wire: metadata, then L16 as it accumulated; marks; audio back as JSON or as a stream.

Owns its words in both directions, and its limits. Must not know sockets, clocks, calls or customers.
Sources: drachtio/drachtio-freeswitch-modules 88e1465, jambonz/freeswitch-modules 30f2189 and recordings of it, jambonz-feature-server
listen.js."""

from base64 import b64encode
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
import orjson

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.closing import ended_message
from streams.pure.gateway.freeswitch import ForkedMedia, digit_read
from streams.pure.gateway.json_text import Fields, plainly, said
from streams.pure.messages import Clear, Ended, GatewayCommand, GatewayMessage, GatewayReport, HangUp, Mark, MarkPlayed, Play, Unreadable

MARKS_AT_ONCE = 30  # the module discards what comes on top of that
PLAY_BYTES = 480_000  # the module cuts a text off at 650 KB, and base64 makes four bytes of three
_MARK_SAMPLE = -1  # the module keeps a mark's place in its queue as this sample


class AudioFork:
    """One connection's dialect. `query`: `fork` names this fork where a call has several; `bidirectional=stream` says that the fork
    was started with streaming back, and that the rate back is the rate of the fork."""

    name = "audio_fork"
    subprotocols: tuple[str, ...] = ("audio.drachtio.org", "audio.jambonz.org")
    resumes = False

    def __init__(self, query: Mapping[str, str]) -> None:
        self.marks = query.get("bidirectional", "").lower() == "stream"
        self._media = ForkedMedia(query, query.get("fork", "").strip(), plays_files=not self.marks)
        self._over = False
        self._marks_out: deque[list[str]] = deque()

    def decode_text(self, text: str) -> Sequence[GatewayMessage]:
        readers = {"dtmf": digit_read, "mark": self._mark_came, "playdone": _play_done}
        return self._media.text(text, readers)

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]:
        """Audio; an empty message says that there will be no more of it, and that we are to close when we are done."""
        if self._over:
            return ()
        if data:
            return self._media.binary(data)
        self._over = True
        return (*self._media.waited(), Ended(lost=False, code=None, words="The gateway shut its fork down."))

    @property
    def hold_seconds(self) -> float:
        return self._media.hold_seconds

    def waited(self) -> Sequence[GatewayMessage]:
        return self._media.waited()

    def encode(self, command: GatewayCommand) -> list[str | bytes]:
        match command:
            case Play(payload):
                return self._play(payload)
            case Mark(name):
                return self._mark(name)
            case Clear():
                return [_text("killAudio")]
            case HangUp():
                return [_text("disconnect")]

    def closed(self, code: int | None, by_us: bool) -> Ended:
        return ended_message(code, by_us)

    def _play(self, payload: bytes) -> list[str | bytes]:
        audio_format = self._media.format
        if audio_format is None or not payload:
            return []
        if self.marks:
            return [_without_mark_samples(self._media.as_forked(payload))]
        given = {"audioContentType": "raw", "sampleRate": audio_format.rate, "queuePlay": True}
        pieces = (payload[start : start + PLAY_BYTES] for start in range(0, len(payload), PLAY_BYTES))
        return [_text("playAudio", {**given, "audioContent": b64encode(piece).decode()}) for piece in pieces]

    def _mark(self, name: str) -> list[str | bytes]:
        """A mark too many would never come back: it shares the fate of the one before, some tenths of a second early."""
        if not self.marks:
            return []
        if len(self._marks_out) >= MARKS_AT_ONCE:
            self._marks_out[-1].append(name)
            return []
        self._marks_out.append([name])
        return [_text("mark", {"name": name})]

    def _mark_came(self, message: Fields) -> Sequence[GatewayMessage]:
        data = plainly(message.get("data"))
        name, event = said(data, "name"), said(data, "event").lower()
        names = self._taken_back(name)
        if event == "playout":
            return [MarkPlayed(cleaned(name, 100)) for name in names]
        if event == "cleared":
            return (GatewayReport(f"The mark {cleaned(name, 100)!r} was cleared."),)
        return (Unreadable("A mark came back that was neither played (playout) nor cleared.", cleaned(name, 100)),)

    def _taken_back(self, name: str) -> list[str]:
        """The marks that `name` stands for; they come back in the order in which they went."""
        if not any(names[0] == name for names in self._marks_out):
            return [name]
        while (names := self._marks_out.popleft())[0] != name:
            pass
        return names


def _play_done(message: Fields) -> Sequence[GatewayMessage]:
    return (GatewayReport(f"Played {cleaned(said(plainly(message.get('data')), 'id') or 'what was sent', 100)}."),)


def _text(kind: str, data: Mapping[str, object] | None = None) -> str:
    return orjson.dumps({"type": kind, "data": data} if data else {"type": kind}).decode()


def _without_mark_samples(payload: bytes) -> bytes:
    """A sample of ours that looks like a mark would be taken for one; the next one down sounds the same."""
    samples = np.frombuffer(payload, "<i2", count=len(payload) // 2)
    return np.where(samples == _MARK_SAMPLE, _MARK_SAMPLE - 1, samples).astype("<i2").tobytes()
