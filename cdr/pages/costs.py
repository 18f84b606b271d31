"""What live streams have cost so far, and what a minute of each costs.

Owns the words. Nothing is charged by it: that is the ledger's, when a stream has ended."""

from collections.abc import Iterable
from datetime import datetime

from cdr.pure.bill_words import plain
from cdr.pure.billing import a_minute, bill
from streams.models import Stream
from streams.pure.lifecycle import StreamState
from streams.rates import PriceList


def note_costs(streams: Iterable[Stream], now: datetime) -> None:
    """So that `cost_so_far` knows of them: in one query for all that are live, and in none where none is."""
    live = [stream for stream in streams if stream.started_at and stream.state != StreamState.ENDED]
    if not live:
        return
    prices = PriceList(stream.account_id for stream in live)
    for stream in live:
        price = prices.at(stream.account_id, stream.started_at or now)
        amount = bill(stream.started_at, now, price).amount
        words = f"{plain(amount)} {price.currency} so far, {plain(a_minute(price))} a minute"
        stream._cost_so_far = words  # type: ignore[attr-defined]


def cost_so_far(stream: Stream) -> str:
    """`0.012 USD so far, 0.003 a minute`; nothing of one that does not stream."""
    return getattr(stream, "_cost_so_far", "")
