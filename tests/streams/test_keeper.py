"""A loop that fails begins anew, rests longer each time, counts as down until it is steady, and ends when it is told to."""

import asyncio
import logging
from contextlib import suppress

import pytest

from streams import keeper
from streams.keeper import keep, loops_down


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 0.01)


class Flaky:
    """Fails with each of `errors`, one a run; then runs on."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.runs = 0
        self.steady = asyncio.Event()

    async def __call__(self) -> None:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        self.steady.set()
        await asyncio.Event().wait()

    async def until_steady(self) -> None:
        await asyncio.wait_for(self.steady.wait(), 30)


async def test_it_begins_anew_and_says_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    flaky = Flaky(ValueError("not a number"), RuntimeError("can't start new thread"))
    kept = keep("weaving", flaky)
    await flaky.until_steady()
    await kept.stop()
    assert (flaky.runs, kept.failures) == (3, 2)
    said = [record for record in caplog.records if record.name == "streams.keeper"]
    assert [record.levelno for record in said] == [logging.ERROR] * 2
    assert said[0].getMessage() == "weaving failed and is started again in 0.01 s; that is failure 1 of this process."
    assert "not a number" in caplog.text and "Traceback" in caplog.text


async def test_it_is_down_until_it_has_run_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "STEADY_SECONDS", 3600.0)
    flaky = Flaky(ValueError())
    kept, other = keep("weaving", flaky), keep("spinning", Flaky())
    assert loops_down() == []
    await flaky.until_steady()
    assert loops_down() == ["weaving"]
    monkeypatch.setattr(keeper, "STEADY_SECONDS", 0.0)
    assert loops_down() == []
    await asyncio.gather(kept.stop(), other.stop())


async def test_a_loop_that_is_stopped_is_not_down() -> None:
    resting = Flaky(*[ValueError()] * 1000)
    kept = keep("weaving", resting, longest_pause_seconds=3600)
    while not loops_down():
        await asyncio.sleep(0.001)
    await asyncio.wait_for(kept.stop(), 30)
    assert loops_down() == []


async def test_a_loop_that_ends_by_itself_begins_anew() -> None:
    rounds = 0
    third = asyncio.Event()

    async def ends() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            third.set()

    kept = keep("ending", ends)
    await asyncio.wait_for(third.wait(), 30)
    await kept.stop()
    assert kept.failures >= 2


async def test_a_cancellation_of_something_it_awaited_does_not_end_it() -> None:
    """An executor that is shut down cancels what waits for it, and so who awaits that."""
    flaky = Flaky(asyncio.CancelledError())
    kept = keep("weaving", flaky)
    await flaky.until_steady()
    await kept.stop()
    assert (flaky.runs, kept.failures) == (2, 1)


async def test_stopping_waits_for_what_a_loop_tidies_up() -> None:
    tidied, begun = [], asyncio.Event()

    async def tidies() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            tidied.append(True)

    kept = keep("tidy", tidies)
    await begun.wait()
    await asyncio.wait_for(kept.stop(), 30)
    assert tidied == [True] and kept.failures == 0


async def test_a_loop_that_swallows_its_cancellation_is_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `asyncio.wait_for` of Python 3.11 does when what it waits for is done at the same moment."""
    monkeypatch.setattr(keeper, "ASKED_AGAIN_SECONDS", 0.01)

    async def goes_on() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    kept = keep("weaving", goes_on)
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await kept.stop()


async def test_a_loop_that_fails_at_being_stopped_has_ended_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def clumsy() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("dropped it")

    kept = keep("clumsy", clumsy)
    await begun.wait()
    await asyncio.wait_for(kept.stop(), 30)
    assert "clumsy: stopping failed." in caplog.text and "dropped it" in caplog.text


async def test_a_steady_run_makes_the_next_rest_short_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(keeper, "STEADY_SECONDS", 0.0)
    flaky = Flaky(*[ValueError()] * 4)
    kept = keep("weaving", flaky)
    await flaky.until_steady()
    await kept.stop()
    assert caplog.text.count("again in 0.01 s") == 4


def test_rests_grow_and_are_bounded_however_often_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 1.0)
    assert [keeper.pause_after(failures, 30) for failures in (0, 1, 2, 3, 4, 5, 5000)] == [1, 2, 4, 8, 16, 30, 30]
    assert keeper.pause_after(0, 0.25) == 0.25
