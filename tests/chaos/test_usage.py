"""How late the machine is, and whose doing that is."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from tests.chaos import usage
from tests.chaos.usage import OthersUse, Watch, late_ms
from tests.process_use import machine_cpu_seconds, tree_cpu_seconds

BURN = "import time\nwhile time.process_time() < 0.3: pass"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts it")


def test_of_gaps_the_time_that_is_left_was_as_it_should_be() -> None:
    assert late_ms([], 10, 11) == 0
    assert late_ms([(10.5, 120.0)], 10, 11) == 100
    assert late_ms([(10.5, 120.0)], 11, 12) == 0, "it was over before"
    assert late_ms([(50.0, 120.0)], 10, 110) == 0, "it is not a hundredth of the time"


@linux
def test_what_a_child_has_used_is_ours_when_it_has_ended_too() -> None:
    before, machine = tree_cpu_seconds(os.getpid()), machine_cpu_seconds()
    others = OthersUse()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert tree_cpu_seconds(os.getpid()) - before >= 0.25
    assert machine_cpu_seconds() - machine >= 0.25
    assert 0 <= others.cores() <= (os.cpu_count() or 1) + 0.5


@linux
def test_what_the_machine_does_beside_us_is_others(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([100.0, 101.0])
    monkeypatch.setattr(usage, "machine_cpu_seconds", lambda: next(seconds))
    monkeypatch.setattr(usage, "tree_cpu_seconds", lambda pid: 5.0)
    others = OthersUse()
    others._began = time.monotonic() - 2
    assert others.cores() == pytest.approx(0.5, abs=0.05)


async def test_a_web_process_that_had_no_core_makes_the_machine_late(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = {1: 0.0, 2: 0.0}
    monkeypatch.setattr(usage, "seconds_without_core", waited.__getitem__)
    watch, began = Watch({"web 1": 1, "worker 1": 2}), time.monotonic()
    await asyncio.sleep(0.1)
    waited[2] += 0.5
    await asyncio.sleep(0.1)
    only_a_worker = watch.noise_ms(began, time.monotonic())
    waited[1] += 0.4
    await asyncio.sleep(0.1)
    assert only_a_worker < 300 <= watch.noise_ms(began, time.monotonic())
    await watch.stop({})
