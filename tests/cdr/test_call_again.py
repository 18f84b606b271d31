"""A call that is copied has the rows that the journal would have made of its notes, column by column."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from cdr.models import Charge
from streams import journal
from streams.models import Call, Callback, CallMeasure, Gateway, Stream, StreamConversation, StreamEvent, StreamMeasure
from streams.pure.lifecycle import EventKind as K
from tests.cdr import call_again
from tests.cdr.call_script import LEASE_SECONDS, OWNER, STARTED, CallScript, make_gateway
from tests.cdr.call_timing import steady
from tests.cdr.factories import KINDS, good_call, many_streams_call

pytestmark = pytest.mark.django_db
KEYS = ("id", "call_id", "stream_id")
FROM_NOW_ON = ("lease_until", "due_at", "created_at")
IN = {
    Call: ("uuid",),
    CallMeasure: ("call__uuid",),
    Stream: ("uuid", "call__uuid"),
    StreamEvent: ("number", "call__uuid", "stream__uuid"),
    StreamMeasure: ("stream__uuid",),
    StreamConversation: ("stream__uuid",),
    Charge: ("stream__uuid",),
    Callback: ("number", "stream__uuid"),
}


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_again, "_known", {})
    monkeypatch.setattr(call_again, "_begun", set())


@pytest.fixture
def journal_writes(monkeypatch: pytest.MonkeyPatch) -> list[CallScript]:
    """Each script that the journal was given, by way of the factories."""
    written: list[CallScript] = []
    record = CallScript.record

    def recorded(script: CallScript) -> None:
        written.append(script)
        record(script)

    monkeypatch.setattr(CallScript, "record", recorded)
    return written


def rows() -> dict[str, list[dict[str, Any]]]:
    """Of all tables of calls, each with what it belongs to instead of keys, which the database counts."""
    return {model.__name__: [_compared(model, row) for row in _values(model, beside)] for model, beside in IN.items()}


def _values(model: Any, beside: tuple[str, ...]) -> Any:
    columns = [field.attname for field in model._meta.local_concrete_fields if field.attname not in KEYS]
    return model.objects.order_by(*beside).values(*dict.fromkeys((*columns, *beside)))


def _compared(model: Any, row: dict[str, Any]) -> dict[str, Any]:
    """What is told from now on may be a little later."""
    since, soon = datetime.now(UTC), timedelta(minutes=1)
    told = {name: row[name] for name in FROM_NOW_ON if row.get(name) is not None}
    return {**row, **{name: round((at - since) / soon / 10) for name, at in told.items() if at > since - soon}}


def undone(deed: Callable[[], object]) -> dict[str, list[dict[str, Any]]]:
    """What is there after it; nothing stays."""
    with transaction.atomic():
        deed()
        found = rows()
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("kind", [*KINDS, many_streams_call], ids=lambda kind: kind.__name__)
def test_each_kind_of_call_of_somebody_else_at_another_time(
    kind: Callable[..., Call], journal_writes: list[CallScript], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_gateway("pbx-2", "Globex", rate=Decimal("0.00300"))
    mine = make_gateway("pbx-1", rate=Decimal("0.00300"))
    undone(lambda: kind(mine))
    assert len(journal_writes) == 1
    scripts: list[CallScript] = []
    save = CallScript.save
    monkeypatch.setattr(CallScript, "save", lambda script: scripts.append(script) or save(script))
    then = STARTED + timedelta(days=40, hours=3, milliseconds=125)
    undone(lambda: kind(other, then, caller="+442079460000", called="sip:desk@pbx.example.com"))
    assert len(journal_writes) == 1, "it was not copied"
    facts, notes = scripts[0].facts, scripts[0].notes
    expected = undone(lambda: journal.record(OWNER, LEASE_SECONDS, facts, notes))
    call_again._begun.clear()  # what was written is undone
    copied = undone(lambda: call_again.write(facts, notes, LEASE_SECONDS, lambda: pytest.fail("it was not copied")))
    assert copied == expected and expected["StreamEvent"]


def change_rate(gateway: Gateway) -> None:
    make = gateway.account.rates.get()
    make.amount = Decimal("0.00400")
    make.save()


def style_b(gateway: Gateway) -> None:
    type(gateway.account).objects.filter(pk=gateway.account_id).update(callback_style="B")


def remove(gateway: Gateway) -> None:
    Gateway.objects.filter(pk=gateway.pk).delete()


@pytest.mark.parametrize("change", [change_rate, style_b, remove], ids=["rate", "style", "gateway"])
def test_what_the_rows_depend_on_is_not_overlooked(change: Callable[[Gateway], Any], journal_writes: list[CallScript]) -> None:
    gateway = make_gateway(rate=Decimal("0.00300"))
    good_call(gateway)
    good_call(gateway)
    assert len(journal_writes) == 1
    change(gateway)
    good_call(gateway)
    assert len(journal_writes) == 2


def test_a_note_that_says_something_else_is_another_call(journal_writes: list[CallScript]) -> None:
    gateway = make_gateway()
    for seconds in (41.4, 41.4, 41.5):
        good_call(gateway, seconds=seconds)
    assert len(journal_writes) == 2


def test_so_is_one_with_another_timing_or_name_in_its_gateway(journal_writes: list[CallScript]) -> None:
    for timing, called in ((steady(3.0), ""), (steady(4.0), ""), (steady(4.0), "x.1"), (steady(4.0), "x.1")):
        script = CallScript(make_gateway())
        script.add(K.CALL_MEDIA_STARTED, 0.002, format="mulaw 8000 Hz", gateway_call_id=called or script.facts.gateway_call_id)
        script.call_ended(3.0)
        script.measured(timing)
        script.save()
    assert len(journal_writes) == 3


def test_notes_that_follow_are_written_by_the_journal(journal_writes: list[CallScript]) -> None:
    for _ in range(2):
        script = CallScript(make_gateway()).answered()
        script.save()
        script.call_ended(3.0)
        script.save()
    assert len(journal_writes) == 3
