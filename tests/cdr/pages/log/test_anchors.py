"""The names of a log's lines: each leads back to its row, none has a number of a table, and nothing else is one."""

from typing import Any

import pytest

from cdr.pages.log.reading import LogRows
from cdr.pages.log.subject import call_log, for_outside
from cdr.pure.log.filter import LONGEST_ANCHOR
from cdr.pure.log.rows import place_of
from streams.models import Call, StreamEvent
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, reaped_call

pytestmark = pytest.mark.django_db


def rows_of(call: Call) -> LogRows:
    log = call_log(str(call.uuid))
    assert log is not None
    return log.rows


@pytest.mark.parametrize("kind", [closed_call, reaped_call])
def test_each_leads_back_to_its_row(kind) -> None:
    rows = rows_of(kind(make_gateway()))
    found = rows.after(None, 1000)
    assert len({row.anchor for row in found}) == len(found) > 10 and max(len(row.anchor) for row in found) <= LONGEST_ANCHOR
    assert [rows.place(row.anchor) for row in found] == [place_of(row) for row in found]


def test_events_without_a_number_are_told_apart_also_of_one_instant() -> None:
    call = closed_call(make_gateway())
    at = call.events.all()[0].at
    made = [StreamEvent.objects.create(call=call, at=at, kind="call_control_requested", details={"by": by}) for by in ("maria", "omar")]
    rows = rows_of(call)
    names = [row.anchor for row in rows.after(None, 1000) if row.anchor.startswith("w")]
    assert len(set(names)) == 2 and [getattr(rows.place(name), "key", 0) for name in names] == [event.pk for event in made]
    assert rows.place(names[0][:-1] + ("0" if names[0][-1] != "0" else "1")) is None
    assert not [name for name in names if str(made[0].pk) == name[1:]]


@pytest.mark.parametrize("kind", [closed_call, reaped_call])
def test_the_names_of_before_lead_the_operators_people_there_and_nobody_else(kind) -> None:
    log = call_log(str(kind(make_gateway()).uuid))
    assert log is not None
    found = log.rows.after(None, 1000)
    letters = ("e", "charge", "c", "a")
    names = [f"{letters[place_of(row).rank]}{row.id}" for row in found]
    assert [log.place(name) for name in names] == [place_of(row) for row in found]
    assert [for_outside(log).place(name) for name in names] == [None] * len(names)
    assert [for_outside(log).place(row.anchor) for row in found] == [place_of(row) for row in found]
    assert log.place("e999999999999999999") is None and log.place("charge0") is None


def test_the_line_of_another_call_is_none_of_this_one() -> None:
    gateway = make_gateway()
    rows, other = rows_of(closed_call(gateway)), rows_of(reaped_call(gateway))
    theirs = [row.anchor for row in other.after(None, 1000) if not row.anchor.startswith("n")]
    assert theirs and [rows.place(anchor) for anchor in theirs] == [None] * len(theirs)


ODD: list[Any] = ["", "e1", "c", "n", "n-1", "n9999999999", "n١", "w1", "w1-xyz", "charge-1", "a1", "ax-", "c\x00", "c" * 60, "n1\n"]


@pytest.mark.parametrize("text", ODD)
def test_what_is_no_name_leads_nowhere(text) -> None:
    assert rows_of(closed_call(make_gateway())).place(text) is None
