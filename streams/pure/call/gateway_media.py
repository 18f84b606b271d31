"""What a call's gateway brings: its media's beginning, how evenly its frames come, and whether it is away.

Owns what is noted of that. Must not know streams, or what becomes of a frame."""

from streams.pure.call.gateway_absence import GatewayAbsence
from streams.pure.call.measure import Arrivals
from streams.pure.call.notes import Noted
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import Ended, Started, Unreadable

UNREADABLE_IN_FULL = 10
"""How many messages that are not the dialect are noted in full; the rest is counted in the call's last note."""
NO_AUDIO_SECONDS = 5.0
"""A gateway that brings no audio for so long after its media began is most likely set up to bring none."""


class GatewayMedia:
    """Of a call that began at `began` (monotonic). `started`: what the gateway said of its media, None until then."""

    def __init__(self, began: float, resume_seconds: float, note: Noted) -> None:
        self.started: Started | None = None
        self.arrivals = Arrivals()
        self.unreadable = 0
        self._began = began
        self._no_audio_at: float | None = None
        self._absence = GatewayAbsence(resume_seconds, note)
        self._note = note

    def begin(self, started: Started, now: float) -> None:
        self.started = started
        self._no_audio_at = now + NO_AUDIO_SECONDS
        self.arrivals.expect(started.frame_ms)
        facts = {"format": str(started.format), "frame_ms": started.frame_ms, "gateway_call_id": started.gateway_call_id}
        self._note(EventKind.CALL_MEDIA_STARTED, Level.INFO, None, now, **facts, **started.facts)

    def came(self, track: str, now: float) -> None:
        """For each frame. The hot path."""
        if not self.arrivals.track:
            self._no_audio_at = None
            self._note(EventKind.CALL_FIRST_AUDIO, Level.DEBUG, None, now, after_ms=round((now - self._began) * 1000))
        self.arrivals.came(track, now)

    def tick(self, now: float) -> None:
        """Some times a second."""
        if self._no_audio_at is not None and now >= self._no_audio_at:
            self._no_audio_at = None
            self._note(EventKind.CALL_NO_AUDIO, Level.WARNING, None, now, after_seconds=NO_AUDIO_SECONDS)

    def not_the_dialect(self, message: Unreadable, now: float) -> None:
        self.unreadable += 1
        if self.unreadable <= UNREADABLE_IN_FULL:
            facts = {"problem": message.problem, "sample": message.sample, "count": self.unreadable}
            self._note(EventKind.CALL_GATEWAY_UNREADABLE, Level.WARNING, None, now, **facts)

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
        return self._absence.end(self.started, again, round((now - silent_since) * 1000), address, now)

    def given_up(self, now: float) -> Ended | None:
        """The loss, when nobody has come back in time."""
        return self._absence.given_up(now)
