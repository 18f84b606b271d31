"""The page of a statement, draft or closed: its figures in words, and the list behind each line.

Owns the words. How the figures came about is cdr.statements'. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Min

from cdr.closing_rows import StatementClosing
from cdr.models import Adjustment, Charge, MoneyCheck, Statement
from cdr.pages.stream import Fact
from cdr.pure.figures import NOTHING, moment, money
from cdr.pure.statement import Scope, Sums, month_of, written_scope
from streams.models import Account
from streams.pure.time_zone import zone


@dataclass(frozen=True, slots=True)
class ShownLine:
    words: str
    streams: str
    seconds: str
    billed_seconds: str
    amount: str
    scope: str
    late: bool


@dataclass(frozen=True, slots=True)
class StatementPage:
    """`closing`: of one that is being closed how far that is, and why it was not, in sentences; "" mostly."""

    title: str
    account: Account
    currency: str
    facts: tuple[Fact, ...]
    applications: tuple[ShownLine, ...]
    days: tuple[ShownLine, ...]
    corrections: tuple[tuple[str, str, str, str], ...]
    closed: bool
    being_closed: bool
    closing: str
    checked: str
    late: bool
    scope: str


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """A statement, whether it is closed or not. `row`: None of a draft. `closing`: of a draft that is to be closed, or was to be."""

    account: Account
    currency: str
    month: date
    zone_name: str
    begins_at: datetime | None
    ends_at: datetime
    sums: Sums
    row: Statement | None = None
    closing: StatementClosing | None = None

    @property
    def begins(self) -> str:
        return local(self.begins_at, self.zone_name) if self.begins_at else "the beginning"

    @property
    def ends(self) -> str:
        """Excluded."""
        return local(self.ends_at, self.zone_name)


def statement_page(of: StatementFacts, *, outside: bool = False) -> StatementPage:
    """`outside`: for who is none of the operator's people, and is not told who of them did what."""
    currency, sums, row = of.currency, of.sums, of.row
    statement = Scope(of.account.auth_id, currency, of.month)
    period = f"{of.begins} to {of.ends}, excluded ({of.zone_name})"
    figures = sums.counted
    facts = (
        Fact("Amount", money(sums.amount, currency)),
        Fact("Streams", f"{figures.streams:,}"),
        Fact("Duration", f"{figures.seconds:,} s"),
        Fact("Rounded bill duration", f"{figures.billed_seconds:,} s"),
        Fact("Of streams", money(figures.amount, currency)),
        Fact("Credits and corrections", money(sums.amount - figures.amount, currency) if sums.corrections else NOTHING),
        Fact("Period", period, wide=True),
        Fact(
            "State",
            _closed_words(row, outside) if row else "draft: it is not closed, and may change",
            wide=True,
        ),
    )
    return StatementPage(
        title=f"{statement.month:%B %Y}, {currency}",
        account=of.account,
        currency=currency,
        facts=facts,
        applications=_lines(sums, statement, "application"),
        days=_lines(sums, statement, "day"),
        corrections=tuple((f"{one.day}", one.reason, money(one.amount, currency), "" if outside else one.by) for one in sums.corrections),
        closed=row is not None,
        being_closed=of.closing is not None and of.closing.finished_at is None,
        closing=closing_words(of.closing, outside=outside) if of.closing else "",
        checked=checked_words(row) if row else "",
        late=any(line.late for line in sums.days),
        scope=written_scope(statement),
    )


def closing_words(job: StatementClosing, *, outside: bool) -> str:
    """A closing is one transaction: there is no half of it to tell of, but whether it has begun, and how much it is."""
    asked = "" if outside else f" Asked for by {job.by} at {moment(job.created_at)} UTC."
    if job.finished_at is not None:
        return "" if outside else f"It was not closed. {job.problem}{asked}"
    if job.claimed_until is None:
        return f"It is going to be closed as soon as a worker takes it up.{asked}"
    return f"It is being closed, with {job.streams:,} streams: all at once, after a few seconds for each 100,000 of them.{asked}"


def _closed_words(row: Statement, outside: bool) -> str:
    return f"closed at {moment(row.closed_at)} UTC{'' if outside else f' by {row.closed_by}'}"


def _lines(sums: Sums, statement: Scope, part: str) -> tuple[ShownLine, ...]:
    lines = sums.days if part == "day" else sums.applications
    return tuple(
        ShownLine(
            line.words,
            f"{line.counted.streams:,}",
            f"{line.counted.seconds:,}",
            f"{line.counted.billed_seconds:,}",
            money(line.counted.amount, statement.currency),
            written_scope(_of_line(statement, part, line.key)),
            line.late,
        )
        for line in lines
    )


def _of_line(statement: Scope, part: str, key: str) -> Scope:
    return statement._replace(day=key) if part == "day" else statement._replace(application=key)


def local(at: datetime, zone_name: str) -> str:
    return f"{at.astimezone(zone(zone_name)):%Y-%m-%d %H:%M}"


def checked_words(row: Statement) -> str:
    if row.checked_at is None:
        return "not checked yet: that is done once a day"
    return f"checked at {moment(row.checked_at)} UTC: charges, streams and this statement agree to the last digit"


def last_check_words(check: MoneyCheck | None) -> str:
    """Of all of them."""
    if check is None:
        return "Charges, streams and statements have not been compared yet: that is done once a day."
    if check.problems:
        return f"Compared at {moment(check.finished_at)} UTC, and not everything agrees: {' '.join(check.problems)}"
    counted = f"{check.charges:,} charges and {check.statements:,} statements looked at"
    return f"Checked at {moment(check.finished_at)} UTC: charges, streams and statements agree to the last digit ({counted})."


@dataclass(frozen=True, slots=True)
class OpenLine:
    account: Account
    currency: str
    first: str
    last: str
    streams: str


def open_lines() -> list[OpenLine]:
    """Accounts with charges or corrections in no statement, in a fixed number of queries."""
    charges = Charge.objects.filter(statement=None, account__isnull=False).order_by().values_list("account", "currency")
    found = {
        (account, currency): (first, last, count)
        for account, currency, first, last, count in charges.annotate(Min("ended_at"), Max("ended_at"), Count("pk"))
    }
    for account, currency, first, last in (
        Adjustment.objects.filter(statement=None).order_by().values_list("account", "currency").annotate(Min("at"), Max("at"))
    ):
        known = found.get((account, currency), (first, last, 0))
        found[account, currency] = (min(known[0], first), max(known[1], last), known[2])
    closed = {
        (account, currency): month
        for account, currency, month in Statement.objects.order_by().values_list("account", "currency").annotate(Max("month"))
    }
    accounts = Account.objects.in_bulk({account for account, _ in found})
    lines = []
    for (key, currency), (first, last, count) in found.items():
        account = accounts[key]
        months = [month_of(at, account.zone_name, closed.get((key, currency))) for at in (first, last)]
        lines.append(OpenLine(account, currency, f"{months[0]:%Y-%m}", f"{months[1]:%Y-%m}", f"{count:,}"))
    return sorted(lines, key=lambda line: (line.account.name, line.currency))
