"""An ended stream becomes its Charge, once. Owns the reading of an account's rate plan at that moment."""

from cdr.models import Charge
from cdr.pure.billing import Bill, bill
from streams.models import Stream


def charge(stream: Stream) -> Charge:
    """The charge of an ended stream; making it twice returns the first. Must run in the transaction that ends the stream."""
    account = stream.account
    made: Bill = bill(stream.started_at, stream.ended_at, account.rate, account.billing_interval_seconds)
    row, _ = Charge.objects.get_or_create(
        stream=stream,
        defaults={
            "seconds": made.seconds,
            "billed_seconds": made.billed_seconds,
            "rate": account.rate,
            "interval_seconds": account.billing_interval_seconds,
            "currency": account.currency,
            "amount": made.amount,
        },
    )
    return row
