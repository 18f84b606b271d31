"""The conversation of one stream's bot with the caller: what both sides are known to have said, put in order of time, and its figures.

Owns that order: the caller is known of two seconds late, the bot ahead of being heard. Must not know who brings either."""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any

from streams.pure.conversation.bot import BotSide
from streams.pure.conversation.talk import Edge
from streams.pure.conversation.turn_taking import COLUMNS, TurnTaking
from streams.pure.messages import AudioFormat

UNSETTLED_AT_MOST = 1000
"""So many arrivals and clears may wait for what is known of the caller: who clears more often is not counted."""

_Told = tuple[float, int, str, bool]
"""When, in which order of equal moments, what, and of an edge whether somebody begins."""


class Dialogue:
    """Begins at `began_ms`; the bot's audio is heard in the format `played`."""

    def __init__(self, played: AudioFormat, began_ms: float) -> None:
        self.began_ms = began_ms
        self.bot = BotSide(played, began_ms)
        self._exchange = TurnTaking(began_ms)
        self._told: list[_Told] = []
        self._order = count()
        self._has_arrived = False

    def sounds(self, payload: bytes, from_ms: float) -> None:
        """The bot's audio, 20 ms: it will be heard from then on."""
        self._has_arrived = False
        self.bot.sounds(payload, from_ms)

    def arrived(self, at_ms: float) -> None:
        """Audio of the bot came, to be played as soon as may be."""
        if not self._has_arrived and self.bot.sounds_until_ms <= at_ms and len(self._told) < UNSETTLED_AT_MOST:
            self._has_arrived = True
            self._tell(at_ms, "arrived")

    def cleared(self, at_ms: float, *, asked: bool) -> None:
        """What the bot had sent is taken back: because it `asked` for that, or as others of the call did."""
        if asked and len(self._told) < UNSETTLED_AT_MOST:
            self._tell(at_ms, "cleared")
            self._has_arrived = False
        self.bot.cut(at_ms)

    def settle(self, caller: Sequence[Edge], caller_ms: float) -> None:
        """`caller`: what is newly known of the caller, of whom everything is known until `caller_ms`."""
        self._tell_all("caller", caller)
        self._tell_all("bot", self.bot.look(caller_ms))
        self._happen(min(caller_ms, self.bot.settled_ms))

    def finish(self, caller: Sequence[Edge], at_ms: float) -> dict[str, Any]:
        """The figures, for a row: milliseconds since its beginning."""
        self._tell_all("caller", caller)
        self._tell_all("bot", self.bot.finish(at_ms))
        self._happen(at_ms)
        self._exchange.finish(at_ms)
        return self._figures(at_ms)

    # In order of time ----------------------------------------------------------------------------------------------------
    def _tell(self, at_ms: float, what: str, begins: bool = False) -> None:
        heappush(self._told, (max(at_ms, self.began_ms), next(self._order), what, begins))

    def _tell_all(self, who: str, edges: Sequence[Edge]) -> None:
        for edge in edges:
            self._tell(edge.at_ms, who, edge.speaking)

    def _happen(self, until_ms: float) -> None:
        while self._told and self._told[0][0] <= until_ms:
            at_ms, _, what, begins = heappop(self._told)
            self._exchange_hears(what, begins, at_ms)

    def _exchange_hears(self, what: str, begins: bool, at_ms: float) -> None:
        exchange = self._exchange
        match what, begins:
            case "caller", True:
                exchange.caller_begins(at_ms)
            case "caller", False:
                exchange.caller_ends(at_ms)
            case "bot", True:
                exchange.bot_begins(at_ms)
            case "bot", False:
                exchange.bot_ends(at_ms)
            case "arrived", _:
                exchange.arrived(at_ms)
            case _:
                exchange.cleared(at_ms)

    # The figures ---------------------------------------------------------------------------------------------------------
    def _figures(self, at_ms: float) -> dict[str, Any]:
        exchange, zero_ms = self._exchange, self.began_ms
        responses = sorted(exchange.responses)
        greeted_ms = exchange.bot.spans[0][0] - zero_ms if exchange.bot.spans else None
        return {
            "length_ms": round(at_ms - zero_ms),
            "turns": exchange.count,
            "responses": len(responses),
            "response_p50_ms": value_at(responses, 50),
            "response_p95_ms": value_at(responses, 95),
            "response_longest_ms": round(exchange.longest_response_ms) if responses else None,
            "greeting_ms": None if greeted_ms is None else round(greeted_ms),
            "long_silences": exchange.long_silences,
            "longest_silence_ms": round(exchange.longest_silence_ms),
            "caller_interruptions": exchange.caller.interruptions,
            "bot_interruptions": exchange.bot.interruptions,
            "caller_ms": int(exchange.caller.total_ms),
            "bot_ms": int(exchange.bot.total_ms),
            "both_ms": int(exchange.both_ms),
            "course": {
                "columns": list(COLUMNS),
                "turns": [turn.to_json(zero_ms) for turn in exchange.turns],
                "caller": [[round(began - zero_ms), round(ended - zero_ms)] for began, ended in exchange.caller.spans],
                "bot": [[round(began - zero_ms), round(ended - zero_ms)] for began, ended in exchange.bot.spans],
            },
        }


def value_at(ordered: Sequence[int], percent: int) -> int | None:
    """The value that `percent` of all are not above."""
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)] if ordered else None
