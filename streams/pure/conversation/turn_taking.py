"""Turns: what a caller says and what the bot answers, made of who begins and ends to speak, in order of time.

Owns what a turn is, what a response is, and who interrupted whom. Bounded, however long it goes on. Must not know audio."""

from array import array
from dataclasses import dataclass, field
from typing import Any

TURNS_KEPT = 500
SPANS_KEPT = 1000
RESPONSES_KEPT = 10_000
INTERRUPTS_AFTER_MS = 200.0
"""Who begins while the other speaks has interrupted when both spoke for so long; less is the detector's coarseness, or an "mhm"."""
LONG_SILENCE_MS = 3000.0


@dataclass(slots=True)
class Turn:
    """Moments in milliseconds; None where it did not happen. `response_ms` is there where the bot waited for the caller's end."""

    caller_began_ms: float | None = None
    caller_ended_ms: float | None = None
    bot_arrived_ms: float | None = None
    bot_heard_ms: float | None = None
    bot_ended_ms: float | None = None
    response_ms: float | None = None
    interrupted_by: str = ""
    cleared_after_ms: float | None = None
    both_ms: float = 0.0

    def to_json(self, zero_ms: float) -> list[Any]:
        """As COLUMNS says."""
        moments = (self.caller_began_ms, self.caller_ended_ms, self.bot_arrived_ms, self.bot_heard_ms, self.bot_ended_ms)
        return [
            *(None if at_ms is None else max(round(at_ms - zero_ms), 0) for at_ms in moments),
            None if self.response_ms is None else round(self.response_ms),
            self.interrupted_by,
            None if self.cleared_after_ms is None else round(self.cleared_after_ms),
            round(self.both_ms),
        ]


COLUMNS = (
    "caller_began_ms",
    "caller_ended_ms",
    "bot_arrived_ms",
    "bot_heard_ms",
    "bot_ended_ms",
    "response_ms",
    "interrupted_by",
    "cleared_after_ms",
    "both_ms",
)


@dataclass(slots=True)
class SideOfTalk:
    """When one of the two spoke: `total_ms` of all, and the first spans."""

    since_ms: float | None = None
    ended_ms: float | None = None
    total_ms: float = 0.0
    spans: list[tuple[float, float]] = field(default_factory=list)
    interruptions: int = 0

    def ends(self, at_ms: float) -> None:
        assert self.since_ms is not None
        self.total_ms += at_ms - self.since_ms
        if len(self.spans) < SPANS_KEPT:
            self.spans.append((self.since_ms, at_ms))
        self.since_ms, self.ended_ms = None, at_ms


class TurnTaking:
    """Of a conversation that began at `began_ms`. Everything is told in order of time."""

    def __init__(self, began_ms: float) -> None:
        self.began_ms = began_ms
        self.caller, self.bot = SideOfTalk(), SideOfTalk()
        self.turns: list[Turn] = []
        self.count = 0
        self.responses = array("I")
        self.longest_response_ms = 0.0
        self.both_ms = 0.0
        self.long_silences = 0
        self.longest_silence_ms = 0.0
        self._turn = self._bots_turn = Turn()
        self._arrived_ms: float | None = None
        self._quiet_since_ms = began_ms
        self._both_since_ms: float | None = None
        self._second = ""
        self._awaits_bot = self._spoke_into_bot = False

    # Who speaks --------------------------------------------------------------------------------------------------------
    def caller_begins(self, at_ms: float) -> None:
        self._sound(at_ms)
        if self._turn.bot_heard_ms is not None:
            self._next_turn()
        if self._turn.caller_began_ms is None:
            self._turn.caller_began_ms = at_ms
            self._spoke_into_bot = self.bot.since_ms is not None
        self._turn.caller_ended_ms = None
        self._awaits_bot = False
        self.caller.since_ms = at_ms
        self._meet("caller", at_ms)

    def caller_ends(self, at_ms: float) -> None:
        self._part(at_ms)
        self.caller.ends(at_ms)
        self._turn.caller_ended_ms = at_ms
        # Who is still speaking was not waited for, unless it is silenced for the caller's sake (`cleared`).
        self._awaits_bot = self.bot.since_ms is None
        self._silent(at_ms)

    def bot_begins(self, at_ms: float) -> None:
        self._sound(at_ms)
        turn = self._bots_turn = self._turn
        ended_ms = turn.caller_ended_ms
        if turn.bot_heard_ms is None:
            turn.bot_heard_ms, turn.bot_arrived_ms = at_ms, self._arrived_ms
        if self._awaits_bot and ended_ms is not None and self.caller.since_ms is None:
            turn.response_ms = at_ms - ended_ms
            self._count_response(turn.response_ms)
        self._awaits_bot = self._spoke_into_bot = False
        self._arrived_ms = None
        self.bot.since_ms = at_ms
        self._meet("bot", at_ms)

    def bot_ends(self, at_ms: float) -> None:
        self._part(at_ms)
        self.bot.ends(at_ms)
        self._bots_turn.bot_ended_ms = at_ms
        if self.caller.since_ms is not None and self._turn.bot_heard_ms is not None:
            # It spoke into what the caller says, who goes on: what follows is said, and answered, anew.
            self._next_turn()
            self._turn.caller_began_ms = at_ms
        self._silent(at_ms)

    # What else happens -------------------------------------------------------------------------------------------------
    def arrived(self, at_ms: float) -> None:
        """The first audio after the bot had nothing more to say."""
        self._arrived_ms = at_ms

    def cleared(self, at_ms: float) -> None:
        """The bot took back what was to be heard."""
        turn = self._turn
        if self._spoke_into_bot and turn.caller_began_ms is not None and turn.cleared_after_ms is None:
            turn.cleared_after_ms = at_ms - turn.caller_began_ms
            self._awaits_bot = turn.caller_ended_ms is not None

    def finish(self, at_ms: float) -> None:
        if self.caller.since_ms is not None:
            self.caller_ends(max(at_ms, self.caller.since_ms))
        if self.bot.since_ms is not None:
            self.bot_ends(max(at_ms, self.bot.since_ms))
        self._count_silence(at_ms)
        self._next_turn()

    # Counting ----------------------------------------------------------------------------------------------------------
    def _next_turn(self) -> None:
        turn, self._turn = self._turn, Turn()
        if turn.caller_began_ms is None and turn.bot_heard_ms is None:
            return
        self.count += 1
        if len(self.turns) < TURNS_KEPT:
            self.turns.append(turn)

    def _count_response(self, response_ms: float) -> None:
        if len(self.responses) < RESPONSES_KEPT:
            self.responses.append(round(response_ms))
        self.longest_response_ms = max(self.longest_response_ms, response_ms)

    def _meet(self, second: str, at_ms: float) -> None:
        if self.caller.since_ms is not None and self.bot.since_ms is not None:
            self._both_since_ms, self._second = at_ms, second

    def _part(self, at_ms: float) -> None:
        if self._both_since_ms is None:
            return
        both_ms, self._both_since_ms = at_ms - self._both_since_ms, None
        self.both_ms += both_ms
        self._turn.both_ms += both_ms
        if both_ms >= INTERRUPTS_AFTER_MS:
            (self.caller if self._second == "caller" else self.bot).interruptions += 1
            self._turn.interrupted_by = self._turn.interrupted_by or self._second

    def _sound(self, at_ms: float) -> None:
        if self.caller.since_ms is None and self.bot.since_ms is None:
            self._count_silence(at_ms)

    def _silent(self, at_ms: float) -> None:
        if self.caller.since_ms is None and self.bot.since_ms is None:
            self._quiet_since_ms = at_ms

    def _count_silence(self, at_ms: float) -> None:
        silent_ms = at_ms - self._quiet_since_ms
        if silent_ms > LONG_SILENCE_MS:
            self.long_silences += 1
        self.longest_silence_ms = max(self.longest_silence_ms, silent_ms)
