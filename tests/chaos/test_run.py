"""What a run does with its verdicts, in which order it tries, and that a seed says what comes."""

import asyncio
import tempfile
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import table, trial
from tests.chaos.__main__ import MOST_DISTURBED, Run, at_random, chosen, each_once, status
from tests.chaos.history import BroughtCall, HeardStream, History
from tests.chaos.invariants import ByTime, Finding
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


async def test_how_late_the_machine_is_is_known_also_where_the_harness_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **more: str(tmp_path))
    late: Any = Namespace(noise_ms=lambda since, until: 300.0 if until > since > 0 else 0.0, worst_ms=lambda since, until: 0.0)
    unused: Any = None
    site = EmbeddedSite("one", "")
    monkeypatch.setattr(site, "alive", dict)
    one = Trial(FAULTS[0], site, unused, 1, late)
    monkeypatch.setattr(trial, "Peers", lambda *_, **more: 1 / 0)
    found = await one.run(tmp_path / "trial.jsonl")
    assert [finding.invariant for finding in found] == ["harness"] and one.history.noise_ms == 300.0
    assert one.calls_over.is_set()


def test_a_frame_is_known_by_its_call_and_number_and_silence_is_none() -> None:
    assert read_frame(numbered_frame(70_000, 12, 160)) == (70_000, 12)
    assert len(numbered_frame(1, 300, 320)) == 320
    assert read_frame(b"\xff" * 160) is None


class NoSite:
    """An installation of nothing."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def alive(self) -> dict[str, int]:
        return {}


class WatchedRun(Run):
    """Says when each trial begins and ends; what is found comes from `finds`, and a trial that is patient ends when `patience` says so."""

    def __init__(self, folder: Path, finds: dict[str, list[list[Finding]]], *, settles_beside: bool = True) -> None:
        unused: Any = None
        super().__init__(folder, unused, unused, settles_beside)
        self.finds, self.said, self.patience = finds, list[str](), asyncio.Event()

    async def judge(self, row: Row, trial: Trial) -> None:
        self.said.append(f"{row.fault} begins")
        trial.calls_over.set()
        if trial.fault.settles_beside:
            await asyncio.wait_for(self.patience.wait(), 0.2) if self.settles_beside else await asyncio.sleep(0)
        else:
            self.patience.set()
        found = self.finds.get(row.fault, [])
        row.found, row.history = found.pop(0) if found else [], History(row.fault)
        self.said.append(f"{row.fault} ends")


async def said_of(run: WatchedRun, faults: list[Fault]) -> tuple[list[str], list[tuple[str, str]]]:
    lane: Any = Lane("one", lambda *_: NoSite(), faults)  # type: ignore[arg-type,return-value]
    run.answers = Namespace(url="")  # type: ignore[assignment]
    await run.all_of(lane, each_once(faults))
    return run.said, [(row.fault, row.verdict) for row in run.rows if not row.fault.startswith("all of")]


async def test_the_next_fault_does_not_wait_for_callbacks_that_come_late_by_design(tmp_path: Path) -> None:
    faults = [Fault("patient", nothing, settles_beside=True), Fault("quick", nothing)]
    said, verdicts = await said_of(WatchedRun(tmp_path, {}), faults)
    assert said == ["patient begins", "quick begins", "quick ends", "patient ends"]
    assert verdicts == [("quick", "good"), ("patient", "good")]
    alone, _ = await said_of(WatchedRun(tmp_path, {}, settles_beside=False), faults)
    assert alone == ["patient begins", "patient ends", "quick begins", "quick ends"]


async def test_audio_that_is_late_is_tried_once_more_when_nothing_else_goes_on(tmp_path: Path) -> None:
    late, lost = Finding("I8 audio", ByTime("late")), Finding("I1 frames", "lost")
    finds = {"late once": [[late]], "late": [[late], [late]], "lost": [[late, lost]]}
    said, verdicts = await said_of(WatchedRun(tmp_path, finds), [Fault(name, nothing) for name in ("late once", "late", "lost", "good")])
    assert [words for words in said if words.endswith("begins")] == [
        f"{name} begins" for name in ("late once", "late", "lost", "good", "late once", "late")
    ]
    assert dict(verdicts) == {"late once": "good", "late": "FAILED", "lost": "FAILED", "good": "good"}


DISTURBED, CALM = History("a", noise_ms=300, others_cores=0.6), History("a", noise_ms=20, others_cores=0.6)
OWN_DOING = History("a", noise_ms=300, others_cores=0.2)


@pytest.mark.parametrize(
    ("history", "found", "first", "verdict", "again"),
    [
        (CALM, "", "", "good", False),
        (CALM, "time", "", "FAILED", True),
        (CALM, "frame", "", "FAILED", False),
        (CALM, "time frame", "", "FAILED", False),
        (CALM, "time", "time", "FAILED", False),
        (CALM, "told", "", "FAILED", False),
        (CALM, "", "time", "good", False),
        (CALM, "", "frame", "disturbed", False),
        (OWN_DOING, "time", "time", "FAILED", False),
        (OWN_DOING, "frame", "", "FAILED", False),
        (DISTURBED, "time", "", "disturbed", True),
        (DISTURBED, "frame", "", "FAILED", True),
        (DISTURBED, "time told", "told", "disturbed", False),
        (DISTURBED, "time", "time", "disturbed", False),
        (DISTURBED, "frame", "time", "FAILED", False),
        (DISTURBED, "time", "frame", "disturbed", False),
    ],
)
def test_a_late_machine_is_no_failure_and_no_excuse(history: History, found: str, first: str, verdict: str, again: bool) -> None:
    told = Finding("I4 callbacks", ByTime("told of after 7 s"))
    finding = {"time": Finding("I8 audio", ByTime("late")), "told": told, "frame": Finding("I1 frames", "one is lost")}
    row = Row("a", "stores", history, *([finding[word] for word in words.split()] for words in (found, first)))
    assert (row.verdict, row.is_to_be_tried_again) == (verdict, again)


def test_a_run_is_good_with_a_few_that_were_disturbed_and_not_with_many() -> None:
    good, disturbed = Row("a", "stores", CALM), Row("b", "stores", DISTURBED, [Finding("I8 audio", ByTime("late"))])
    assert status([good, *[disturbed] * MOST_DISTURBED]) == 0
    assert status([good, *[disturbed] * (MOST_DISTURBED + 1)]) == 1
    assert status([good, Row("c", "stores", CALM, [Finding("I1 frames", "one is lost")])]) == status([]) == 1
    assert table.summary([good, disturbed]) == "1 good, 0 failed, 1 disturbed, 0 not run"


def test_a_row_says_what_was_lost_and_why_it_failed() -> None:
    call = BroughtCall("call", "Alder", "twilio", 1, "web 1", taken=True, sent=10)
    history = History("a", injected_at=1, healed_at=3, settled_at=4, calls=[call])
    history.streams.append(HeardStream("Alder", "call", "stream", 1.0, runs=[[1, 0, 6]]))
    row = Row("a", "stores", history, [Finding("I1 frames", "3 of 10 did not come")])
    assert (row.verdict, table.lost_frames(history)) == ("FAILED", 3)
    assert table.words_of(row) == ["    I1 frames 3 of 10 did not come"]
    assert Row("b", "stores", reason="there is no libfaketime").verdict == "NOT RUN"
    assert table.summary([row, Row("b", "stores", reason="no"), Row("c", "stores", history)]) == "1 good, 1 failed, 1 not run"
