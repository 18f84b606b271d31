"""Shares of a pool: one account fills its share and no more, and whoever has least is next."""

import asyncio
from collections import Counter
from threading import Event, Semaphore

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.shares import Places, SharedThreads, Shares, StreamPlaces

FEW = Shares("a pool", places=4, each=2)
IN_TIME_SECONDS = 10


@pytest.mark.parametrize(("places", "each"), [(4, 4), (4, 5), (4, 0), (1, 1)])
def test_a_share_that_is_the_whole_pool_is_none(places: int, each: int) -> None:
    with pytest.raises(ValueError, match="it has to be fewer"):
        Shares("a pool", places=places, each=each)


def test_room_is_counted_by_account_and_in_all() -> None:
    taken = Counter({"a": 2, "b": 1})
    assert [FEW.has_room(taken, whose) for whose in "abc"] == [False, True, True]
    assert FEW.has_room(taken, "a", own=1)
    assert not FEW.has_room(taken + Counter("b"), "c") and FEW.has_share(taken + Counter("b"), "c")
    assert FEW.at_their_share(taken) == ["a"]


@pytest.mark.parametrize(
    ("count", "taken", "words"),
    [
        (0, {}, "a process records no stream here (LIMIT)."),
        (1, {}, ""),
        (1, {1: 1}, "a process records 1 stream at once (LIMIT), and this one does."),
        (1, {2: 1}, "a process records 1 stream at once (LIMIT), and this one does."),
        (3, {}, ""),
        (3, {1: 1, 2: 1}, "a process records 1 stream of one account at once (half of LIMIT), and this one does."),
        (50, {1: 24, 2: 25}, ""),
        (50, {1: 25}, "a process records 25 streams of one account at once (half of LIMIT), and this one does."),
        (50, {2: 25, 3: 25}, "a process records 50 streams at once (LIMIT), and this one does."),
    ],
)
def test_of_places_for_streams_one_account_may_have_half_and_always_one(count: int, taken: dict[int, int], words: str) -> None:
    assert StreamPlaces(count, "records", "LIMIT").no_room(taken, 1) == words


async def test_one_account_cannot_fill_a_pool() -> None:
    places = Places(FEW)
    mine = [places.ask("flooder") for _ in range(100)]
    assert [each.done() for each in mine[:3]] == [True, True, False]
    async with asyncio.timeout(IN_TIME_SECONDS):
        await places.take("other")
        await places.take("other")
    assert places.taken == {"flooder": 2, "other": 2}
    places.leave("flooder")
    assert mine[2].done() and not mine[3].done()


async def test_when_a_pool_is_full_whoever_has_least_is_next() -> None:
    places = Places(FEW)
    for whose in "aabb":
        await places.take(whose)
    waiting = {whose: places.ask(whose) for whose in "abc"}
    places.leave("a")
    assert [whose for whose, asked in waiting.items() if asked.done()] == ["c"]
    places.leave("c")
    assert [whose for whose, asked in waiting.items() if asked.done()] == ["a", "c"]


async def test_who_gives_up_waiting_has_no_place() -> None:
    places = Places(FEW)
    for _ in range(2):
        await places.take("a")
    gone, late = asyncio.ensure_future(places.take("a")), asyncio.ensure_future(places.take("a"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    places.leave("a")
    async with asyncio.timeout(IN_TIME_SECONDS):
        await late
    assert places.taken == {"a": 2}


async def test_who_gives_up_in_the_moment_a_place_is_given_leaves_it() -> None:
    places = Places(FEW)
    for _ in range(2):
        await places.take("a")
    waiting = asyncio.ensure_future(places.take("a"))
    await asyncio.sleep(0)
    places.leave("a")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert places.taken == {"a": 1}


async def test_a_thread_keeps_its_place_until_it_is_done_whoever_waits() -> None:
    threads, begun, over = SharedThreads(FEW), Semaphore(0), Event()

    def hang() -> None:
        begun.release()
        over.wait(60)

    try:
        hanging = [asyncio.ensure_future(threads.run("flooder", hang)) for _ in range(20)]
        async with asyncio.timeout(IN_TIME_SECONDS):
            for _ in range(FEW.each):  # what no thread has begun yet is taken back, and leaves its place
                assert await threads.run("other", begun.acquire, timeout=IN_TIME_SECONDS)
            for each in hanging:
                each.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            again = asyncio.ensure_future(threads.run("flooder", lambda: "again"))
            assert await threads.run("other", lambda: "through") == "through"
            assert threads.places.taken["flooder"] == 2 and not again.done()
            over.set()
            assert await again == "again"
    finally:
        over.set()
        threads.close()
    assert threads.places.taken == {}


async def test_what_a_thread_raises_reaches_who_waits_and_frees_the_place() -> None:
    threads = SharedThreads(FEW)
    with pytest.raises(ZeroDivisionError):
        await threads.run("a", lambda: 1 // 0)
    threads.close()
    assert threads.places.taken == {}


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["ask", "leave", "cancel"])), max_size=60))
def test_whatever_happens_no_share_and_no_pool_is_passed_and_nobody_waits_in_vain(steps: list[tuple[str, str]]) -> None:
    places = Places(FEW)
    asked: dict[str, list] = {whose: [] for whose in "abcd"}
    for whose, step in steps:
        if step == "ask":
            asked[whose].append(places.ask(whose))
        elif step == "leave" and (had := next((each for each in asked[whose] if each.done()), None)):
            asked[whose].remove(had)
            places.leave(whose)
        elif step == "cancel" and (waits := next((each for each in asked[whose] if not each.done()), None)):
            waits.cancel()
            asked[whose].remove(waits)
        taken = {whose: sum(each.done() for each in mine) for whose, mine in asked.items()}
        assert {whose: count for whose, count in taken.items() if count} == places.taken
        assert max(taken.values()) <= FEW.each and sum(taken.values()) <= FEW.places
        for waiter, mine in asked.items():
            assert len(mine) == taken[waiter] or not FEW.has_room(taken, waiter)
