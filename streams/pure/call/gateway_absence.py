"""A gateway's absence: its socket was lost without a close, and for some seconds another one may bring the call back.

Owns how long that is waited for, and that a gateway which comes and goes fills no log. Must not know sockets or dialects."""

from dataclasses import replace

from streams.pure.call.notes import Noted
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import Ended, Started

NOTED_IN_FULL = 10
"""How many losses and returns of a call are noted; a gateway whose every socket is cut at once would write for ever."""


class GatewayAbsence:
    """Of one call. With `patience_seconds` 0 nobody is waited for."""

    def __init__(self, patience_seconds: float, note: Noted) -> None:
        self.patience_seconds = patience_seconds
        self._note = note
        self._lost: Ended | None = None
        self._until = 0.0
        self._losses = self._returns = 0

    @property
    def away(self) -> bool:
        return self._lost is not None

    def begin(self, lost: Ended, now: float) -> None:
        self._lost, self._until = lost, now + self.patience_seconds
        self._losses += 1
        if self._losses <= NOTED_IN_FULL:
            facts = {**lost.facts, "awaited_seconds": self.patience_seconds, "count": _count(self._losses)}
            self._note(EventKind.CALL_GATEWAY_AWAITED, Level.WARNING, None, now, **facts)

    def end(self, media: Started, again: Started, gap_ms: int, address: str, now: float) -> str:
        """The gateway is back, or was never away: it may bring another socket while the old one looks well. Returns '', or why the call
        cannot go on there."""
        if _described(again) != _described(media):
            problem = f"The call's audio is {_described(media)}; another socket has to bring the same, not {_described(again)}."
            self._note(EventKind.CALL_GATEWAY_ERROR, Level.WARNING, None, now, text=problem)
            return problem
        self._lost = None
        self._returns += 1
        if self._returns <= NOTED_IN_FULL:
            facts = {"gap_ms": gap_ms, "address": address, "count": _count(self._returns)}
            self._note(EventKind.CALL_GATEWAY_RESUMED, Level.WARNING, None, now, **facts)
        return ""

    def given_up(self, now: float) -> Ended | None:
        """The loss, when nobody has come back in time."""
        if self._lost is None or now < self._until:
            return None
        return replace(self._lost, words=f"{self._lost.words} No other socket of its came within {self.patience_seconds:g} s.")


def _count(times: int) -> int | None:
    """The first time is not counted aloud."""
    return times if times > 1 else None


def _described(media: Started) -> str:
    return ", ".join(filter(None, (str(media.format), media.facts.get("mix"))))
