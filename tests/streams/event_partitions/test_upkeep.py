"""Partitions are made ahead, by whoever comes first; one that nobody keeps anything of is dropped, and no other."""

from datetime import UTC, datetime, timedelta

import pytest

from cdr import retention
from config import work_troubles
from streams import event_partitions
from streams.event_partitions import converting
from streams.event_partitions.catalog import taken_until
from streams.event_partitions.short_locks import execute
from streams.models import Account, Call, Callback, CallbackState, StreamEvent
from streams.pure.partition_ranges import PartitionPeriod
from streams.tasks import make_event_partitions
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call, live_call

DAY = timedelta(days=1)
BEGUN = datetime(2026, 6, 10, tzinfo=UTC)


def names() -> list[str]:
    return [one.name.removeprefix("streams_streamevent_") for one in event_partitions.partitions()]


def cut(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """As of then."""
    with monkeypatch.context() as then:
        then.setattr(converting, "database_now", lambda: moment)
        event_partitions.convert(PartitionPeriod.MONTH, list[str]().append)
    event_partitions.make_ahead(moment)


def test_they_are_made_ahead_and_old_ones_dropped_when_nobody_keeps_anything_of_them(
    own_database: None, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    cut(monkeypatch, BEGUN)
    assert names() == ["first", "2026_07_01", "2026_08_01"]
    gateway, other = make_gateway(), make_gateway("pbx-2", "Another")
    first, july = good_call(gateway, BEGUN), good_call(other, BEGUN + 30 * DAY)
    what_comes_late(july)
    what_is_dropped(monkeypatch, first, july)
    what_retention_drops(monkeypatch, gateway.account, other.account, july)


def what_comes_late(july: Call) -> None:
    """A worker that was away: the month that has begun stays with all others, the next one is made; it is said until then."""
    autumn = datetime(2026, 9, 2, tzinfo=UTC)
    assert event_partitions.none_made_for(BEGUN) is None
    assert event_partitions.none_made_for(datetime(2026, 8, 30, tzinfo=UTC)) == datetime(2026, 9, 1, tzinfo=UTC)
    [told] = work_troubles.missing_partitions(autumn)
    assert told.what == "No partition is made for debug-log events from 2026-09-01 on." and "partition_events" in told.remedy
    StreamEvent.objects.create(call=july, at=autumn, kind="call_dtmf")
    assert [name[-10:] for name in event_partitions.make_ahead(autumn)] == ["2026_10_01", "2026_11_01"]
    StreamEvent.objects.filter(at=autumn).delete()
    assert [name[-10:] for name in event_partitions.make_ahead(autumn)] == ["2026_09_01"]
    assert event_partitions.make_ahead(autumn) == [] and work_troubles.missing_partitions(autumn) == []


def what_is_dropped(monkeypatch: pytest.MonkeyPatch, first: Call, july: Call) -> None:
    count = StreamEvent.objects.filter(call=first).count()
    assert count and event_partitions.drop_before(datetime(2026, 6, 30, tzinfo=UTC)) == []
    for kept in ({"ended_at": None}, {"ended_at": datetime(2026, 7, 2, tzinfo=UTC)}):
        Call.objects.filter(pk=first.pk).update(**kept)
        assert event_partitions.drop_before(datetime(2026, 7, 1, tzinfo=UTC)) == [], "it goes on, or ended later"
    Call.objects.filter(pk=first.pk).update(ended_at=first.ended_at)
    Callback.objects.filter(stream__call=first).update(state=CallbackState.PENDING)
    assert event_partitions.drop_before(datetime(2026, 7, 1, tzinfo=UTC)) == [], "a callback of it waits"
    assert StreamEvent.objects.filter(call=first).count() == count
    Callback.objects.filter(stream__call=first).update(state=CallbackState.DELIVERED)


def what_retention_drops(monkeypatch: pytest.MonkeyPatch, one: Account, patient: Account, july: Call) -> None:
    """Only what the most patient account lets go; what others let go of the rest is removed by row."""
    late = good_call(Call.objects.get(pk=july.pk).gateway, datetime(2026, 7, 5, tzinfo=UTC))  # type: ignore[arg-type]  # it has one
    mixed = good_call(Call.objects.filter(account=one)[0].gateway, datetime(2026, 7, 6, tzinfo=UTC))  # type: ignore[arg-type]
    now = datetime(2026, 8, 2, tzinfo=UTC)
    monkeypatch.setattr("cdr.retention.runs.database_now", lambda: now)
    Account.objects.filter(pk=one.pk).update(retain_events_days=10)
    assert retention.apply_all() is not None
    assert names()[0] == "first", "the other account keeps its events for ever"
    assert not StreamEvent.objects.filter(call=mixed).exists() and StreamEvent.objects.filter(call=late).exists()
    Account.objects.filter(pk=patient.pk).update(retain_events_days=30)
    assert retention.apply_all() is not None
    assert names()[0] == "2026_07_01"
    assert StreamEvent.objects.filter(call=late).exists() and StreamEvent.objects.filter(call=july).exists()
    monkeypatch.setattr("cdr.retention.runs.database_now", lambda: datetime(2026, 9, 1, tzinfo=UTC))
    spanning = live_call(Call.objects.get(pk=july.pk).gateway, datetime(2026, 7, 31, 23, tzinfo=UTC))  # type: ignore[arg-type]
    assert retention.apply_all() is not None
    assert names()[0] == "2026_07_01" and StreamEvent.objects.filter(call=spanning).exists(), "of a call that is live nothing goes"
    assert not StreamEvent.objects.filter(call__in=(late, july)).exists()


def test_a_table_that_was_left_half_way_takes_everything_again(own_database: None) -> None:
    make_event_partitions()
    now = datetime.now(UTC)
    for days, left in ((10, True), (1, False)):
        execute(f"ALTER TABLE streams_streamevent ADD CONSTRAINT streams_streamevent_not_later CHECK (at < '{now + days * DAY}') NOT VALID")
        assert taken_until() == now + days * DAY
        assert (event_partitions.none_made_for(now) is None) is left
        event_partitions.make_ahead(now)
        assert (taken_until() is not None) is left
        execute("ALTER TABLE streams_streamevent DROP CONSTRAINT IF EXISTS streams_streamevent_not_later")


def test_tables_of_another_user_are_left_alone_and_it_is_said(
    own_database: None, own_role: str, caplog: pytest.LogCaptureFixture, settings: object
) -> None:
    """Retention then removes row by row, as everywhere."""
    event_partitions.convert(PartitionPeriod.MONTH, list[str]().append)
    settings.RETAIN_EVENTS_DAYS = 1  # type: ignore[attr-defined]
    call = good_call(make_gateway(), datetime(2026, 6, 10, tzinfo=UTC))
    execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {own_role}")
    execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {own_role}")
    execute(f"SET ROLE {own_role}")
    with pytest.MonkeyPatch.context() as later:
        later.setattr("cdr.retention.runs.database_now", lambda: datetime.now(UTC) + 60 * DAY)
        assert retention.apply_all() is not None
    assert names() == ["first"] and not StreamEvent.objects.filter(call=call).exists()
    make_event_partitions()
    assert names() == ["first"] and "No partition was made for events to come" in caplog.text
    assert "their partitions belong to another user" in caplog.text
