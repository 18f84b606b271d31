"""What a run does with its verdicts, and that a seed says what comes."""

import tempfile
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import table, trial
from tests.chaos.__main__ import at_random, chosen, each_once
from tests.chaos.history import BroughtCall, HeardStream, History
from tests.chaos.invariants import Finding
from tests.chaos.lanes import LANES, Lane
from tests.chaos.numbered_frames import numbered_frame, read_frame
from tests.chaos.sites import EmbeddedSite, LargeSite
from tests.chaos.table import Row
from tests.chaos.trial import Fault, Trial


@asynccontextmanager
async def nothing(of: Trial) -> AsyncIterator[None]:
    yield


FAULTS = [Fault(name, nothing, 1, 2) for name in "abcdefgh"]


def drawn(seed: str, count: int = 20) -> list[tuple[str, float]]:
    course = iter(at_random(FAULTS, seed, time.monotonic() + 60))
    return [(fault.name, seconds) for fault, seconds in (next(course) for _ in range(count))]


def test_a_seed_draws_the_same_faults_again_and_another_one_others() -> None:
    assert drawn("7") == drawn("7") != drawn("8")
    assert all(1 <= seconds <= 2 for _, seconds in drawn("7"))
    assert list(at_random(FAULTS, "7", time.monotonic() - 1)) == []


def test_each_fault_comes_once_and_no_two_have_one_name() -> None:
    assert [fault.name for fault, _ in each_once(FAULTS)] == list("abcdefgh")
    names = [fault.name for lane in LANES for fault in lane.faults]
    assert len(names) == len(set(names)) > 30


def test_what_takes_minutes_comes_by_its_name_or_at_random_and_not_in_the_short_run() -> None:
    lane = Lane("stores", LargeSite, [Fault("quick", nothing), Fault("for 60 s", nothing, 60, 60, is_asked_for=True)])
    for words, minutes, names in (("", 0, ["quick"]), ("60 s", 0, ["for 60 s"]), ("", 5, ["quick", "for 60 s"]), ("quick", 5, ["quick"])):
        assert [fault.name for fault in chosen(lane, Namespace(fault=words, minutes=minutes, streams=0))] == names


def test_a_steady_load_is_the_first_lanes_alone() -> None:
    asked = Namespace(fault="", minutes=10, streams=200)
    steady, *others = (chosen(lane, asked) for lane in LANES)
    assert [(fault.name, fault.seconds, fault.calls_before) for fault in steady] == [("200 streams for 10 min", 600, 200)]
    assert others == [[], []]


async def test_spools_are_looked_at_before_a_kill_and_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "REPLAYED_SECONDS", 0.0)
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **more: str(tmp_path))
    site = EmbeddedSite("one", "")
    site.webs["web"] = ""
    unused: Any = None
    one = Trial(FAULTS[0], site, unused, 1, unused)
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "living.spool").write_bytes(bytes(600))
    one.look_at_spools()
    await one.look_for_spools_left()
    assert one.history.seen_wrong == []
    (spool / "living.spool").write_bytes(b"")
    (spool / "dead.damaged").write_bytes(b"")
    one.look_at_spools()
    await one.look_for_spools_left()
    assert [words.partition(" ")[0] for words in one.history.seen_wrong] == ["nothing", "1"]


def test_a_frame_is_known_by_its_call_and_number_and_silence_is_none() -> None:
    assert read_frame(numbered_frame(70_000, 12, 160)) == (70_000, 12)
    assert len(numbered_frame(1, 300, 320)) == 320
    assert read_frame(b"\xff" * 160) is None


def test_a_row_says_what_was_lost_and_why_it_failed() -> None:
    call = BroughtCall("call", "Alder", "twilio", 1, "web 1", taken=True, sent=10)
    history = History("a", injected_at=1, healed_at=3, settled_at=4, calls=[call])
    history.streams.append(HeardStream("Alder", "call", "stream", 1.0, runs=[[1, 0, 6]]))
    row = Row("a", "stores", history, [Finding("I1 frames", "3 of 10 did not come")])
    assert (row.verdict, table.lost_frames(history)) == ("FAILED", 3)
    assert table.words_of(row) == ["    I1 frames 3 of 10 did not come"]
    assert Row("b", "stores", reason="there is no libfaketime").verdict == "NOT RUN"
    assert table.summary([row, Row("b", "stores", reason="no"), Row("c", "stores", history)]) == "1 good, 1 failed, 1 not run"
