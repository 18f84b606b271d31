"""Rounds of retention: which calls, in which order, how far they come, and what stands in the audit log."""

import time
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from cdr import retention
from cdr.models import AuditEntry, RetentionMark, RetentionRun
from cdr.pure.retention import Kind
from cdr.retention import Busy, removal, runs
from cdr.retention.due import all_due
from cdr.tasks import apply_retention
from streams.models import Account, Call, Callback, CallbackState, Gateway
from streams.pure.lifecycle import CallState
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call, live_call

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def thirty_days(settings, monkeypatch) -> None:
    settings.RETAIN_NUMBERS_DAYS = 30
    monkeypatch.setattr(runs, "BREATH_SECONDS", 0)


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def aged(gateway: Gateway, days: float, kind=good_call) -> Call:
    return kind(gateway, timezone.now() - timedelta(days=days))


def done(kind: Kind = Kind.NUMBERS) -> set[int]:
    return set(Call.objects.exclude(**{f"{kind}_removed_at": None}).values_list("pk", flat=True))


def mark(kind: Kind = Kind.NUMBERS) -> datetime:
    return RetentionMark.objects.get(kind=kind).done_until


def run_of_another() -> RetentionRun:
    """A round that a worker has claimed."""
    return RetentionRun.objects.create(
        started_at=timezone.now(), claimed_by="another worker", claimed_until=timezone.now() + runs.CLAIMED_FOR
    )


def test_what_is_older_is_removed_and_what_is_younger_is_not(gateway) -> None:
    old, young = aged(gateway, 31), aged(gateway, 29)
    retention.apply_all()
    assert done() == {old.pk} and not done(Kind.PAYLOADS) and not done(Kind.EVENTS)
    young.refresh_from_db()
    assert young.from_number == "+14155550123"


def test_an_accounts_own_days_go_before_the_installations(gateway, settings) -> None:
    shorter = make_gateway("pbx-2", "Shorter")
    for_ever = make_gateway("pbx-3", "For ever")
    Account.objects.filter(pk=shorter.account_id).update(retain_numbers_days=7, retain_events_days=7)
    Account.objects.filter(pk=for_ever.account_id).update(retain_numbers_days=0)
    calls = {name: aged(one, 10) for name, one in (("default", gateway), ("shorter", shorter), ("for ever", for_ever))}
    aged(for_ever, 400)
    retention.apply_all()
    assert done() == done(Kind.EVENTS) == {calls["shorter"].pk}


def test_without_days_nothing_is_done_and_nothing_written(gateway, settings) -> None:
    settings.RETAIN_NUMBERS_DAYS = 0
    aged(gateway, 4000)
    assert retention.apply_all() is None
    apply_retention()
    assert not RetentionRun.objects.exists() and not AuditEntry.objects.exists() and not done()


def test_a_live_call_is_never_touched_and_nothing_is_settled_behind_its_start(gateway) -> None:
    before, after = aged(gateway, 50), aged(gateway, 40)
    live = aged(gateway, 45, live_call)
    retention.apply_all()
    assert done() == {before.pk}
    assert mark() <= live.started_at
    # Its process was lost: it ends with an early time, and is found all the same.
    Call.objects.filter(pk=live.pk).update(state=CallState.ENDED, ended_at=live.started_at + timedelta(seconds=1))
    Callback.objects.update(state=CallbackState.DELIVERED)
    retention.apply_all()
    assert done() == {before.pk, live.pk, after.pk}


def test_a_call_left_for_a_waiting_callback_is_taken_by_a_later_round(gateway) -> None:
    first, second = aged(gateway, 50), aged(gateway, 40)
    Callback.objects.filter(stream__call=first).update(state=CallbackState.PENDING)
    retention.apply_all()
    assert done() == {second.pk} and mark() == first.ended_at
    Callback.objects.update(state=CallbackState.DELIVERED)
    retention.apply_all()
    assert done() == {first.pk, second.pk} and mark() > second.ended_at


def test_a_round_goes_on_where_its_time_was_over(gateway, monkeypatch) -> None:
    monkeypatch.setattr(runs, "BATCH_CALLS", 2)
    calls = [aged(gateway, 60 - index) for index in range(5)]
    ticks = iter([0.0, 0.0, 99.0])
    monkeypatch.setattr(runs, "monotonic", lambda: next(ticks))
    retention.apply(seconds=10)
    assert done() == {call.pk for call in calls[:2]} and mark() == calls[1].ended_at
    run = RetentionRun.objects.get()
    assert run.unfinished and run.claimed_by == "" and not AuditEntry.objects.filter(act="remove by retention").exists()
    monkeypatch.setattr(runs, "monotonic", time.monotonic)
    retention.apply()
    run.refresh_from_db()
    assert len(done()) == 5 and run.counts == {"Acme Robotics": {"numbers": 5}} and run.finished_at and run.unfinished is None


def test_many_calls_that_ended_in_the_same_instant_are_all_taken(gateway, monkeypatch) -> None:
    monkeypatch.setattr(runs, "BATCH_CALLS", 2)
    for _ in range(5):
        aged(gateway, 50)
    Call.objects.update(ended_at=timezone.now() - 40 * DAY)
    retention.apply_all()
    assert len(done()) == 5


def test_the_hourly_round_begins_an_hour_after_the_last(gateway) -> None:
    apply_retention()
    apply_retention()
    assert RetentionRun.objects.count() == 1
    RetentionRun.objects.update(started_at=timezone.now() - runs.ROUND)
    apply_retention()
    assert RetentionRun.objects.count() == 2


def test_one_worker_at_a_time_and_one_that_stands_still_is_replaced(gateway) -> None:
    aged(gateway, 40)
    run_of_another()
    with pytest.raises(Busy):
        retention.apply_all()
    apply_retention()
    assert not done()
    RetentionRun.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    apply_retention()
    assert len(done()) == 1 and RetentionRun.objects.count() == 1


def test_a_worker_whose_round_was_taken_over_removes_nothing_more(gateway) -> None:
    call = aged(gateway, 40)
    run = run_of_another()
    (due,) = all_due(run.started_at)
    RetentionRun.objects.update(claimed_by="a third worker")
    with pytest.raises(Busy):
        runs._remove(run, due, [call])
    assert not done()


def test_the_audit_log_has_each_round_that_changed_something(gateway) -> None:
    aged(gateway, 40)
    run = retention.apply_all()
    retention.apply_all()
    (entry,) = AuditEntry.objects.filter(act="remove by retention")
    assert (entry.by, entry.address, entry.kind, entry.subject) == ("retention", None, "retention run", str(run))
    assert entry.details == {"Acme Robotics": "numbers of 1 call"}


def test_the_audit_log_has_each_change_of_the_installations_days(gateway, settings) -> None:
    retention.apply_all()
    settings.RETAIN_NUMBERS_DAYS, settings.RETAIN_EVENTS_DAYS = 0, 7
    retention.apply_all()
    first, second = AuditEntry.objects.filter(act="change").order_by("pk")
    assert first.details == {"keep_numbers_days": ["for ever", 30]}
    assert second.details == {"keep_numbers_days": [30, "for ever"], "keep_events_days": ["for ever", 7]}


def test_what_is_due_takes_three_queries_for_many_accounts(gateway, django_assert_num_queries) -> None:
    for index in range(10):
        make_gateway(f"pbx-{index}", f"Account {index}")
    with django_assert_num_queries(3):
        all_due(timezone.now())


def test_what_cannot_be_removed_of_one_account_keeps_back_no_others(gateway, monkeypatch, caplog) -> None:
    bad = aged(gateway, 40)
    good = aged(make_gateway("other-pbx", account="Zebra"), 40)
    really = removal.remove

    def remove(kind, batch, now):
        if bad in batch:
            raise ValueError("nobody expects this")
        return really(kind, batch, now)

    monkeypatch.setattr(runs, "remove", remove)
    retention.apply_all()
    assert done() == {good.pk} and RetentionRun.objects.get().finished_at is not None
    assert "Retention failed at the numbers of" in caplog.text
    monkeypatch.setattr(runs, "remove", really)
    retention.apply_all()
    assert done() == {good.pk, bad.pk}
