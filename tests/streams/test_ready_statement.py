"""A statement that was written once answers as a query that Django writes anew."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from streams.models import Callback, CallbackState, Stream
from streams.ready_statement import ReadyStatement
from tests.streams.callback_rows import owed, stream

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)


def due_between(first: datetime, last: datetime) -> QuerySet[Callback, tuple[int, str]]:
    """With a literal that has a percent sign, and a value that is the same each time."""
    rows = Callback.objects.filter(due_at__gte=first, due_at__lte=last, state=CallbackState.PENDING, url__contains="100%")
    return rows.order_by("due_at").values_list("pk", "url")


def test_each_time_it_is_asked_with_the_moments_of_that_time() -> None:
    for minute in range(6):
        owed(stream(), f"http://bot.example/{'100%' if minute % 2 else ''}", due_at=NOON + timedelta(minutes=minute))
    statement = ReadyStatement(due_between, datetime, datetime)
    for first, last in ((0, 5), (2, 5), (3, 3), (5, 3), (0, 5)):
        moments = NOON + timedelta(minutes=first), NOON + timedelta(minutes=last)
        assert statement.ask(*moments) == list(due_between(*moments))
    assert len(statement.ask(NOON, NOON + timedelta(minutes=5))) == 3


def test_to_the_microsecond_and_whatever_the_zone() -> None:
    row = owed(stream(), "http://bot.example/100%", due_at=NOON)
    statement, least = ReadyStatement(due_between, datetime, datetime), timedelta(microseconds=1)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert statement.ask(elsewhere, NOON) == [(row.pk, row.url)]
    assert statement.ask(NOON + least, NOON + 2 * least) == statement.ask(NOON - 2 * least, NOON - least) == []


def test_django_writes_it_once(django_assert_num_queries: Any) -> None:
    written = list[datetime]()

    def rows(now: datetime) -> QuerySet[Callback, tuple[int, str]]:
        written.append(now)
        return due_between(now, now)

    statement = ReadyStatement(rows, datetime)
    with django_assert_num_queries(3) as asked:
        for minute in range(3):
            statement.ask(NOON + timedelta(minutes=minute))
    assert len(written) == 1
    assert isinstance(asked, CaptureQueriesContext)
    assert len({query["sql"] for query in asked.captured_queries}) == 3


def test_rows_are_objects_as_django_makes_them_found_by_keys_of_any_kind() -> None:
    """Those that are sealed, are JSON or are times come unsealed, read and with their zone."""
    streams = [stream() for _ in range(3)]
    statement = ReadyStatement(lambda uuid, key: Stream.objects.filter(uuid=uuid, account=key).select_for_update(), UUID, int)
    for row in streams:
        Stream.objects.filter(pk=row.pk).update(extra_headers=f"key={row.pk}")
        (found,) = statement.objects(Stream, row.uuid, row.account_id)
        known = Stream.objects.get(pk=row.pk)
        assert {field.name: getattr(found, field.attname) for field in Stream._meta.fields} == {
            field.name: getattr(known, field.attname) for field in Stream._meta.fields
        }
        assert found.extra_headers == f"key={row.pk}"
    assert statement.objects(Stream, streams[0].uuid, 0) == []


def test_what_django_makes_of_columns_is_made_of_them() -> None:
    row = stream()
    Stream.objects.filter(pk=row.pk).update(extra_headers="key=1", started_at=NOON)
    columns = ("uuid", "extra_headers", "started_at", "ended_at", "bidirectional", "call__account__fill_silence")
    statement = ReadyStatement(lambda key: Stream.objects.filter(pk=key).values_list(*columns), int)
    for _ in range(2):
        assert statement.read(row.pk) == list(Stream.objects.filter(pk=row.pk).values_list(*columns))
    assert statement.read(row.pk)[0][:4] == (row.uuid, "key=1", NOON, None)
    assert statement.read(0) == []


def test_what_is_only_sorted_by_is_no_column_of_it() -> None:
    rows = [stream() for _ in range(2)]
    statement = ReadyStatement(lambda: Stream.objects.order_by("-requested_at", "-pk").distinct().values_list("uuid"))
    assert statement.read() == [(row.uuid,) for row in reversed(rows)]
