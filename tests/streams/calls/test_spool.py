"""What is noted is on disk at once, is gone from it once it is written, and costs no call anything where the disk does not do its part."""

import asyncio
import os
import random
import resource
import signal
import stat
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from streams.calls import spool as spools
from streams.calls.spool import Spool, notes_in_memory_only
from streams.calls.spool_file import SpoolFile, locked
from streams.calls.spool_replay import read_spool
from streams.pure.call.note_lines import StoredNotes
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind, Level
from streams.pure.spool_records import heading_of

OWNER = "b" * 32


def facts() -> CallFacts:
    return CallFacts(uuid4(), 1, 1, 1, "", "", "inbound", "", 1_700_000_000.0)


def note(number: int, level: Level = Level.INFO, **details: object) -> Note:
    return Note(number, EventKind.CALL_DTMF, 1_700_000_000.0, level, None, details)


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[Spool]:
    spool = Spool(folder, OWNER)
    try:
        yield spool
    finally:
        await spool.stop(30)


def read(path: Path) -> StoredNotes:
    data = path.read_bytes()
    heading = heading_of(data)
    assert heading is not None
    stored, damages = read_spool(data, heading.size)
    assert not damages
    return stored


def numbers(path: Path) -> list[int]:
    return [each.number for call in read(path).calls.values() for each in call.notes()[0]]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def test_it_is_on_disk_for_its_owner_only_and_sealed(tmp_path: Path) -> None:
    async with kept(tmp_path / "spool") as spool:
        call = facts()
        spool.note(call, note(1, digit="c4nary"))
        spool.note(call, note(2))
        await spool.until_kept(30)
        assert numbers(spool.file.path) == [1, 2]
        assert [stat.S_IMODE(path.stat().st_mode) for path in (spool.file.path, spool.file.path.parent)] == [0o600, 0o700]
        assert b"c4nary" not in spool.file.path.read_bytes() and call.call_id.hex.encode() not in spool.file.path.read_bytes()
        descriptor = os.open(spool.file.path, os.O_RDONLY)
        assert not locked(descriptor)
        os.close(descriptor)
    assert spool.file.path.exists(), "what is not written is left for the next process"


async def test_what_is_written_leaves_it_and_at_the_end_the_file_goes(tmp_path: Path) -> None:
    async with kept(tmp_path / "spool") as spool:
        call, other = facts(), facts()
        for number in range(1, 6):
            spool.note(call, note(number))
        spool.note(other, note(1))
        await spool.until_kept(30)
        spool.written(call.key, [1, 2, 3, 4, 5])
        spool.heard({1_700_000_005: [call.key]})
        spool.forget(other.key)
        await until(lambda: numbers(spool.file.path) == [])
        assert read(spool.file.path).heard == {call.key: 1_700_000_005}
        spool.note(call, note(6))
        await spool.until_kept(30)
        assert numbers(spool.file.path) == [6] and read(spool.file.path).heard == {call.key: 1_700_000_005}
        spool.written(call.key, [6])
    assert list((tmp_path / "spool").iterdir()) == []


async def test_the_debug_log_is_on_disk_within_a_second_by_itself(tmp_path: Path) -> None:
    async with kept(tmp_path / "spool") as spool:
        spool.note(facts(), note(1, Level.DEBUG))
        await until(lambda: spool.file.path.exists() and numbers(spool.file.path) == [1])


async def test_what_is_mostly_written_is_written_anew_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "WORTH_SHRINKING_BYTES", 10_000)
    async with kept(tmp_path / "spool") as spool:
        call = facts()
        for number in range(1, 201):
            spool.note(call, note(number, digit="5" * 500))
            if number > 1:
                spool.written(call.key, [number])
            if number % 20 == 0:
                await spool.until_kept(30)
        await until(lambda: numbers(spool.file.path) == [1])
        assert spool.file.path.stat().st_size < 10_000
        assert [path.name for path in (tmp_path / "spool").iterdir()] == [spool.file.path.name]


async def test_its_file_is_made_again_where_somebody_takes_it_away(tmp_path: Path) -> None:
    async with kept(tmp_path / "spool") as spool:
        call = facts()
        spool.note(call, note(1))
        await spool.until_kept(30)
        spool.file.path.unlink()
        spool.file.path.parent.rmdir()
        spool.note(call, note(2))
        await until(lambda: spool.file.path.exists() and numbers(spool.file.path) == [1, 2])


# Killed ------------------------------------------------------------------------------------------------------------------------
def note_until_killed(spool: Spool, say: int, chance: random.Random) -> None:
    """Says of each note that it is kept, and before it is taken out again that it is not any more."""
    calls, waiting = [facts() for _ in range(3)], set[tuple[int, int]]()
    spool._thread = threading.current_thread()  # its rounds are made here
    for number in range(1, 1_000_000):
        place = chance.randrange(3)
        if waiting and chance.random() < 0.5:
            gone = chance.choice(sorted(waiting))
            waiting.discard(gone)
            os.write(say, b"-%d %d\n" % gone)
            spool.written(calls[gone[0]].key, [gone[1]])
        spool.note(calls[place], replace(note(number, digit="5" * chance.randrange(400)), details={"place": place}))
        spool._emptied_at = 0.0  # as if a second had passed
        spool._round(False)
        waiting.add((place, number))
        os.write(say, b"+%d %d\n" % (place, number))


def test_killed_at_any_moment_all_that_was_kept_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "WORTH_SHRINKING_BYTES", 2_000)
    chance = random.Random()
    for turn in range(25):
        folder = tmp_path / str(turn)
        hear, say = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                note_until_killed(Spool(folder, OWNER), say, random.Random(turn))
            finally:
                os._exit(1)
        os.close(say)
        heard = os.read(hear, 1)
        time.sleep(chance.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(hear, "rb") as said:
            lines = [line for line in (heard + said.read()).splitlines(keepends=True) if line.endswith(b"\n")]
        kept = {line[1:] for line in lines if line[:1] == b"+"} - {line[1:] for line in lines if line[:1] == b"-"}
        data = (folder / f"{OWNER}.spool").read_bytes() if kept else b""
        heading = heading_of(data)
        stored, damages = read_spool(data, heading.size) if heading else (StoredNotes(), [])
        there = {b"%d %d\n" % (each.details["place"], each.number) for call in stored.calls.values() for each in call.notes()[0]}
        assert kept <= there and stored.unread == 0 and all(damage.torn for damage in damages)


# A disk that does not do its part ----------------------------------------------------------------------------------------------
async def it_degrades_and_recovers(spool: Spool, caplog: pytest.LogCaptureFixture, words: str, mend: Callable[[], object]) -> None:
    call = facts()
    for number in range(1, 301):
        spool.note(call, note(number, digit="5" * 500))
        if number == 100:
            await spool.until_kept(30)
    await until(notes_in_memory_only)
    mend()
    await until(lambda: not notes_in_memory_only())
    await spool.until_kept(30)
    assert numbers(spool.file.path) == list(range(1, 301))
    assert caplog.text.count("Keeping notes on disk failed") == caplog.text.count("Keeping notes on disk works again") == 1
    assert words in caplog.text and "calls go on, and notes are kept in memory" in caplog.text


@contextmanager
def files_of_at_most(size: int) -> Iterator[Callable[[], None]]:
    """A write beyond fails; yields what lifts it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_a_file_that_may_not_grow_is_said_and_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with files_of_at_most(100_000) as lift:
        async with kept(tmp_path / "spool") as spool:
            await it_degrades_and_recovers(spool, caplog, "File too large", lift)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """128 KiB, half of them taken."""
    if os.geteuid() != 0:
        pytest.skip("A disk of its own is mounted by root only.")
    disk = tmp_path / "spool"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("No disk of its own can be mounted here.")
    (disk / "something else").write_bytes(bytes(60_000))
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_is_said_and_survived(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with kept(small_disk) as spool:
        make_room = ["mount", "-o", "remount,size=4m", small_disk]
        await it_degrades_and_recovers(spool, caplog, "No space left on device", lambda: subprocess.run(make_room, check=True))


async def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "spool").symlink_to(elsewhere)
    async with kept(tmp_path / "spool") as spool:
        await it_degrades_and_recovers(spool, caplog, "Not a directory", (tmp_path / "spool").unlink)
    assert list(elsewhere.iterdir()) == []


async def test_links_in_place_of_its_files_are_not_followed(tmp_path: Path) -> None:
    folder, victim = tmp_path / "spool", tmp_path / "victim"
    folder.mkdir()
    victim.write_bytes(b"precious")
    for name in (f"{OWNER}.spool", f"{OWNER}.new"):
        (folder / name).symlink_to(victim)
    async with kept(folder) as spool:
        spool.note(facts(), note(1))
        await spool.until_kept(30)
        assert numbers(spool.file.path) == [1] and not spool.file.path.is_symlink()
    assert victim.read_bytes() == b"precious"


async def test_past_its_bound_notes_are_in_memory_only_until_the_database_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spools, "SPOOL_BYTES", 100_000)
    async with kept(tmp_path / "spool") as spool:
        call = facts()
        for number in range(1, 301):
            spool.note(call, note(number, digit="5" * 500))
            await spool.until_kept(30)
        assert notes_in_memory_only() and spool.file.path.stat().st_size <= 100_000
        assert numbers(spool.file.path) == list(range(1, len(numbers(spool.file.path)) + 1))
        spool.written(call.key, range(1, 290))
        await until(lambda: not notes_in_memory_only())
        assert numbers(spool.file.path) == list(range(290, 301))
    assert caplog.text.count("there is more to keep than may be") == 1


async def test_a_disk_that_hangs_holds_up_nobody_for_longer_than_he_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over, write = asyncio.Event(), SpoolFile.begin_anew
    loop = asyncio.get_running_loop()

    def hang(*arguments: object) -> None:
        asyncio.run_coroutine_threadsafe(over.wait(), loop).result(30)
        write(*arguments)

    monkeypatch.setattr(SpoolFile, "begin_anew", hang)
    async with kept(tmp_path / "spool") as spool:
        for number in range(1, 1001):
            spool.note(facts(), note(number))
        began = loop.time()
        await spool.until_kept(0.1)
        assert loop.time() - began < 10 and not await spool.stop(0.1)
        over.set()
        await until(spool.file.path.exists)
