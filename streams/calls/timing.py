"""Has the timing of this process's live calls written to their rows every few seconds.

Owns how often, and how many at once. What waits for a database that is away is nothing: the next round brings what is true then."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from streams import journal
from streams.calls.relay import Relay
from streams.pure.call.notes import CallKey

MEASURE_SECONDS = 10.0
"""How old the timing of a live call in its row may be."""
MEASURED_AT_ONCE = 25
"""How many calls are measured without a pause: audio must not wait for it. The others are, evenly, in the rest of the time: 250 in a row
held up audio for 0.2 s, more than a hundredth of the time (measured)."""

Query = Callable[..., Awaitable[Any]]
"""query(function, *arguments) runs a database function in a thread."""


async def keep(owner: str, relays: Mapping[CallKey, Relay], begun: Callable[[CallKey], bool], query: Query) -> None:
    """Goes on for ever. `begun` says whether a call has a row."""
    while True:
        there = [key for key in relays if begun(key)]
        rounds = range(0, max(len(there), 1), MEASURED_AT_ONCE)
        for first in rounds:
            await _keep_some(owner, relays, there[first : first + MEASURED_AT_ONCE], query)
            await asyncio.sleep(MEASURE_SECONDS / len(rounds))


async def _keep_some(owner: str, relays: Mapping[CallKey, Relay], keys: list[CallKey], query: Query) -> None:
    live = [relay for key in keys if (relay := relays.get(key)) is not None and relay.live]
    if live:
        measured = {relay.facts.key: relay.session.measured() for relay in live}
        await query(journal.keep_measures, owner, time.time(), measured)
