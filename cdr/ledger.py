"""An ended stream becomes its Charge, once, by the price that was in force when it started. Must not know how prices are set."""

from collections.abc import Sequence
from datetime import datetime

from cdr.models import Charge
from cdr.pure.billing import bill
from streams.models import Stream
from streams.pure.price import Price
from streams.rates import PriceList


def charge(streams: Sequence[Stream]) -> None:
    """Makes the charges of ended streams; one that has its charge keeps it. Must run in the transaction that ends them, whose lock on
    their rows keeps anybody else from doing the same. Many take as many questions as one."""
    charged = set(Charge.objects.filter(stream__in=streams).values_list("stream", flat=True))
    prices = PriceList(stream.account_id for stream in streams)
    Charge.objects.bulk_create(
        _charge(stream, prices.at(stream.account_id, begun(stream))) for stream in streams if stream.pk not in charged
    )


def begun(stream: Stream) -> datetime:
    """By which its price is chosen: its first packet, or, of one that never started, the request."""
    return stream.started_at or stream.requested_at


def _charge(stream: Stream, price: Price) -> Charge:
    made = bill(stream.started_at, stream.ended_at, price)
    return Charge(
        stream=stream,
        seconds=made.seconds,
        billed_seconds=made.billed_seconds,
        rate=price.amount,
        interval_seconds=price.interval_seconds,
        minimum_seconds=price.minimum_seconds,
        free_seconds=price.free_seconds,
        currency=price.currency,
        amount=made.amount,
        account_id=stream.account_id,
        application_id=stream.call.application_id,
        ended_at=stream.ended_at,
    )
