"""The conversations of a call: one caller, and a conversation with the bot of each stream that may speak to it.

Owns that they never harm the audio: what they make of it is made when it is on its way, and a detector that fails ends them, once, with a
note. Must not know what is said of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from streams.pure.call.notes import Noted
from streams.pure.conversation.caller import BLOCK_MS, CallerSide
from streams.pure.conversation.detector import IsSpeech, webrtc
from streams.pure.conversation.dialogue import Dialogue
from streams.pure.conversation.talk import Edge
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import Audio, Started

CALLERS_TRACK = "inbound"


def apart_ms(stream_id: UUID) -> float:
    """By how much later a call is looked at than others that began with it: by some share of two seconds. Without it, 250 calls that began
    together held up all audio by 25 ms for a tenth of the time (measured)."""
    return float(stream_id.int % round(BLOCK_MS))


class Conversations:
    """`detector` makes a voice detector. While no stream may speak to the call, nothing is done."""

    def __init__(self, note: Noted, detector: Callable[[], IsSpeech] = webrtc) -> None:
        self._note, self._detector = note, detector
        self._media: Started | None = None
        self._caller: CallerSide | None = None
        self._live: dict[UUID, Dialogue] = {}
        self._failed = False

    def media_began(self, media: Started) -> None:
        self._media = media

    def begin(self, stream_id: UUID, now: float) -> None:
        """A stream whose service may speak to the call."""
        media = self._media
        if media is None or media.listens_only or self._failed:
            return
        try:
            self._caller = self._caller or CallerSide(media.format, now * 1000, self._detector(), apart_ms(stream_id))
        except ImportError as error:
            self._fail(f"There is no voice detector on this machine: {error}", now)
        except Exception as error:  # a library's own
            self._fail(f"The voice detector failed: {error!r}"[:300], now)
        else:
            self._live[stream_id] = dialogue = Dialogue(media.played, now * 1000)
            if self._caller.speaking:  # which the others know already
                dialogue.settle([Edge(now * 1000, True)], now * 1000)

    def heard(self, frame: Audio, now: float) -> None:
        """Each frame of the call. The hot path."""
        if self._caller is not None and frame.track == CALLERS_TRACK:
            self._caller.came(frame.payload, now * 1000)

    def look(self, now: float) -> None:
        """Some times a second: what has come is looked at, every two seconds."""
        caller = self._caller
        if caller is None or not caller.is_due(now * 1000):
            return
        try:
            edges = caller.look(now * 1000)
            for conversation in self._live.values():
                conversation.settle(edges, caller.settled_ms)
        except Exception as error:  # the audio goes on, whatever a detector makes of it
            self._fail(f"The voice detector failed: {error!r}"[:300], now)

    # The bot's side ------------------------------------------------------------------------------------------------------
    def given(self, stream_id: UUID, now: float) -> None:
        if conversation := self._live.get(stream_id):
            conversation.arrived(now * 1000)

    def sounds(self, stream_id: UUID, payload: bytes, at: float) -> None:
        if conversation := self._live.get(stream_id):
            conversation.sounds(payload, at * 1000)

    def cleared(self, stream_id: UUID, now: float, *, asked: bool, silenced: bool) -> None:
        """`silenced`: the gateway forgets the audio of all."""
        for each, conversation in self._live.items():
            if each == stream_id:
                conversation.cleared(now * 1000, asked=asked)
            elif silenced:
                conversation.cleared(now * 1000, asked=False)

    def end(self, stream_id: UUID, now: float) -> dict[str, Any] | None:
        """The figures of a stream that ends; None where there are none."""
        conversation, caller = self._live.get(stream_id), self._caller
        if conversation is None or caller is None:
            return None
        try:
            # What is left of two seconds is the others' as well.
            edges = caller.finish(now * 1000)
            for each in self._live.values():
                if each is not conversation:
                    each.settle(edges, caller.settled_ms)
            figures = conversation.finish(edges, now * 1000)
        except Exception as error:
            self._fail(f"The voice detector failed: {error!r}"[:300], now)
            return None
        del self._live[stream_id]
        if not self._live:
            self._caller = None
        return figures

    def _fail(self, problem: str, now: float) -> None:
        self._failed = True
        self._caller, self._live = None, {}
        self._note(EventKind.CALL_TURNS_FAILED, Level.WARNING, None, now, problem=problem)
