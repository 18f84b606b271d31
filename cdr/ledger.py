"""An ended stream becomes its Charge, once. Owns the reading of an account's rate plan at that moment."""

from collections.abc import Sequence

from cdr.models import Charge
from cdr.pure.billing import Bill, bill
from streams.models import Stream


def charge(streams: Sequence[Stream]) -> None:
    """Makes the charges of ended streams; one that has its charge keeps it. Must run in the transaction that ends them, whose lock on
    their rows keeps anybody else from doing the same."""
    charged = set(Charge.objects.filter(stream__in=streams).values_list("stream", flat=True))
    Charge.objects.bulk_create(_charge(stream) for stream in streams if stream.pk not in charged)


def _charge(stream: Stream) -> Charge:
    account = stream.account
    made: Bill = bill(stream.started_at, stream.ended_at, account.rate, account.billing_interval_seconds)
    return Charge(
        stream=stream,
        seconds=made.seconds,
        billed_seconds=made.billed_seconds,
        rate=account.rate,
        interval_seconds=account.billing_interval_seconds,
        currency=account.currency,
        amount=made.amount,
    )
