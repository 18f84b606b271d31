"""Notes wait for the journal: in order, through an absent database, and never past a lease that was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import DataError, OperationalError

from streams import journal, keeper
from streams.calls import note_queue
from streams.calls.note_queue import NoteQueue
from streams.keeper import loops_down
from streams.models import Call, StreamEvent
from streams.pure.call.notes import Note
from streams.pure.lifecycle import EventKind, Level
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db(transaction=True)
OWNER = "a" * 32


@asynccontextmanager
async def kept() -> AsyncIterator[NoteQueue]:
    book = NoteQueue(OWNER, 20.0)
    try:
        yield book
    finally:
        await book.stop(2.0)


async def facts_of_new_gateway():
    return call_facts(await database_sync_to_async(gateway)())


def begin(book: NoteQueue, facts, lost: list[tuple[str, bool]] | None = None) -> Story:
    told = lost if lost is not None else []
    book.open(facts, lambda words, begun: told.append((words, begun)))
    story = Story()
    book.add(facts, story.add(EventKind.CALL_STARTED, gateway="pbx"))
    return story


def written_numbers() -> list[int]:
    return list(StreamEvent.objects.order_by("id").values_list("number", flat=True))


async def test_notes_are_written_in_order() -> None:
    facts = await facts_of_new_gateway()
    async with kept() as book:
        story = begin(book, facts)
        for digit in "0123456789":
            book.add(facts, story.add(EventKind.CALL_DTMF, digit=digit))
            await asyncio.sleep(0)
        assert await book.written(30)
        assert book.begun(facts.call_id)
    assert await database_sync_to_async(written_numbers)() == list(range(1, 12))


async def test_notes_of_many_calls_are_all_written() -> None:
    row = await database_sync_to_async(gateway)()
    calls = [call_facts(row) for _ in range(20)]
    async with kept() as book:
        for facts in calls:
            story = begin(book, facts)
            book.add(facts, story.call_ended(1))
            book.close(facts.call_id)
        assert await book.written(10)
        assert book.pages == {}
    assert await database_sync_to_async(Call.objects.filter(state="ended").count)() == 20


async def test_while_the_database_is_away_notes_wait_and_are_then_written(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = await facts_of_new_gateway()
    record, tries = journal.record, []

    def away_three_times(*arguments) -> None:
        tries.append(1)
        if len(tries) <= 3:
            raise OperationalError("the database is away")
        record(*arguments)

    monkeypatch.setattr(journal, "record", away_three_times)
    async with kept() as book:
        story = begin(book, facts)
        book.add(facts, story.call_ended(1))
        assert await book.written(10)
    assert len(tries) > 3
    assert await database_sync_to_async(written_numbers)() == [1, 2]


async def test_one_bad_note_does_not_take_the_others_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = await facts_of_new_gateway()
    record = journal.record

    def refuses_number_two(owner, lease, facts, notes, lost=0) -> None:
        if any(note.number == 2 for note in notes):
            raise DataError("invalid byte sequence")
        record(owner, lease, facts, notes, lost)

    monkeypatch.setattr(journal, "record", refuses_number_two)
    async with kept() as book:
        story = begin(book, facts)
        for digit in "12":
            book.add(facts, story.add(EventKind.CALL_DTMF, digit=digit))
        assert await book.written(10)
    assert await database_sync_to_async(written_numbers)() == [1, None, 3]
    gap = await database_sync_to_async(StreamEvent.objects.get)(kind=EventKind.CALL_EVENTS_LOST)
    assert gap.details == {"count": 1}


async def test_a_lost_lease_drops_the_page_and_says_so() -> None:
    facts = await facts_of_new_gateway()
    await database_sync_to_async(journal.record)("b" * 32, 20.0, facts, [Note(1, EventKind.CALL_STARTED, EPOCH)])
    async with kept() as book:
        lost: list[tuple[str, bool]] = []
        begin(book, facts, lost)
        assert await book.written(30)
        assert len(lost) == 1 and str(facts.call_id) in lost[0][0] and lost[0][1] is False
        assert not book.begun(facts.call_id)
    assert await database_sync_to_async(StreamEvent.objects.count)() == 1


async def test_a_lease_that_is_lost_while_notes_are_tried_one_by_one_drops_the_page_too(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, answers = await facts_of_new_gateway(), [DataError("invalid byte sequence"), journal.LeaseLost("taken")]

    def record(*arguments) -> None:
        raise answers.pop(0)

    monkeypatch.setattr(journal, "record", record)
    async with kept() as book:
        lost: list[tuple[str, bool]] = []
        begin(book, facts, lost)
        assert await book.written(30)
        assert (lost, book.pages, loops_down()) == ([("taken", False)], {}, [])


async def test_a_page_that_makes_its_writer_fail_holds_up_no_other_call_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 0.01)
    row = await database_sync_to_async(gateway)()
    bad, record, good_is_written = call_facts(row), journal.record, asyncio.Event()
    others = [call_facts(row) for _ in range(note_queue.WRITERS * 2)]

    def fails_for_one(owner, lease, facts, notes, lost=0) -> None:
        if facts is bad and not good_is_written.is_set():
            raise RuntimeError("can't start new thread")
        record(owner, lease, facts, notes, lost)

    monkeypatch.setattr(journal, "record", fails_for_one)
    async with kept() as book:
        begin(book, bad)
        for facts in others:
            begin(book, facts)
        for facts in others:
            await book.until_begun(facts.call_id, 30)
            assert book.begun(facts.call_id)
        good_is_written.set()
        assert await book.written(30) and book.begun(bad.call_id)
    assert await database_sync_to_async(Call.objects.count)() == len(others) + 1


async def test_past_the_limit_only_debug_notes_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(note_queue, "NOTES_AT_MOST", 1)
    facts = await facts_of_new_gateway()
    async with kept() as book:
        story = begin(book, facts)
        for number in (2, 3):
            book.add(facts, Note(number, EventKind.CALL_FIRST_AUDIO, EPOCH, Level.DEBUG))
        story.notes += [story.notes[0], story.notes[0]]
        book.add(facts, story.add(EventKind.CALL_DTMF, digit="5"))
        assert await book.written(30)
    rows = await database_sync_to_async(lambda: list(StreamEvent.objects.order_by("id").values_list("number", "kind")))()
    assert (1, "call_started") in rows and (4, "call_dtmf") in rows
    assert not [row for row in rows if row[1] == "call_first_audio"]
    gap = await database_sync_to_async(StreamEvent.objects.get)(kind=EventKind.CALL_EVENTS_LOST)
    assert gap.details == {"count": 2}


async def test_notes_of_a_call_that_was_never_opened_go_nowhere() -> None:
    async with kept() as book:
        book.add(call_facts_without_rows(), Note(1, EventKind.CALL_STARTED, EPOCH))
        assert await book.written(1)


def call_facts_without_rows():
    class Row:
        pk = account_id = application_id = 1

    return call_facts(Row(), call_id=uuid4())  # type: ignore[arg-type]
