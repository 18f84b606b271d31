"""Notes wait for the journal: in order, through an absent database, and never past a lease that was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import DataError, OperationalError

from cdr.models import Charge
from streams import journal
from streams.calls import note_page, note_queue
from streams.calls.note_queue import NoteQueue
from streams.calls.orphaned_spools import OrphanedSpools
from streams.keeper import loops_down
from streams.models import Call, Stream, StreamEvent
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import StreamRequest
from tests.streams.gateway_socket import until
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
        assert book.begun(facts.key)
    assert await database_sync_to_async(written_numbers)() == list(range(1, 12))


async def test_notes_of_many_calls_are_all_written() -> None:
    row = await database_sync_to_async(gateway)()
    calls = [call_facts(row) for _ in range(20)]
    async with kept() as book:
        for facts in calls:
            story = begin(book, facts)
            book.add(facts, story.call_ended(1))
            book.close(facts.key)
        assert await book.written(10)
        assert book.pages == {}
    assert await database_sync_to_async(Call.objects.filter(state="ended").count)() == 20


def refuses(monkeypatch: pytest.MonkeyPatch, number: int, error: Exception, while_set: asyncio.Event | None = None) -> None:
    """The journal refuses one note, for ever or for a while, and takes the others."""
    record = journal.record

    def refusing(owner, lease, facts, notes, lost=0) -> None:
        if any(note.number == number for note in notes) and not (while_set and not while_set.is_set()):
            raise error
        record(owner, lease, facts, notes, lost)

    monkeypatch.setattr(journal, "record", refusing)


# Whatever it is called: that others can be written tells that it is the note's fault.
@pytest.mark.parametrize("error", [DataError("invalid byte sequence"), OperationalError("index row size exceeds maximum"), KeyError("of")])
async def test_one_bad_note_does_not_take_the_others_with_it(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    facts = await facts_of_new_gateway()
    refuses(monkeypatch, 2, error)
    async with kept() as book:
        begin(book, facts)
        book.add(facts, Note(2, EventKind.CALL_FIRST_AUDIO, EPOCH, Level.DEBUG))
        book.add(facts, Note(3, EventKind.CALL_DTMF, EPOCH, details={"digit": "1"}))
        assert await book.written(30)
    assert await database_sync_to_async(written_numbers)() == [1, None, 3]
    gap = await database_sync_to_async(StreamEvent.objects.get)(kind=EventKind.CALL_EVENTS_LOST)
    assert gap.details == {"count": 1}


async def test_a_bad_note_of_the_lifecycle_is_set_aside_and_written_in_its_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What depends on it waits with it; other facts of the call, and other calls, do not."""
    row = await database_sync_to_async(gateway)()
    facts, other, stream_id, bad = call_facts(row), call_facts(row), uuid4(), asyncio.Event()
    bad.set()
    monkeypatch.setattr(note_page, "FIRST_REST_SECONDS", 0.05)
    refuses(monkeypatch, 5, OperationalError("value too long"), bad)
    async with kept() as book:
        story = begin(book, facts)
        story.streaming(stream_id)
        story.add(EventKind.CALL_DTMF, 1, digit="7")
        story.stream_ended(stream_id, 70)
        story.call_ended(70)
        for note in story.notes[1:]:
            book.add(facts, note)
        book.close(facts.key)
        begin(book, other)
        await book.until_begun(other.key, 30)
        seven = await until(lambda: StreamEvent.objects.filter(kind="call_dtmf").first())
        await until(lambda: note_queue.notes_aside() == 3)  # once the last of these notes had its turn
        assert seven.number == 6 and not note_queue.refused_for_now()
        assert await database_sync_to_async(state_of)(facts) == ("live", "connected", 0)
        bad.clear()
        assert await book.written(30)
        assert note_queue.notes_aside() == 0 and facts.key not in book.pages
    assert await database_sync_to_async(state_of)(facts) == ("ended", "ended", 1)
    assert (await database_sync_to_async(Charge.objects.get)()).seconds == 70
    numbers = await database_sync_to_async(
        lambda: list(StreamEvent.objects.filter(call__uuid=facts.call_id).order_by("number").values_list("number", flat=True))
    )()
    assert numbers == list(range(1, 9))
    assert "it is set aside and tried again" in caplog.text and "audio/x-l16" in caplog.text


async def test_what_cannot_be_written_before_the_end_of_the_process_is_written_by_the_next_one(
    monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATA_DIR = tmp_path
    facts, bad = await facts_of_new_gateway(), asyncio.Event()
    bad.set()
    refuses(monkeypatch, 2, DataError("invalid byte sequence"), bad)
    book = NoteQueue(OWNER, 20.0)
    story = begin(book, facts)
    book.add(facts, story.add(EventKind.CALL_DTMF, digit="1"))
    await book.stop(1)
    assert f"1 notes could not be written before the process ended; they are in {book.spool.file.path}" in caplog.text
    bad.clear()
    assert await database_sync_to_async(OrphanedSpools(tmp_path / "spool").replay)() == 1
    assert await database_sync_to_async(written_numbers)() == [1, 2] and not list((tmp_path / "spool").iterdir())


async def test_it_is_in_the_log_where_no_file_can_be_written(
    monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without what is secret in it."""
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.touch()
    facts = await facts_of_new_gateway()
    refuses(monkeypatch, 2, DataError("invalid byte sequence"))
    book = NoteQueue(OWNER, 20.0)
    story = begin(book, facts)
    book.add(facts, story.request(uuid4(), StreamRequest("wss://bot.example/audio", extra_headers="X-Token=c4nary")))
    await book.stop(0.5)
    assert f"Not written: call {facts.call_id} of account {facts.account_id}: Note(number=2" in caplog.text
    assert "X-Token=(hidden)" in caplog.text and "c4nary" not in caplog.text


async def test_an_account_that_is_gone_holds_up_nobody_and_its_notes_are_kept(
    monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATA_DIR = tmp_path
    row = await database_sync_to_async(gateway)()
    gone, there = replace(call_facts(row), account_id=row.account_id + 1000), call_facts(row)
    async with kept() as book:
        story = begin(book, gone)
        for _ in range(30):
            book.add(gone, story.add(EventKind.CALL_DTMF, digit="1"))
        begin(book, there)
        await book.until_begun(there.key, 30)
        assert book.begun(there.key) and not book.begun(gone.key)
    orphans = OrphanedSpools(tmp_path / "spool")
    for _ in range(2):  # and is not tried again at once
        assert await database_sync_to_async(orphans.replay)() == 0
    assert caplog.text.count("31 notes cannot be written, though others can") == 1 and book.spool.file.path.exists()


def state_of(facts: CallFacts) -> tuple[str, str, int]:
    stream = Stream.objects.get(call__uuid=facts.call_id)
    return stream.call.state, stream.state, Charge.objects.count()


async def test_a_lost_lease_drops_the_page_and_says_so() -> None:
    facts = await facts_of_new_gateway()
    await database_sync_to_async(journal.record)("b" * 32, 20.0, facts, [Note(1, EventKind.CALL_STARTED, EPOCH)])
    async with kept() as book:
        lost: list[tuple[str, bool]] = []
        begin(book, facts, lost)
        assert await book.written(30)
        assert len(lost) == 1 and str(facts.call_id) in lost[0][0] and lost[0][1] is False
        assert not book.begun(facts.key)
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


async def test_a_page_that_cannot_be_written_holds_up_no_other_call_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
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
            await book.until_begun(facts.key, 30)
            assert book.begun(facts.key)
        assert await until(note_queue.notes_aside) == 1
        good_is_written.set()
        assert await book.written(30) and book.begun(bad.key)
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


# What comes together is written together ----------------------------------------------------------------------------------------
@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may wait for what follows does so for longer than a test."""
    monkeypatch.setattr(note_page, "GATHER_SECONDS", 600.0)
    monkeypatch.setattr(note_page, "SOON_SECONDS", 600.0)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The numbers of the notes of each batch that was written."""
    written: list[list[int]] = []
    real = journal.record

    def record(owner: str, lease_seconds: float, facts: CallFacts, notes: list[Note], lost: int) -> None:
        real(owner, lease_seconds, facts, notes, lost)
        written.append([note.number for note in notes])

    monkeypatch.setattr(journal, "record", record)
    return written


async def test_all_up_to_what_a_customer_is_told_is_written_at_once_and_together(patient: None, batches: list[list[int]]) -> None:
    facts = await facts_of_new_gateway()
    async with kept() as book:
        story = begin(book, facts)
        story.streaming(uuid4())
        for note in story.notes[1:]:
            book.add(facts, note)
        await until(lambda: batches)
        book.add(facts, story.add(EventKind.CALL_DTMF, digit="1"))
        assert batches == [[1, 2, 3, 4, 5]]
    assert batches == [[1, 2, 3, 4, 5], [6]]


async def test_nothing_waits_for_ever_for_what_follows(monkeypatch: pytest.MonkeyPatch, batches: list[list[int]]) -> None:
    """Each note is late by no more than it may be, however many follow."""
    monkeypatch.setattr(note_page, "GATHER_SECONDS", 0.1)
    facts = await facts_of_new_gateway()
    async with kept() as book:
        story = begin(book, facts)
        while len(batches) < 3:
            book.add(facts, story.add(EventKind.CALL_DTMF, digit="1"))
            await asyncio.sleep(0.01)
    assert max(len(batch) for batch in batches[1:3]) > 1
    assert [number for batch in batches for number in batch] == [note.number for note in story.notes]


@pytest.mark.parametrize("hurries", ["asked for its row", "closed", "very many", "written"])
async def test_who_needs_the_rows_does_not_wait_for_what_follows(patient: None, batches: list[list[int]], hurries: str) -> None:
    facts = await facts_of_new_gateway()
    async with kept() as book:
        story = begin(book, facts)
        if hurries == "asked for its row":
            await book.until_begun(facts.key, 30)
        elif hurries == "closed":
            book.close(facts.key)
        elif hurries == "very many":
            for _ in range(note_queue.NOTES_AT_ONCE):
                book.add(facts, story.add(EventKind.CALL_DTMF, digit="1"))
        else:
            assert await book.written(30)
        assert await until(Call.objects.filter(uuid=facts.call_id).exists)
        assert len(batches) == 1


async def test_a_call_is_known_to_live_while_only_its_ends_are_written(patient: None) -> None:
    """What it is billed to should the process die may be said while a key that was pressed waits, and not while an end does."""
    facts, stream_id = await facts_of_new_gateway(), uuid4()
    async with kept() as book:
        story = begin(book, facts)
        assert not book.knows_of_ends(facts.key)
        assert await book.written(30) and book.knows_of_ends(facts.key)
        story.streaming(stream_id)
        book.add(facts, story.notes[1])
        assert book.knows_of_ends(facts.key)
        book.add(facts, story.stream_ended(stream_id, at=3.0))
        assert not book.knows_of_ends(facts.key)
        assert await book.written(30) and book.knows_of_ends(facts.key)
