"""How many calls and streams an account and a gateway have, and whether one more is too many.

Owns the counting: of this process exactly, of others as their rows said a moment ago. Must not know what becomes of what is too many."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from streams.calls.relay import Relay
from streams.gateways.directory import KnownGateway
from streams.models import Call, Stream
from streams.pure.call.notes import CallKey
from streams.pure.lifecycle import LIVE_STATES, CallState
from streams.ready_statement import ReadyStatement

REFRESH_SECONDS = 2.0
TOLD_A_MINUTE = 60
"""So many calls of a gateway in a minute that are too many are calls with a row, which says so; any more are turned away at the door."""


class InUse(NamedTuple):
    """Of accounts and of gateways, by their keys."""

    calls: Counter[tuple[str, int]]
    streams: Counter[tuple[str, int]]


class Crowding:
    """`relays` are those of this process, which is `owner` in the rows."""

    def __init__(self, owner: str, relays: Mapping[CallKey, Relay], query: Callable[..., Awaitable[Any]]) -> None:
        self._owner, self._relays, self._query = owner, relays, query
        self._elsewhere = InUse(Counter(), Counter())
        self._told: dict[int, list[float]] = {}

    async def keep(self) -> None:
        while True:
            self._elsewhere = await self._query(in_use_elsewhere, self._owner) or self._elsewhere
            await asyncio.sleep(REFRESH_SECONDS)

    def refused_call(self, entry: KnownGateway, *, coming: int = 0) -> str:
        """Why the gateway may not have as many calls as it has, with `coming` more; "" where it may."""
        here = self._here(lambda relay: 1)
        for whose, key, most in _limits(entry, "calls"):
            if most is not None and here[whose, key] + self._elsewhere.calls[whose, key] + coming > most:
                words = f"The {whose} may have {most} calls at once, and has as many."
                return f"{words} Calls that end make room; an operator can raise the limit."
        return ""

    def room_for_streams(self, entry: KnownGateway) -> tuple[int, str]:
        """How many more streams may be begun, and why no more than that."""
        here = self._here(lambda relay: relay.session.live_streams)
        rooms = [
            (
                max(most - here[whose, key] - self._elsewhere.streams[whose, key], 0),
                f"the {whose} may have {most} streams at once, and has as many",
            )
            for whose, key, most in _limits(entry, "streams")
            if most is not None
        ]
        return min(rooms)

    def is_told(self, gateway_id: int) -> bool:
        """Whether one more call that is too many is to have a row. Counted."""
        now = time.monotonic()
        recent = [at for at in self._told.get(gateway_id, ()) if now - at < 60]
        self._told[gateway_id] = recent
        if len(recent) >= TOLD_A_MINUTE:
            return False
        recent.append(now)
        return True

    def _here(self, count: Callable[[Relay], int]) -> Counter[tuple[str, int]]:
        found: Counter[tuple[str, int]] = Counter()
        for relay in self._relays.values():
            if relay.live:
                found["account", relay.facts.account_id] += count(relay)
                found["gateway", relay.facts.gateway_id] += count(relay)
        return found


def _limits(entry: KnownGateway, what: str) -> tuple[tuple[str, int, int | None], ...]:
    return (
        ("account", entry.account_id, getattr(entry, f"account_{what}_limit")),
        ("gateway", entry.gateway_id, getattr(entry, f"gateway_{what}_limit")),
    )


def _calls_elsewhere(owner: str) -> QuerySet[Call]:
    return Call.objects.filter(state=CallState.LIVE).exclude(owner=owner)


def _streams_elsewhere(owner: str) -> QuerySet[Stream]:
    return Stream.objects.filter(call__in=_calls_elsewhere(owner), state__in=LIVE_STATES)


_CALLS = ReadyStatement(
    lambda owner: _calls_elsewhere(owner).order_by().values_list("account_id", "gateway_id").annotate(count=Count("id")), str
)
_STREAMS = ReadyStatement(
    lambda owner: _streams_elsewhere(owner).order_by().values_list("account_id", "call__gateway_id").annotate(count=Count("id")), str
)


def in_use_elsewhere(owner: str) -> InUse:
    """Calls of other processes, and their streams."""
    counts = InUse(Counter(), Counter())
    for account_id, gateway_id, count in _CALLS.ask(owner):
        counts.calls["account", account_id] += count
        counts.calls["gateway", gateway_id] += count
    for account_id, gateway_id, count in _STREAMS.ask(owner):
        counts.streams["account", account_id] += count
        counts.streams["gateway", gateway_id] += count
    return counts
