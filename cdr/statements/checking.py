"""Charges compared with streams and statements, to the last digit, once a day.

Owns the comparisons and their sentences. Repairs nothing: what does not agree is for a person to look at."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from cdr.models import Charge, MoneyCheck, Statement
from cdr.pure.billing import bill
from cdr.pure.figures import counted as count_words
from cdr.pure.statement import units_of
from cdr.statements.counting import figures_of
from cdr.statements.stored import sums_in
from streams.database_clock import database_now
from streams.models import Stream
from streams.pure.lifecycle import StreamState
from streams.pure.price import Price

EVERY = timedelta(hours=24)
UNDER_WAY = timedelta(hours=6)
"""One that began so long ago and has not finished died with its worker."""
KEPT = timedelta(days=90)
MOST_TOLD = 20
ROWS_AT_ONCE = 5000
COLUMNS = (
    *("stream__started_at", "stream__ended_at", "rate", "interval_seconds", "currency", "minimum_seconds", "free_seconds"),
    *("seconds", "billed_seconds", "amount", "stream__uuid"),
)


def check_due() -> MoneyCheck | None:
    """Checks when the last one began a day ago; None when it did not."""
    now = database_now()
    recent = MoneyCheck.objects.filter(Q(started_at__gt=now - UNDER_WAY) | Q(started_at__gt=now - EVERY, finished_at__isnull=False))
    return None if recent.exists() else check_all()


def check_all() -> MoneyCheck:
    now = database_now()
    MoneyCheck.objects.filter(started_at__lt=now - KEPT).delete()
    row = MoneyCheck.objects.create(started_at=now)
    problems = [*_streams_without_charge(), *_charges_out_of_place()]
    problems += _charges_that_differ(row, unchecked_charges())
    for statement in Statement.objects.select_related("account").order_by("pk").iterator(chunk_size=100):
        found = _differences(statement)
        problems += found
        row.statements += 1
        if not found and not problems:
            Statement.objects.filter(pk=statement.pk).update(checked_at=now)
    more = [f"And {len(problems) - MOST_TOLD} more."] if len(problems) > MOST_TOLD else []
    row.problems, row.finished_at = problems[:MOST_TOLD] + more, database_now()
    row.save()
    return row


def unchecked_charges() -> QuerySet[Charge]:
    """Those that no check has found right yet; of a statement that was found right only the sum is looked at again."""
    return Charge.objects.filter(Q(statement=None) | Q(statement__checked_at=None)).order_by()


def _streams_without_charge() -> list[str]:
    missing = Stream.objects.filter(state=StreamState.ENDED, charge=None).order_by()
    if not (how_many := missing.count()):
        return []
    named = ", ".join(str(uuid) for uuid in missing.values_list("uuid", flat=True)[:3])
    return [f"{count_words(how_many, 'stream')} ended without a charge: {named}."]


def _charges_out_of_place() -> list[str]:
    """Of a stream that goes on, or of another account or end than the stream's."""
    wrong = Charge.objects.exclude(stream__state=StreamState.ENDED).order_by()
    moved = Charge.objects.filter(
        Q(account=None) | Q(ended_at=None) | ~Q(account=F("stream__account")) | ~Q(ended_at=F("stream__ended_at"))
    )
    foreign = Charge.objects.filter(statement__isnull=False).filter(
        ~Q(statement__account=F("account")) | ~Q(statement__currency=F("currency")) | Q(ended_at__gte=F("statement__ends_at"))
    )
    words = {
        "of a stream that has not ended": wrong.count(),
        "of another account or end than the stream": moved.order_by().count(),
        "in a statement of another account, currency or time": foreign.order_by().count(),
    }
    return [f"{count_words(how_many, 'charge')} {what}." for what, how_many in words.items() if how_many]


def _charges_that_differ(row: MoneyCheck, charges: QuerySet[Charge]) -> Iterator[str]:
    """From what their own price and the stream's times come to."""
    for started_at, ended_at, rate, interval, currency, minimum, free, *charged, uuid in charges.values_list(*COLUMNS).iterator(
        ROWS_AT_ONCE
    ):
        row.charges += 1
        made = bill(started_at, ended_at, Price(rate, interval, currency, minimum, free))
        if list(made) != charged:
            yield f"The stream {uuid} was charged {charged[2]} {currency} for {charged[0]} s; its price makes {made.amount}."


def _differences(statement: Statement) -> list[str]:
    """Of a statement from its charges, its corrections, and of its lines from its total."""
    charged = figures_of(statement.charges.all())
    corrected = sum(units_of(amount) for amount in statement.adjustments.values_list("amount", flat=True))
    sums = sums_in(statement)
    by_day = [sum(figures) for figures in zip(*(line.counted for line in sums.days), strict=True)] or [0, 0, 0, 0]
    by_application = [sum(figures) for figures in zip(*(line.counted for line in sums.applications), strict=True)] or [0, 0, 0, 0]
    told = {
        "its charges": sums.counted == charged,
        "its credits and corrections": units_of(statement.corrected) == corrected == sum(one.units for one in sums.corrections),
        "its days": by_day == list(sums.counted),
        "its applications": by_application == list(sums.counted),
    }
    return [f"The statement {statement} does not agree with {what}." for what, agrees in told.items() if not agrees]


def last_check() -> MoneyCheck | None:
    return MoneyCheck.objects.filter(finished_at__isnull=False).first()


def problems_since(now: datetime) -> list[str]:
    """What the last check found; nothing where none was finished in time, which says nothing of money."""
    last = last_check()
    return list(last.problems) if last is not None and last.started_at > now - 2 * EVERY else []
