"""A worker's threads: accounts whose endpoints hang, each within its share, do not have all of them."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from streams.delivery import slow_endpoints
from streams.delivery.slow_endpoints import ENDPOINT_AT_ONCE, HANGING_AT_MOST, NEWCOMERS_PART, QUICK_AGAIN, Lane, SlowEndpoints
from tests.streams.callback_rows import account, due_again, owed, stream
from tests.streams.delivering import DeliveryOutcome, deliver_next, due_streams

QUICK, SLOW = True, False
THREADS = 32


def tried(known: SlowEndpoints, whose: int, host: str, quick: bool) -> None:
    lane = known.begin(whose, host)
    assert lane is not None
    known.end(lane, whose, host, quick)


def hung(known: SlowEndpoints, whose: int, host: str) -> None:
    for _ in range(2):
        tried(known, whose, host, SLOW)


def begun(known: SlowEndpoints, accounts: range, hosts: int = 1) -> int:
    """How many tries those accounts get to begin at once, each at so many hosts and 20 at each."""
    return sum(known.begin(whose, f"{host}") is not None for whose in accounts for host in range(hosts) for _ in range(20))


def test_many_accounts_that_are_not_known_have_half_of_the_threads_and_each_of_them_a_quarter_of_that() -> None:
    assert begun(SlowEndpoints(), range(1), hosts=9) == 4
    known = SlowEndpoints()
    assert begun(known, range(4), hosts=9) == THREADS // 2
    assert begun(known, range(4, 50)) == THREADS // NEWCOMERS_PART, "one each, for those that are new"


def test_an_endpoint_that_is_not_known_leaves_room_for_another_of_its_account() -> None:
    known = SlowEndpoints()
    assert begun(known, range(1)) == ENDPOINT_AT_ONCE
    assert known.begin(0, "another") is Lane.UNKNOWN


def test_many_accounts_that_hang_have_a_quarter_and_leave_the_rest_to_others() -> None:
    known = SlowEndpoints()
    for whose in range(50):
        hung(known, whose, "0")
    tried(known, 99, "good", QUICK)
    assert begun(known, range(50)) == THREADS // 4
    assert all(known.begin(99, "good") is Lane.QUICK for _ in range(THREADS))


def test_an_account_most_of_whose_endpoints_hang_gets_no_more_by_naming_new_ones() -> None:
    known = SlowEndpoints()
    for host in range(HANGING_AT_MOST):
        hung(known, 1, str(host))
    assert known.begin(1, "another") is Lane.HANGING and known.begin(2, "another") is Lane.UNKNOWN


def test_one_that_hung_has_to_answer_quickly_several_times() -> None:
    known = SlowEndpoints()
    tried(known, 1, "a", QUICK)
    hung(known, 1, "a")
    for lane in [Lane.HANGING] * (QUICK_AGAIN - 1) + [Lane.UNKNOWN]:
        assert known.begin(1, "a") is lane
        known.end(lane, 1, "a", QUICK)
    assert known.begin(1, "a") is Lane.QUICK


def test_one_slow_answer_does_not_put_an_endpoint_beside_those_that_hang() -> None:
    known = SlowEndpoints()
    tried(known, 1, "a", QUICK)
    tried(known, 1, "a", SLOW)
    assert known.begin(1, "a") is Lane.UNKNOWN
    known.end(Lane.UNKNOWN, 1, "a", QUICK)
    assert known.begin(1, "a") is Lane.QUICK


def test_a_place_is_free_again_also_when_nothing_was_tried() -> None:
    known = SlowEndpoints()
    for _ in range(100):
        lane = known.begin(1, "a")
        assert lane is Lane.UNKNOWN
        known.end(lane, 1, "a", None)


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_endpoints, "KNOWN_AT_MOST", 10)
    known = SlowEndpoints()
    for number in range(100):
        hung(known, number, "a")
    assert len(known._quick_answers_needed) == len(known._hanging) == 10
    assert not any(known._taken.values())


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.sampled_from([QUICK, SLOW, None])), max_size=40))
def test_counts_are_those_of_what_is_known(tries: list[tuple[int, str, bool | None]]) -> None:
    known = SlowEndpoints()
    for whose, host, quick in tries:
        lane = known.begin(whose, host)
        assert lane is not None
        known.end(lane, whose, host, quick)
    assert known._hanging == Counter(whose for (whose, _), needed in known._quick_answers_needed.items() if needed > 1)


@pytest.mark.parametrize("threads", [1, 2, 3, 4, 5, 31, 1000])
def test_every_number_of_threads_has_shares(settings, threads: int) -> None:
    settings.CELERY_WORKER_CONCURRENCY = threads
    assert begun(SlowEndpoints(), range(2)) >= 1


@pytest.mark.django_db(transaction=True)
def test_four_accounts_with_hanging_endpoints_leave_threads_to_another(httpserver: HTTPServer, settings) -> None:
    """With as many threads as a worker has, and every account within its share. By events: nobody is timed."""
    settings.CELERY_WORKER_CONCURRENCY = threads = 8
    settings.CALLBACK_TIMEOUT_SECONDS = 60
    over, hanging = threading.Event(), threading.Semaphore(0)

    def hang(request: Request) -> Response:
        hanging.release()
        over.wait(60)
        return Response("")

    httpserver.expect_request("/good").respond_with_data("")
    earlier, good = (owed(stream(account("good")), httpserver.url_for("/good")) for _ in range(2))
    assert deliver_next(earlier.stream_id) is DeliveryOutcome.DELIVERED
    new = owed(stream(account("new")), httpserver.url_for("/good"))
    with HTTPServer(threaded=True) as of_bad, ThreadPoolExecutor(threads) as pool:
        of_bad.expect_request("/hang").respond_with_handler(hang)
        bad = [owed(stream(account(f"bad {number % 4}")), of_bad.url_for("/hang")) for number in range(16)]
        tries = [pool.submit(worked, callback.stream_id) for callback in bad]
        try:
            for _ in range(threads // 2):
                assert hanging.acquire(timeout=20)
            assert pool.submit(worked, good.stream_id).result(20) is DeliveryOutcome.DELIVERED
            assert pool.submit(worked, new.stream_id).result(20) is DeliveryOutcome.DELIVERED
        finally:
            over.set()
        outcomes = Counter(each.result(60) for each in tries)
    assert outcomes == {DeliveryOutcome.DELIVERED: threads // 2, DeliveryOutcome.CAPPED: 16 - threads // 2}


def worked(stream_id: int) -> DeliveryOutcome:
    """In a thread of a worker."""
    try:
        return deliver_next(stream_id)
    finally:
        connections.close_all()


@pytest.mark.django_db
def test_a_time_limit_shorter_than_slow_hangs_as_well(httpserver: HTTPServer, settings) -> None:
    settings.CALLBACK_TIMEOUT_SECONDS = 0.1
    settings.CALLBACK_RETRY_SECONDS = (0.01, 0.01, 0.01)
    over = threading.Event()
    httpserver.expect_request("/hang").respond_with_handler(lambda _: Response(str(over.wait(20))))
    callback = owed(stream(), httpserver.url_for("/hang"))
    for _ in range(2):
        due_again(callback)
        assert deliver_next(callback.stream_id) is DeliveryOutcome.FAILED
    over.set()
    assert slow_endpoints.endpoints.begin(callback.account_id, callback.host) is Lane.HANGING


@pytest.mark.django_db
def test_a_sweep_does_not_wake_this_worker_for_what_it_could_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_endpoints, "endpoints", known := SlowEndpoints())
    dead, good = (owed(stream(account(name)), f"https://{name}.example/") for name in ("dead", "good"))
    assert set(due_streams(10)) == {dead.stream_id, good.stream_id}
    assert [known.begin(dead.account_id, dead.host) for _ in range(ENDPOINT_AT_ONCE)] == [Lane.UNKNOWN] * ENDPOINT_AT_ONCE
    assert due_streams(10) == [good.stream_id]
