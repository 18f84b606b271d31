"""To which month what was charged belongs, and that nothing is lost or counted twice, however time, zones and rates are cut."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.billing import bill
from cdr.pure.statement import (
    Correction,
    Figures,
    Group,
    Scope,
    amount_of,
    belongs,
    end_of,
    month_of,
    read_month,
    read_scope,
    summed,
    units_of,
    written_scope,
)
from streams.pure.price import BEGINNING, Price, Term, price_at
from streams.pure.time_zone import first_of_month, local_day, next_month

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Honolulu", "Australia/Lord_Howe"]
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES_OF_A_YEAR = 365 * 24 * 60
MOMENTS = st.integers(0, MINUTES_OF_A_YEAR).map(lambda minutes: START + timedelta(minutes=minutes))
PRICES = st.builds(
    Price,
    st.decimals(0, 99_999, places=5),
    st.integers(1, 3600),
    st.sampled_from(["USD", "EUR"]),
    st.integers(0, 120),
    st.integers(0, 120),
)


class Book:
    """Statements as they are closed one after the other: the rules above, with nothing else."""

    def __init__(self, zone_name: str) -> None:
        self.zone_name = zone_name
        self.open: dict[str, list[tuple[datetime, int]]] = {}
        self.closed: dict[str, dict[date, int]] = {}

    def add(self, at: datetime, currency: str, units: int) -> None:
        self.open.setdefault(currency, []).append((at, units))

    def close_all(self, now: datetime) -> None:
        """Every month that is over, in order."""
        for currency, waiting in self.open.items():
            closed = self.closed.setdefault(currency, {})
            while waiting:
                month = min(month_of(at, self.zone_name, max(closed, default=None)) for at, _ in waiting)
                if end_of(month, self.zone_name) > now:
                    break
                taken = [(at, units) for at, units in waiting if belongs(at, month, self.zone_name)]
                assert taken and month not in closed
                closed[month] = sum(units for _, units in taken)
                waiting[:] = [one for one in waiting if one not in taken]


@given(
    streams=st.lists(st.tuples(MOMENTS, st.integers(0, 90_000), st.integers(0, 100_000)), max_size=25),
    prices=st.lists(st.tuples(MOMENTS, PRICES), max_size=6, unique_by=lambda one: one[0]),
    closings=st.lists(st.tuples(MOMENTS, st.sampled_from(ZONES)), max_size=6),
    zone_name=st.sampled_from(ZONES),
)
def test_the_sum_of_statements_is_the_sum_of_charges(streams, prices, closings, zone_name) -> None:
    """Charges may come long after the stream ended, when its month is closed; the account may move to another zone at any time."""
    own = sorted([Term(BEGINNING, Price(Decimal("0.003"), 60, "USD")), *(Term(at, price) for at, price in prices)])
    book, charged = Book(zone_name), dict[str, Decimal]()
    events: list[tuple[datetime, int, object]] = []
    for started_at, seconds, late_seconds in streams:
        ended_at = started_at + timedelta(seconds=seconds)
        price = price_at(own, {}, started_at)
        amount = bill(started_at, ended_at, price).amount
        charged[price.currency] = charged.get(price.currency, Decimal(0)) + amount
        events.append((ended_at + timedelta(minutes=late_seconds), 0, (ended_at, price.currency, units_of(amount))))
    events += [(at, 1, moved) for at, moved in closings]
    for now, kind, what in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            book.add(*what)  # type: ignore[misc]
        else:
            book.zone_name = str(what)
            book.close_all(now)
    book.close_all(START + timedelta(days=5000))
    assert not any(book.open.values())
    assert {currency: amount_of(sum(months.values())) for currency, months in book.closed.items()} == charged


@given(at=MOMENTS, zone_name=st.sampled_from(ZONES), closed=st.none() | st.dates(date(2025, 12, 1), date(2027, 1, 1)).map(first_of_month))
def test_what_is_of_a_closed_month_is_of_the_first_that_is_not(at, zone_name, closed) -> None:
    month, own = month_of(at, zone_name, closed), first_of_month(local_day(at, zone_name))
    assert month == (max(own, next_month(closed)) if closed else own) and month.day == 1
    assert belongs(at, month, zone_name)


def test_a_month_begins_at_midnight_of_the_customer_and_its_end_is_the_next_ones() -> None:
    midnight = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert end_of(date(2026, 10, 1), "Europe/Berlin") == midnight
    assert month_of(midnight, "Europe/Berlin") == date(2026, 11, 1)
    assert month_of(midnight - timedelta(microseconds=1), "Europe/Berlin") == date(2026, 10, 1)


@pytest.mark.parametrize(("month", "hours"), [(date(2026, 3, 1), 743), (date(2026, 10, 1), 745), (date(2026, 11, 1), 720)])
def test_a_month_with_a_change_of_clocks_has_an_hour_less_or_more(month, hours) -> None:
    begin = end_of(date(2026, month.month - 1, 1), "Europe/Berlin")
    assert end_of(month, "Europe/Berlin") - begin == timedelta(hours=hours)


GROUPS = st.lists(
    st.builds(
        Group,
        st.dates(date(2026, 9, 25), date(2026, 10, 31)),
        st.none() | st.integers(1, 4),
        st.builds(Figures, *(st.integers(0, 10**12) for _ in range(4))),
    ),
    unique_by=lambda group: group[:2],
    max_size=30,
)


@given(groups=GROUPS, corrections=st.lists(st.integers(-(10**15), 10**15), max_size=5))
def test_days_and_applications_and_the_total_agree(groups, corrections) -> None:
    sums = summed(groups, [Correction(units, "why", date(2026, 10, 3), "clara") for units in corrections], {1: "bot"}, date(2026, 10, 1))
    wanted = [sum(figures) for figures in zip(*(group.counted for group in groups), strict=True)] or [0, 0, 0, 0]
    for lines in (sums.days, sums.applications):
        assert (
            ([sum(figures) for figures in zip(*(line.counted for line in lines), strict=True)] or [0, 0, 0, 0])
            == wanted
            == list(sums.counted)
        )
    assert sums.units == wanted[3] + sum(corrections)
    assert all(line.late == (line.key < "2026-10-01") for line in sums.days)


def test_lines_are_named_and_in_order() -> None:
    groups = [Group(date(2026, 10, day), key, Figures(1, 2, 3, 4)) for day, key in ((2, 7), (1, None), (2, 5))]
    sums = summed(groups, [], {7: "bot"}, None)
    assert [line.words for line in sums.days] == ["2026-10-01", "2026-10-02"]
    assert [(line.key, line.words) for line in sums.applications] == [("5", "application 5, removed"), ("7", "bot"), ("0", "none")]


@pytest.mark.parametrize("amount", ["0.00001", "-3.5", "9999999999.99999"])
def test_money_is_whole_units(amount) -> None:
    assert amount_of(units_of(Decimal(amount))) == Decimal(amount)
    with pytest.raises(ValueError, match="five decimals"):
        units_of(Decimal("0.000001"))


@pytest.mark.parametrize("part", [{}, {"day": "2026-10-03"}, {"application": "17"}, {"application": "0"}])
def test_an_address_names_a_line(part) -> None:
    scope = Scope("MA" + "A" * 18, "USD", date(2026, 10, 1), **part)
    assert read_scope(written_scope(scope)) == scope


@pytest.mark.parametrize(
    "text",
    ["", "x", "MA.USD", "MA.USD.2026-13", "MA.USD.2026-1", "MA.USD.2026-10.week-3", "MA.USD.2026-10.day-x", "MA.USD.2026-10.application-x"]
    + ["MA.USD.2026-10.application-", "MA.USD.2026-10.application-" + "9" * 30, "MA.USD.2026-10.day-2026-10-01.x", "MA.USD.0001-01"],
)
def test_what_is_none_is_refused(text) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part of it is wrong
        read_scope(text)


def test_a_month_is_written_one_way() -> None:
    assert read_month("2026-10") == date(2026, 10, 1)
    for text in ("2026-9", "26-10", "2026-10-01", "1999-12", "2201-01", "٢٠٢٦-10"):
        with pytest.raises(ValueError):  # noqa: PT011 - as above
            read_month(text)
