"""What a call's gateway brings: its media's beginning, how evenly its frames come, its silences, and whether it is away.

Owns what is noted of that. Must not know streams, or what becomes of a frame."""

from collections.abc import Iterator
from typing import Any

from streams.pure.call.frame_watch import FrameWatch
from streams.pure.call.gateway_absence import GatewayAbsence
from streams.pure.call.limits import StreamLimits
from streams.pure.call.measure import Arrivals
from streams.pure.call.notes import Noted
from streams.pure.call.silence_fill import PATIENCE_SECONDS, SilenceFill
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import Audio, Ended, Started, Unreadable

NOTED_IN_FULL = 10
"""How many messages that are not the dialect, and how many silences, are noted; the rest is counted in the call's last note."""
NO_AUDIO_SECONDS = 5.0
"""A gateway that brings no audio for so long after its media began is most likely set up to bring none."""
SILENT_SECONDS = 1.0
"""A pause of the gateway that is longer is told."""


class GatewayMedia:
    """Of a call that began at `began` (monotonic). `started`: what the gateway said of its media, None until then."""

    def __init__(self, began: float, limits: StreamLimits, note: Noted) -> None:
        self.started: Started | None = None
        self.arrivals = Arrivals()
        self.unreadable = 0
        self.frames = FrameWatch(note)
        self._began = began
        self._audio_at = self._said_at = began
        self._timeout_seconds = limits.media_timeout_seconds
        self._waiting_for_audio = False
        self._silence_noted = False
        self._silences = 0
        self._fills = limits.fill_silence
        self._fill: SilenceFill | None = None
        self._absence = GatewayAbsence(limits.resume_seconds, note)
        self._note = note

    def begin(self, started: Started, now: float) -> None:
        self.started = started
        self._audio_at, self._waiting_for_audio = now, True
        self._fill = SilenceFill(started.format, now) if self._fills else None
        self.arrivals.expect(started.frame_ms)
        facts = {"format": str(started.format), "frame_ms": started.frame_ms, "gateway_call_id": started.gateway_call_id}
        self._note(EventKind.CALL_MEDIA_STARTED, Level.INFO, None, now, **facts, **started.facts)

    def came(self, frame: Audio, now: float) -> None:
        """Each frame. The hot path."""
        if not self.arrivals.track:
            self._waiting_for_audio = False
            self._note(EventKind.CALL_FIRST_AUDIO, Level.DEBUG, None, now, after_ms=round((now - self._began) * 1000))
        elif self._silence_noted:
            self._audio_is_back(now)
        self.arrivals.came(frame.track, now)
        self._audio_at = now
        if self._fill is not None:
            self._fill.came(frame, now)

    def not_the_dialect(self, message: Unreadable, now: float) -> None:
        self.unreadable += 1
        if self.unreadable <= NOTED_IN_FULL:
            facts = {"problem": message.problem, "sample": message.sample, "count": self.unreadable}
            self._note(EventKind.CALL_GATEWAY_UNREADABLE, Level.WARNING, None, now, **facts)

    def said(self, now: float) -> None:
        """Anything but audio came: whoever says something has not forgotten the call."""
        self._said_at = now

    @property
    def heard_at(self) -> float:
        return max(self._audio_at, self._said_at)

    def timed_out(self, now: float) -> str:
        """Why the call is not to go on, in a sentence, or ''. A gateway that is away is waited for by its absence."""
        silent_seconds = now - self.heard_at
        if not self._timeout_seconds or silent_seconds < self._timeout_seconds or self._absence.away or self.started is None:
            return ""
        return f"The gateway sent neither audio nor any other message for {self._timeout_seconds:g} s, on a connection that stayed open."

    def is_calm(self, now: float) -> bool:
        """Whether its audio comes, so that a look now would find nothing to do."""
        return now - self._audio_at < PATIENCE_SECONDS and (self._fill is None or self._fill.is_calm(now))

    # Silence -------------------------------------------------------------------------------------------------------------
    @property
    def filling(self) -> bool:
        """Whether silence stands in for its audio now."""
        return self._fill is not None and self._fill.filling

    def silence(self, now: float) -> Iterator[tuple[Audio, float]]:
        """What is to be passed on in place of audio that did not come, each frame with its moment."""
        return self._fill.frames(now) if self._fill is not None else iter(())

    def tick(self, now: float) -> None:
        """Some times a second."""
        silent_seconds = now - self._audio_at
        instead = "silence is sent to the streams in its place" if self._fill is not None else None
        if self._waiting_for_audio and silent_seconds >= NO_AUDIO_SECONDS:
            self._waiting_for_audio = False
            self._note(EventKind.CALL_NO_AUDIO, Level.WARNING, None, now, after_seconds=NO_AUDIO_SECONDS, instead=instead)
        elif self.arrivals.track and not self._silence_noted and silent_seconds >= SILENT_SECONDS and not self._absence.away:
            self._silence_noted = True
            self._silences += 1
            if self._silences <= NOTED_IN_FULL:
                self._note(EventKind.CALL_AUDIO_STOPPED, Level.INFO, None, now, after_seconds=SILENT_SECONDS, instead=instead)

    def _audio_is_back(self, now: float) -> None:
        self._silence_noted = False
        if self._silences <= NOTED_IN_FULL:
            facts = {"gap_ms": round((now - self._audio_at) * 1000), "count": self._silences}
            self._note(EventKind.CALL_AUDIO_BACK, Level.INFO, None, now, **facts)

    # Away, and back ------------------------------------------------------------------------------------------------------
    def may_return(self, ended: Ended) -> bool:
        """Whether another socket may bring the call back after this one's end."""
        return ended.lost and self._absence.patience_seconds > 0 and self.started is not None

    def lost(self, ended: Ended, now: float) -> None:
        self._absence.begin(ended, now)

    def back(self, again: Started, address: str, now: float) -> str:
        """The gateway brings the call on another socket, from `address`. Returns '', or why it cannot go on there, in a sentence."""
        assert self.started is not None
        silent_since = self.arrivals.last_at if self.arrivals.track else self._began
        problem = self._absence.end(self.started, again, round((now - silent_since) * 1000), address, now)
        if not problem:
            self._audio_at = now
        return problem

    def given_up(self, now: float) -> Ended | None:
        """The loss, when nobody has come back in time."""
        return self._absence.given_up(now)

    # Told at the end -----------------------------------------------------------------------------------------------------
    def totals(self) -> dict[str, Any]:
        """For the call's last note."""
        unreadable = {"unreadable": self.unreadable} if self.unreadable else {}
        faults = {"frame_faults": words} if (words := self.frames.words()) else {}
        return {**unreadable, **faults, **(self._fill.totals() if self._fill is not None else {})}

    def measured(self) -> dict[str, Any]:
        """Its timing so far, for its row."""
        return {**self.arrivals.to_json(), **self.frames.to_json(), **(self._fill.totals() if self._fill is not None else {})}
