"""What a killed process had noted is written by the next that looks: all of it, once, whatever the file looks like and who else looks."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DataError, OperationalError
from django.db.models.functions import Now

from cdr.models import Charge
from streams import journal
from streams.calls import orphaned_spools, spool_replay
from streams.calls.orphaned_spools import OrphanedSpools
from streams.calls.spool import sealed
from streams.calls.spool_file import SpoolFile
from streams.models import Call, Callback, Stream, StreamEvent
from streams.pure.call.notes import CallFacts, CallKey
from streams.pure.call.unwritten_notes import UnwrittenNotes
from streams.pure.lifecycle import EventKind
from streams.pure.spool_records import framed, heading
from streams.sealed import seal
from streams.tasks import reap_calls
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db
OWNER = "c" * 32


class Killed:
    """A process that noted and was killed. `heard`: calls, and when in seconds after EPOCH."""

    def __init__(self, folder: Path, owner: str = OWNER) -> None:
        self.file = SpoolFile(folder, owner)
        self.path = self.file.path

    def leaves(self, *calls: tuple[CallFacts, Story], heard: dict[CallKey, float] | None = None, together: int = 500) -> None:
        unwritten = UnwrittenNotes()
        for facts, story in calls:
            for note in story.notes:
                unwritten.note(facts, note)
        signs: dict[int, list[CallKey]] = {}
        for key, at in (heard or {}).items():
            signs.setdefault(int(EPOCH + at), []).append(key)
        unwritten.heard(signs)
        lines = list(unwritten.everything())
        batches = [lines[first : first + together] for first in range(0, len(lines), together)]
        payloads = [payload for batch in batches for payload in sealed(batch)]
        self.file.begin_anew(heading(seal().fingerprints[0]), payloads)
        self.file.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def orphans(folder: Path) -> OrphanedSpools:
    return OrphanedSpools(folder)


def whole_call(name: str = "pbx", ends: bool = True) -> tuple[CallFacts, Story, UUID]:
    facts, story, stream_id = call_facts(gateway(name)), Story(), uuid4()
    story.add(EventKind.CALL_STARTED, gateway="pbx")
    story.streaming(stream_id)
    if ends:
        story.stream_ended(stream_id, 60)
        story.call_ended(60)
    return facts, story, stream_id


def reap_now() -> None:
    """A moment later: SQLite's clock has milliseconds."""
    Call.objects.filter(state="live", lease_until__lte=Now()).update(lease_until=Now() - timedelta(seconds=1))
    journal.reap(*journal.expired_calls())


def rows() -> tuple[list[Any], ...]:
    models = (Call, Stream, StreamEvent, Charge, Callback)
    told: list[list[dict[str, Any]]] = [list(model.objects.order_by("pk").values()) for model in models]
    for call in told[0]:
        call["lease_until"] = None
    return tuple(told)


# All of it, once ---------------------------------------------------------------------------------------------------------------
def test_a_call_that_no_row_tells_of_gets_row_charge_and_callbacks(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call()
    killed = Killed(folder)
    killed.leaves((facts, story))
    kept = killed.path.read_bytes()
    assert orphans.replay() == 1 and not killed.path.exists()
    call = Call.objects.get()
    assert (call.state, call.owner, Stream.objects.get().end_cause, Charge.objects.get().seconds) == ("ended", OWNER, "call_ended", 60)
    assert list(Callback.objects.order_by("number").values_list("event", flat=True)) == ["StartStream", "StopStream"]
    before = rows()
    killed.path.write_bytes(kept)  # the process that replayed it was killed before it could remove it
    assert orphans.replay() == 1 and rows() == before


def test_one_without_an_end_ends_at_its_last_sign_of_life(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call(ends=False)
    Killed(folder).leaves((facts, story), heard={facts.key: 45.0})
    assert orphans.replay() == 1
    assert Call.objects.get().state == "live"
    reap_now()
    call = Call.objects.get()
    assert (call.state, call.ended_at.timestamp(), Charge.objects.get().seconds) == ("ended", EPOCH + 45, 45)
    assert list(Callback.objects.order_by("number").values_list("event", flat=True)) == ["StartStream", "DroppedStream"]


def test_one_that_was_heard_of_later_than_its_row_says_is_billed_to_then(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call(ends=False)
    journal.record(OWNER, 20.0, facts, story.notes)
    Killed(folder).leaves(heard={facts.key: 33.0})
    assert orphans.replay() == 1
    reap_now()
    assert Charge.objects.get().seconds == 33


def test_without_any_sign_of_life_nothing_is_billed_that_nobody_knows_of(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call(ends=False)
    Killed(folder).leaves((facts, story))
    assert orphans.replay() == 1
    reap_now()
    assert Charge.objects.get().seconds == 0 and Callback.objects.count() == 2


def test_whoever_ends_its_calls_first_looks_for_what_it_had_noted(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker on the same machine, with the same DATA_DIR."""
    monkeypatch.setattr("streams.tasks._orphans", OrphanedSpools(tmp_path / "spool"))
    facts, story, _ = whole_call()
    journal.record(OWNER, 0.0, facts, story.notes[:5])
    Killed(tmp_path / "spool").leaves((facts, story))
    reap_calls()
    assert Charge.objects.get().seconds == 60 and Stream.objects.get().end_cause == "call_ended"


def test_a_worker_that_was_quicker_is_not_contradicted(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call()
    journal.record(OWNER, 0.0, facts, story.notes[:5])
    reap_now()
    charge = Charge.objects.get()
    Killed(folder).leaves((facts, story), heard={facts.key: 60.0})
    assert orphans.replay() == 1
    assert (Charge.objects.get().seconds, Stream.objects.get().end_cause) == (charge.seconds, "process_lost")
    assert Callback.objects.count() == 2


def test_the_file_of_a_process_that_lives_is_left_alone(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call()
    killed = Killed(folder)
    killed.leaves((facts, story))
    kept = killed.path.read_bytes()
    living = SpoolFile(folder, OWNER)
    living.begin_anew(kept, [])
    assert orphans.replay() == 0 and not Call.objects.exists()
    living.close()
    assert orphans.replay() == 1 and Call.objects.exists()


class KilledHere(BaseException):
    pass


def test_killed_anywhere_in_it_the_next_does_what_is_left(folder: Path, orphans: OrphanedSpools, monkeypatch: pytest.MonkeyPatch) -> None:
    facts, story, stream_id = whole_call()
    other, other_story, _ = whole_call("other")
    monkeypatch.setattr(spool_replay, "NOTES_AT_ONCE", 2)
    killed = Killed(folder)
    killed.leaves((facts, story), (other, other_story))
    record_notes, left, kills = journal.record, 0, 0

    def dies(*arguments: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledHere
        record_notes(*arguments)

    monkeypatch.setattr(journal, "record", dies)
    while killed.path.exists():
        left = kills
        try:
            orphans.replay()
        except KilledHere:
            kills += 1
    assert kills >= 4 and sorted(Charge.objects.values_list("seconds", flat=True)) == [60, 60]
    assert Callback.objects.filter(stream__uuid=stream_id).count() == 2 and StreamEvent.objects.count() == len(story.notes) * 2


# Not now -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("at", ["probe", "record", "may_go_on", "inherit_leases"])
def test_while_the_database_takes_nothing_the_file_waits(
    folder: Path, orphans: OrphanedSpools, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    facts, story, _ = whole_call()
    Killed(folder).leaves((facts, story))
    with monkeypatch.context() as away:

        def refuse(*arguments: Any) -> None:
            away.setattr(journal, "probe", refuse)
            raise OperationalError("server closed the connection unexpectedly")

        away.setattr(journal, at, refuse)
        assert orphans.replay() == 0
    assert orphans.replay() == 1 and Charge.objects.get().seconds == 60


def test_a_process_that_is_stopped_leaves_the_rest_to_the_next(folder: Path, orphans: OrphanedSpools) -> None:
    for owner in "def":
        facts, story, _ = whole_call(owner)
        Killed(folder, owner * 32).leaves((facts, story))
    answers = iter([True, True, True, True, True, False])
    orphans.replay(lambda: next(answers, False))
    assert len(list(folder.iterdir())) >= 2
    assert OrphanedSpools(folder).replay() >= 2 and Charge.objects.count() == 3


# What cannot be written ----------------------------------------------------------------------------------------------------------
def test_a_bad_note_takes_nothing_with_it_but_what_depends_on_it(
    folder: Path, orphans: OrphanedSpools, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    facts, story, _ = whole_call()
    story.add(EventKind.CALL_DTMF, 61, digit="9")
    other, other_story, _ = whole_call("other")
    killed = Killed(folder)
    killed.leaves((facts, story), (other, other_story))
    record_notes, bad = journal.record, story.notes[4].number

    def refuses(owner: str, lease: float, whose: CallFacts, notes: Any, lost: int = 0) -> None:
        if whose.call_id == facts.call_id and any(note.number == bad for note in notes):
            raise DataError("value too long")
        record_notes(owner, lease, whose, notes, lost)

    with monkeypatch.context() as refusing:
        refusing.setattr(journal, "record", refuses)
        assert orphans.replay() == 0 and killed.path.exists()
        assert Stream.objects.get(call__uuid=facts.call_id).state == "connected"
        assert Call.objects.get(uuid=other.call_id).state == "ended" and StreamEvent.objects.filter(kind="call_dtmf").exists()
        assert orphans.replay() == 0, "it rests"
    assert caplog.text.count("3 notes cannot be written, though others can") == 1 and "value too long" in caplog.text
    assert OrphanedSpools(folder).replay() == 1 and Charge.objects.count() == 2


def test_another_account_s_call_of_that_uuid_is_left_alone(folder: Path, orphans: OrphanedSpools) -> None:
    facts, story, _ = whole_call()
    theirs = call_facts(gateway("theirs"), call_id=facts.call_id)
    journal.record("d" * 32, 20.0, theirs, story.notes[:1])
    Killed(folder).leaves((facts, story), heard={facts.key: 60.0})
    assert orphans.replay() == 1
    assert dict(Call.objects.values_list("account_id", "state")) == {theirs.account_id: "live", facts.account_id: "ended"}
    assert Charge.objects.get().seconds == 60


# What cannot be read ---------------------------------------------------------------------------------------------------------------
def test_a_torn_tail_is_said_and_costs_nothing_else(folder: Path, orphans: OrphanedSpools, caplog: pytest.LogCaptureFixture) -> None:
    facts, story, _ = whole_call()
    killed = Killed(folder)
    killed.leaves((facts, story))
    with killed.path.open("ab") as file:
        file.write(framed(b"x" * 100)[:-1])
    assert orphans.replay() == 1 and not list(folder.iterdir()) and Charge.objects.get().seconds == 60
    assert "the last 111 bytes were not written to their end" in caplog.text


def test_wherever_a_file_is_cut_off_what_is_billed_is_never_too_much(folder: Path, tmp_path: Path) -> None:
    facts, story, _ = whole_call()
    killed = Killed(tmp_path / "whole")
    killed.leaves((facts, story), heard={facts.key: 60.0}, together=1)
    whole = killed.path.read_bytes()
    folder.mkdir()
    for cut in range(0, len(whole), 97):
        (folder / killed.path.name).write_bytes(whole[:cut])
        OrphanedSpools(folder).replay()
        assert not (folder / killed.path.name).exists()
    reap_now()
    assert Call.objects.get().state == "ended" and Charge.objects.get().seconds <= 60


def test_damage_in_the_middle_loses_what_is_damaged_and_bills_no_longer_for_it(
    folder: Path, orphans: OrphanedSpools, caplog: pytest.LogCaptureFixture
) -> None:
    """What is lost may be the end of a stream; a call that is heard of after it says nothing about that."""
    facts, story, stream_id = whole_call(ends=False)
    lost_end = story.stream_ended(stream_id, 10)
    story.add(EventKind.CALL_DTMF, 20, digit="1")
    other, other_story, _ = whole_call("other")
    killed = Killed(folder)
    killed.leaves((facts, story), (other, other_story), heard={facts.key: 300.0}, together=1)
    data = bytearray(killed.path.read_bytes())
    records = data.split(b"\xf5SD\xf5")
    place = len(b"\xf5SD\xf5".join(records[: lost_end.number + 1])) + 40  # behind the heading and the line of the call
    data[place] ^= 1
    killed.path.write_bytes(data)
    assert orphans.replay() == 1
    reap_now()
    assert [path.name for path in folder.iterdir()] == [f"{OWNER}.damaged"]
    assert "bytes are damaged and 0 notes make no sense; all else is written" in caplog.text
    assert Charge.objects.get(stream__uuid=stream_id).seconds == 0 and Charge.objects.get(stream__call__uuid=other.call_id).seconds == 60
    assert StreamEvent.objects.filter(kind="call_dtmf").exists()


def foreign(path: Path) -> None:
    path.write_bytes(b"#!/bin/sh\n" * 1000)


def forged(path: Path) -> None:
    """By somebody who has no key."""
    path.write_bytes(heading(seal().fingerprints[0]) + framed(b"gAAAAAB" + b"x" * 200) + framed(bytes(range(256))))


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link(path: Path) -> None:
    target = path.parent.parent / "target"
    target.write_bytes(heading(seal().fingerprints[0]))
    path.symlink_to(target)


def a_loop(path: Path) -> None:
    path.symlink_to(path)


def a_sparse_giant(path: Path) -> None:
    with path.open("wb") as file:
        file.write(heading(seal().fingerprints[0]))
        file.truncate(2**40)


def of_a_newer_version(path: Path) -> None:
    path.write_bytes(b"streamdesk spool 2 " + seal().fingerprints[0].encode() + b"\nwhatever")


def of_another_key(path: Path) -> None:
    path.write_bytes(heading("0123456789abcdef") + framed(b"x"))


Make = Callable[[Path], None]
ASIDE: dict[Make, str] = {foreign: "is no spool", forged: "bytes are damaged"}
STAYS: dict[Make, str] = {
    a_fifo: "it is no file",
    a_folder: "it is no file",
    a_sparse_giant: "larger than any of ours",
    a_link: "Too many levels of symbolic links",
    a_loop: "Too many levels of symbolic links",
    of_a_newer_version: "it is of another version (2; this one reads 1)",
    of_another_key: "SECRETS_KEY needs the one with the fingerprint 0123456789abcdef",
}


@pytest.mark.parametrize("make", [*ASIDE, *STAYS], ids=lambda make: make.__name__)
def test_no_file_stops_anything(folder: Path, orphans: OrphanedSpools, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    folder.mkdir()
    name = "0" * 32 + ".spool"
    make(folder / name)
    facts, story, _ = whole_call()
    Killed(folder).leaves((facts, story))
    for _ in range(3):
        orphans.replay()
    assert Charge.objects.get().seconds == 60
    assert {path.name for path in folder.iterdir()} == {name if make in STAYS else name.replace(".spool", ".damaged")}
    assert caplog.text.count((ASIDE | STAYS)[make]) == 1
    if make is a_link:
        assert (folder.parent / "target").read_bytes() == heading(seal().fingerprints[0])


def test_others_files_are_left_alone_and_half_made_ones_go(folder: Path, orphans: OrphanedSpools) -> None:
    folder.mkdir()
    for name in ("notes.txt", f"{OWNER}.spool~", f"{OWNER}.damaged", "f" * 32 + ".new"):
        (folder / name).touch()
    assert orphans.replay() == 0 and (folder / ("f" * 32 + ".new")).exists(), "it may just be in the making"
    assert orphans.replay() == 0
    assert {path.name for path in folder.iterdir()} == {"notes.txt", f"{OWNER}.spool~", f"{OWNER}.damaged"}


def test_a_folder_that_is_not_there_or_none_is_nothing(tmp_path: Path) -> None:
    assert OrphanedSpools(tmp_path / "missing").replay() == 0
    (tmp_path / "file").touch()
    assert OrphanedSpools(tmp_path / "file").replay() == 0
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / ("0" * 32 + ".spool")).write_bytes(heading(seal().fingerprints[0]))
    assert OrphanedSpools(tmp_path / "link").replay() == 0 and (tmp_path / ("0" * 32 + ".spool")).exists()


def test_thousands_of_them_are_all_done(folder: Path, orphans: OrphanedSpools) -> None:
    """Of processes that were started and killed by something that went wrong all night."""
    facts, story, _ = whole_call()
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number:032x}.spool").write_bytes(heading(seal().fingerprints[0]))
    Killed(folder, "f" * 32).leaves((facts, story))
    began = time.monotonic()
    assert orphans.replay() == 1 and not list(folder.iterdir()) and time.monotonic() - began < 30


def test_a_round_ends_in_time(folder: Path, orphans: OrphanedSpools, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    for number in range(3):
        (folder / f"{number:032x}.spool").touch()
    monkeypatch.setattr(orphaned_spools, "ROUND_SECONDS", -1.0)
    assert orphans.replay() == 0 and len(list(folder.iterdir())) == 3
    shutil.rmtree(folder)
