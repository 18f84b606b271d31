"""The rows as a queue: who is next, whose share is used up, and that a dead endpoint of one customer delays no other."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_httpserver import HTTPServer

from streams.delivery import outbox, resend
from streams.delivery.outbox import Look
from streams.delivery.slow_endpoints import ENDPOINT_AT_ONCE, Lane, SlowEndpoints
from streams.models import Callback, CallbackState
from tests.streams.callback_rows import account, endpoint, fresh, owed, received, stream, under_way
from tests.streams.delivering import DeliveryOutcome, deliver, deliver_next, due_streams, rounds, work
from tests.streams.raw_server import OK, RawServer, hanging, serving, whole_request

CLOCK = 1 if connection.vendor == "postgresql" else 0
"""What it costs to ask the database what time it is."""

pytestmark = pytest.mark.django_db
transactional = pytest.mark.django_db(transaction=True)

DEAD, GOOD = "http://dead.example/status", "http://good.example/status"


@pytest.fixture
def all_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every endpoint were known to answer quickly: what is left are the shares."""
    monkeypatch.setattr(SlowEndpoints, "_lane_of", lambda *_: Lane.QUICK)


# What is due ---------------------------------------------------------------------------------------------------------------
def test_nothing_due_costs_one_small_query(django_assert_num_queries: Any):
    owed(stream(), GOOD, due_at=timezone.now() + timedelta(minutes=1))
    owed(stream(), GOOD, state=CallbackState.DELIVERED, due_at=None)
    owed(stream(), GOOD, state=CallbackState.GIVEN_UP, due_at=None)
    with django_assert_num_queries(1 + CLOCK) as queries:
        assert due_streams(100) == []
    assert "OVER" not in queries[-1]["sql"], "it would look at all that wait, for each account and host"


def test_many_due_cost_three_queries(django_assert_num_queries: Any, all_quick: None):
    for number in range(20):
        owed(stream(account(f"Account {number % 4}")), f"http://{number % 7}.example/")
    with django_assert_num_queries(3 + CLOCK):
        assert len(due_streams(100)) == 20


def test_a_waiting_row_is_compared_with_those_of_its_own_stream_only():
    """Statistics know a queue as it was when it was empty: a join of it with itself would compare each waiting row with every other."""
    own_stream = r"stream_id=\? AND number<\?" if connection.vendor == "sqlite" else r"Index Cond: \(\(stream_id = .* AND \(number < "
    plan = outbox.deliverable(timezone.now()).order_by().explain()
    assert re.search(own_stream, plan), plan
    assert "Join" not in plan and "Loop" not in plan


def test_a_worker_that_goes_from_one_to_the_next_sorts_nothing():
    """It reads those that have waited longest from an index, and no others, however many wait."""
    taken = outbox.tries_under_way(timezone.now())
    with CaptureQueriesContext(connection) as queries:
        outbox._rows_in(Look(oldest=True), timezone.now(), taken)
    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + queries[-1]["sql"])
        plan = str(cursor.fetchall())
    assert "callback_due" in plan and "Sort" not in plan and "TEMP B-TREE" not in plan, plan


def test_what_is_due_first_comes_first(all_quick: None):
    late = [timezone.now() - timedelta(seconds=seconds) for seconds in (1, 3, 2)]
    streams = [owed(stream(), f"http://{number}.example/", due_at=due_at).stream_id for number, due_at in enumerate(late)]
    assert due_streams(100) == [streams[1], streams[2], streams[0]]
    assert due_streams(2) == [streams[1], streams[2]]


def test_a_stream_is_named_once_however_much_it_owes():
    of = stream()
    for number in range(3):
        owed(of, f"http://{number}.example/", tries=3)
    assert due_streams(100) == [of.pk]


def test_what_is_under_way_is_not_due():
    under_way(owed(stream(), GOOD))
    assert due_streams(100) == []


# Shares --------------------------------------------------------------------------------------------------------------------
def test_a_host_gets_its_free_share_and_hosts_take_turns(all_quick: None):
    long_ago = timezone.now() - timedelta(hours=1)
    dead = [owed(stream(account("Dead")), DEAD, due_at=long_ago) for _ in range(50)]
    good = [owed(stream(account("Good")), GOOD).stream_id for _ in range(2)]
    found = due_streams(100)
    assert len(found) == 6
    assert found[1] == good[0]
    assert found[3] == good[1]
    for callback in dead[:3]:
        under_way(callback)
    assert due_streams(100) == [dead[3].stream_id, *good]


def test_a_stream_that_is_held_back_takes_no_share():
    """Each dead stream's second callback is due but must wait for its first: it may not hide a stream that can go."""
    for _ in range(10):
        held = stream()
        owed(held, GOOD, tries=1, due_at=timezone.now() + timedelta(minutes=5))
        owed(held, GOOD, due_at=timezone.now() - timedelta(hours=1))
    free = owed(stream(), GOOD)
    assert due_streams(100) == [free.stream_id]


def test_an_account_with_many_dead_hosts_leaves_room_for_others(all_quick: None):
    long_ago = timezone.now() - timedelta(hours=1)
    for number in range(40):
        owed(stream(account("Wide")), f"http://{number}.dead.example/", due_at=long_ago)
    good = owed(stream(account("Good")), GOOD)
    found = due_streams(100)
    assert (len(found), found[-1]) == (9, good.stream_id)


def test_a_host_at_its_share_is_left_due_and_nothing_written():
    for _ in range(4):
        under_way(owed(stream(), DEAD))
    waiting = owed(stream(), DEAD)
    assert deliver_next(waiting.stream_id) is DeliveryOutcome.CAPPED
    row = fresh(waiting)
    assert (row.state, row.tries, row.claimed_by, row.due_at) == (CallbackState.PENDING, 0, "", waiting.due_at)


def test_an_account_at_its_share_is_left_due(settings: Any, httpserver: HTTPServer):
    settings.CELERY_WORKER_CONCURRENCY = 20
    for number in range(5):
        under_way(owed(stream(account("Wide")), f"http://{number}.dead.example/"))
    url = endpoint(httpserver, 200)
    assert deliver_next(owed(stream(account("Wide")), url).stream_id) is DeliveryOutcome.CAPPED
    assert deliver_next(owed(stream(account("Good")), url).stream_id) is DeliveryOutcome.DELIVERED


def test_claims_that_ran_out_take_no_share(httpserver: HTTPServer):
    url = endpoint(httpserver, 200)
    for _ in range(4):
        lost = owed(stream(), url, due_at=timezone.now() + timedelta(hours=1))
        Callback.objects.filter(pk=lost.pk).update(claimed_by="dead", claimed_until=timezone.now() - timedelta(seconds=1))
    assert deliver_next(owed(stream(), url).stream_id) is DeliveryOutcome.DELIVERED


class Counting:
    """An endpoint that answers after a moment and counts how many requests it has at once."""

    def __init__(self) -> None:
        self.lock, self.now, self.most = Lock(), 0, 0

    def __call__(self, connection: socket.socket, over: Event) -> None:
        whole_request(connection)
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        over.wait(0.05)
        with self.lock:
            self.now -= 1
        connection.sendall(OK)


@pytest.fixture
def counting() -> Iterator[tuple[RawServer, Counting]]:
    behaviour = Counting()
    with serving(behaviour) as server:
        yield server, behaviour


@transactional
def test_a_host_never_has_more_than_its_share_at_once(settings: Any, counting: tuple[RawServer, Counting]):
    settings.CALLBACKS_AT_ONCE_PER_HOST = 2
    settings.CALLBACK_TIMEOUT_SECONDS = 10
    server, behaviour = counting
    streams = [owed(stream(), server.url).stream_id for _ in range(12)]
    while left := [row.stream_id for row in Callback.objects.filter(state=CallbackState.PENDING)]:
        many_work(8, left)
    assert behaviour.most == 2
    assert server.connections == len(streams)


@transactional
def test_a_dead_endpoint_of_one_customer_delays_no_other(settings: Any, httpserver: HTTPServer):
    """Sixty callbacks to an endpoint that hangs, all of them older than the twenty of the other customer."""
    settings.CALLBACK_TIMEOUT_SECONDS = 20
    long_ago = timezone.now() - timedelta(hours=1)
    url = endpoint(httpserver, 200)
    with serving(hanging()) as dead, rounds() as (own, told):
        for _ in range(60):
            owed(stream(account("Dead")), dead.url, due_at=long_ago)
        good = [owed(stream(account("Good")), url) for _ in range(20)]
        own.sweep()
        work(own, told, lambda: not Callback.objects.filter(account__name="Good", state=CallbackState.PENDING).exists())
        assert dead.connections == ENDPOINT_AT_ONCE
        dead.over.set()
    assert len(received(httpserver)) == len(good)


@transactional
def test_an_endpoint_of_one_customer_that_hangs_delays_no_other_on_the_same_host(settings: Any):
    """As with a builder of bots, whose customers' endpoints are paths of one host."""
    settings.CALLBACK_TIMEOUT_SECONDS = 20
    long_ago = timezone.now() - timedelta(hours=1)

    def hanging_or_not(connection: socket.socket, over: Event) -> None:
        if b"/dead" in whole_request(connection).split(b"\r\n")[0]:
            over.wait(30)
        connection.sendall(OK)

    with serving(hanging_or_not) as server, rounds() as (own, told):
        for _ in range(40):
            owed(stream(account("Dead")), f"http://127.0.0.1:{server.port}/dead", due_at=long_ago)
        for _ in range(20):
            owed(stream(account("Good")), f"http://127.0.0.1:{server.port}/good")
        own.sweep()
        work(own, told, lambda: not Callback.objects.filter(account__name="Good", state=CallbackState.PENDING).exists())
        assert not Callback.objects.filter(account__name="Dead").exclude(state=CallbackState.PENDING).exists()
        server.over.set()


def many_work(workers: int, streams: list[int]) -> None:
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(apart, streams))


def apart(stream_id: int) -> None:
    """`deliver` in a thread that leaves no connection behind."""
    try:
        deliver(stream_id)
    finally:
        connections.close_all()


# Resending -----------------------------------------------------------------------------------------------------------------
def test_what_was_given_up_can_be_sent_again_under_the_same_id(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 410, 200))
    assert deliver_next(callback.stream_id) is DeliveryOutcome.GIVEN_UP
    first = callback.attempts.values().get()
    resend(callback)
    row = fresh(callback)
    assert (row.state, row.finished_at, row.message_id) == (CallbackState.PENDING, None, callback.message_id)
    assert due_streams(10) == [callback.stream_id]
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED
    assert callback.attempts.values().get(number=1) == first
    assert callback.attempts.count() == 2
    assert {request.headers["webhook-id"] for request in received(httpserver)} == {callback.message_id}


def test_what_was_delivered_can_be_sent_again(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 200))
    deliver(callback.stream_id)
    resend(callback)
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED
    assert len(received(httpserver)) == 2


def test_resending_leaves_a_try_under_way_alone():
    callback = owed(stream(), GOOD)
    under_way(callback)
    resend(callback)
    assert fresh(callback).claimed_by == "another worker"
    assert deliver_next(callback.stream_id) is DeliveryOutcome.NOTHING_DUE
