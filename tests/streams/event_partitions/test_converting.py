"""The table of events is cut by time while calls write to it: nothing is refused, lost or written twice, and all that reads it goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cdr.pages.log.reading import rows_of_call, rows_of_stream
from streams import event_partitions, journal
from streams.event_partitions import CannotConvert, NeverFree, short_locks
from streams.event_partitions.catalog import taken_until
from streams.event_partitions.short_locks import asked, execute
from streams.models import Call, Stream, StreamEvent
from streams.pure.call.notes import CallFacts
from streams.pure.lifecycle import EventKind
from streams.pure.partition_ranges import PartitionPeriod
from tests.streams.journal.recording import record
from tests.streams.rows import Story, call_facts, gateway

MONTH = PartitionPeriod.MONTH
NOT_CALLED: list[str] = []


def story_of_a_call() -> tuple[Story, Stream]:
    """Written by the journal, as of its time."""
    facts, story, stream_id = call_facts(gateway(f"pbx {uuid4()}")), Story(), uuid4()
    story.add(EventKind.CALL_STARTED, gateway="pbx")
    story.streaming(stream_id)
    record(facts, story)
    return story, Stream.objects.select_related("call", "charge").get(uuid=stream_id)


def facts_of(stream: Stream) -> CallFacts:
    call = stream.call
    return call_facts(call.gateway, call_id=call.uuid, started_at=call.started_at.timestamp())  # type: ignore[arg-type]  # it has one


@contextmanager
def calls_that_go_on() -> Iterator[list[int]]:
    """Written by another connection, one after the other, until the end of the block: how many events each has."""
    over, written, failed = threading.Event(), list[int](), list[Exception]()
    facts = call_facts(gateway("busy"))

    def write() -> None:
        try:
            while not over.is_set():
                story, stream_id = Story(), uuid4()
                story.add(EventKind.CALL_STARTED, gateway="pbx")
                story.streaming(stream_id)
                story.stream_ended(stream_id, 20)
                story.call_ended(20)
                record(CallFacts(**{**{name: getattr(facts, name) for name in facts.__slots__}, "call_id": uuid4()}), story)
                written.append(len(story.notes))
        except Exception as error:  # noqa: BLE001 - said by the test
            failed.append(error)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        over.set()
        writer.join(30)
    assert failed == []


def shape_of_keys() -> dict[str, object]:
    with connection.cursor() as cursor:
        return dict(connection.introspection.get_constraints(cursor, "streams_streamevent"))


def test_calls_go_on_while_it_is_cut_and_what_comes_twice_is_written_once(own_database: None) -> None:
    story, stream = story_of_a_call()
    facts, before = facts_of(stream), list(StreamEvent.objects.order_by("pk").values_list("pk", "number", "at"))
    names = set(shape_of_keys())
    with calls_that_go_on() as written:
        assert event_partitions.convert(MONTH, NOT_CALLED.append) < 5
        assert event_partitions.make_ahead(timezone.now())
        seen = len(written)
        while len(written) < seen + 3:
            threading.Event().wait(0.01)
    assert len(written) > 3 and StreamEvent.objects.count() == len(before) + sum(written)
    assert list(StreamEvent.objects.order_by("pk").values_list("pk", "number", "at")[: len(before)]) == before
    assert set(shape_of_keys()) == names, "later migrations know keys and indexes by their names"
    assert StreamEvent.objects.filter(pk__gt=before[-1][0]).count() == sum(written), "keys are numbered on"
    for _ in range(2):
        record(facts, story)
        journal.record_late(facts, story.notes, None)
    assert StreamEvent.objects.filter(call=stream.call).count() == len(before)
    with pytest.raises(Exception, match="event_number_once_per_call"), transaction.atomic():
        StreamEvent.objects.create(call=stream.call, number=1, at=before[0][2], kind="call_started")
    an_old_and_a_far_one(stream)
    pages_and_journal_read_by_indexes(stream, story)
    migrations_go_on()
    with pytest.raises(CannotConvert, match="no plain table"):
        event_partitions.convert(MONTH, NOT_CALLED.append)


def an_old_and_a_far_one(stream: Stream) -> None:
    """No event is refused, whatever its clock says."""
    for moment in (timezone.now() - timedelta(days=4000), timezone.now() + timedelta(days=4000)):
        kept = StreamEvent.objects.create(call=stream.call, at=moment, kind="call_dtmf")
        kept.details = {"digit": "5"}
        kept.save()
        assert StreamEvent.objects.get(pk=kept.pk).at == moment
        kept.delete()


def pages_and_journal_read_by_indexes(stream: Stream, story: Story) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    for log in (rows_of_stream(stream), rows_of_call(stream.call, [stream])):
        plan = log.events.order_by("at", "pk").explain()
        assert "event_number_once_per_call_at" in plan or "event_of_stream" in plan
        assert "Seq Scan" not in plan
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        record(facts_of(stream), story)
    [known] = [each["sql"] for each in queries.captured_queries if '"number" >= ' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {known}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "streams_streamevent_first" in plan and "others" not in plan and "_20" not in plan


def migrations_go_on() -> None:
    """As they are written for a plain table: columns, indexes, and away again."""
    state = ProjectState.from_apps(Call._meta.apps)
    index = models.Index(fields=["kind", "at"], name="event_kind")
    later = [
        migrations.AddField("streamevent", "said", models.CharField(max_length=5, db_default="")),
        migrations.AddField("streamevent", "mark", models.IntegerField(null=True)),
        migrations.AlterField("streamevent", "kind", models.CharField(max_length=80)),
        migrations.AddIndex("streamevent", index),
        migrations.RemoveIndex("streamevent", "event_kind"),
        migrations.RemoveField("streamevent", "said"),
        migrations.RemoveField("streamevent", "mark"),
    ]
    done = type("Later", (migrations.Migration,), {"operations": later})("later", "streams")
    with connection.schema_editor() as editor:
        done.apply(state, editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_attribute WHERE attname IN ('said', 'mark') AND NOT attisdropped")
        assert cursor.fetchone() == (0,)


def test_one_that_was_cut_off_or_found_the_table_in_use_is_begun_again(
    own_database: None, own_role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stream = story_of_a_call()
    with connection.cursor() as cursor:  # as a building that was cut off leaves it
        cursor.execute("CREATE UNIQUE INDEX streams_streamevent_pkey_at ON streams_streamevent (id, at)")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'streams_streamevent_pkey_at'::regclass")
        cursor.execute(f"GRANT SELECT, INSERT ON streams_streamevent TO {own_role}")
    monkeypatch.setattr(short_locks, "PAUSES_SECONDS", (0.01,))
    monkeypatch.setattr(short_locks, "LOCK_TIMEOUT_MS", 50)
    reading = connections.create_connection("default")
    try:
        with reading.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM streams_call")
            with pytest.raises(NeverFree, match="in use all the time"):
                event_partitions.convert(MONTH, NOT_CALLED.append)
        assert event_partitions.partition_period() is None and StreamEvent.objects.count() == 5
        assert taken_until() is None, "else each event of the next month would be refused"
    finally:
        reading.close()
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {own_role}; SET ROLE {own_role}")
        with pytest.raises(CommandError, match=r"refused: must be owner of .*\. Events are taken as before\. Run it as the user who owns"):
            call_command("partition_events", stdout=StringIO())
        cursor.execute("RESET ROLE")
    far = StreamEvent.objects.create(call=stream.call, at=timezone.now() + timedelta(days=500), kind="call_dtmf")
    with pytest.raises(CommandError, match="a clock was wrong then"):
        call_command("partition_events", stdout=StringIO())
    StreamEvent.objects.filter(pk=far.pk).update(at=timezone.now())
    said = StringIO()
    call_command("partition_events", "--by", "week", stdout=said)
    assert "Nobody could write for" in said.getvalue() and "streams_streamevent_first: from the beginning until" in said.getvalue()
    assert event_partitions.partition_period() is PartitionPeriod.WEEK and StreamEvent.objects.count() == 6
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND has_table_privilege('{own_role}', oid, 'INSERT')")
        assert len(cursor.fetchall()) == 2 + len(event_partitions.partitions()), "the whole, that of all others, and each of a time"
    again = StringIO()
    call_command("partition_events", stdout=again)
    assert "Made" not in again.getvalue() and len(again.getvalue().splitlines()) == len(event_partitions.partitions())


def test_two_at_once_are_not_in_each_others_way(own_database: None) -> None:
    """One builds an index, and waits for somebody who writes."""
    writing = connections.create_connection("default")

    def build() -> None:
        execute("CREATE INDEX CONCURRENTLY event_built ON streams_streamevent (kind)")
        connections.close_all()

    building = threading.Thread(target=build)
    try:
        with writing.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE streams_streamevent IN ROW EXCLUSIVE MODE")
            building.start()
            while not asked("SELECT FROM pg_stat_progress_create_index"):
                threading.Event().wait(0.01)
            with pytest.raises(CannotConvert, match="is being built just now"):
                event_partitions.convert(MONTH, NOT_CALLED.append)
    finally:
        writing.close()
        building.join(30)
    assert event_partitions.convert(MONTH, NOT_CALLED.append) < 5
    with connection.cursor() as cursor:
        assert "event_built" in connection.introspection.get_constraints(cursor, "streams_streamevent"), "as every index that there is"


@pytest.mark.django_db
def test_another_database_says_so_and_stays_as_it_is() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("Of SQLite.")
    with pytest.raises(CommandError, match="SQLite has no partitions. Set DATABASE_URL"):
        call_command("partition_events", stdout=StringIO())
    assert event_partitions.make_ahead(timezone.now()) == [] == event_partitions.drop_before(timezone.now())
    assert event_partitions.none_made_for(timezone.now()) is None


@pytest.mark.django_db
def test_where_nobody_asked_the_table_is_plain() -> None:
    assert event_partitions.partition_period() is None
    assert event_partitions.make_ahead(timezone.now()) == [] == event_partitions.drop_before(timezone.now())
