"""Delivery as it runs: a real Redis, a real Celery worker, real endpoints, and the rows in between."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from django.db import OperationalError, connections
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from streams import tokens
from streams.delivery import broker, claims, courier, nudge
from streams.delivery.slow_endpoints import ENDPOINT_AT_ONCE
from streams.models import Callback, CallbackState
from streams.tasks import deliver_stream, sweep_callbacks
from tests.streams.callback_rows import account, endpoint, fresh, owed, received, stream
from tests.streams.delivering import rounds
from tests.streams.raw_server import hanging, serving
from tests.streams.redis_server import RedisServer, hang_up_on_the_broker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def time_limits(settings: Any) -> None:
    settings.CALLBACK_TIMEOUT_SECONDS = 3
    settings.CALLBACKS_AT_ONCE_PER_HOST = 4


@pytest.fixture(autouse=True)
def couriers_of_tests() -> Iterator[None]:
    """None goes on after a test."""
    yield
    courier.close()


@pytest.fixture
def redis(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """Of which this process has heard nothing yet."""
    hang_up_on_the_broker()
    monkeypatch.setattr(broker, "_broker", broker.new_broker())
    yield redis
    hang_up_on_the_broker()


@pytest.fixture
def worker(redis: RedisServer) -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    with start_worker(current_app, pool="threads", concurrency=8, perform_ping_check=False, shutdown_timeout=20) as celery:
        yield
    celery.pool.stop()  # a worker of Celery's for tests is terminated, and its threads go on
    root.setLevel(level)  # Celery sets both up for its worker
    root.handlers[:] = handlers
    connections.close_all()


def until(condition: Any, seconds: float = 30) -> None:
    """Looks again and again: the worker's threads have no event a test could wait for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def waiting_of(name: str) -> int:
    return Callback.objects.filter(account__name=name, state=CallbackState.PENDING).count()


def test_a_nudge_has_everything_delivered_that_the_stream_owes(worker: None, httpserver: HTTPServer):
    of, url = stream(), endpoint(httpserver, 200)
    callbacks = [owed(of, url) for _ in range(3)]
    nudge(of.pk)
    until(lambda: waiting_of("Acme") == 0)
    assert [request.headers["webhook-id"] for request in received(httpserver)] == [callback.message_id for callback in callbacks]


def test_a_burst_beyond_the_hosts_share_is_worked_off_without_another_sweep(worker: None, httpserver: HTTPServer):
    url = endpoint(httpserver, 200)
    rows = [owed(stream(), url) for _ in range(30)]
    sweep_callbacks()
    until(lambda: waiting_of("Acme") == 0)
    assert sorted(request.headers["webhook-id"] for request in received(httpserver)) == sorted(row.message_id for row in rows)


def test_a_sweep_finds_retries_and_what_dead_workers_left(worker: None, httpserver: HTTPServer):
    url, now = endpoint(httpserver, 200), timezone.now()
    retry = owed(stream(), url, tries=1, due_at=now - timedelta(seconds=1))
    orphan = owed(stream(), url, claimed_by="a dead worker", claimed_until=now - timedelta(seconds=1))
    later = owed(stream(), url, due_at=now + timedelta(minutes=5))
    sweep_callbacks()
    until(lambda: Callback.objects.filter(state=CallbackState.DELIVERED).count() == 2)
    assert fresh(retry).state == fresh(orphan).state == CallbackState.DELIVERED
    assert fresh(later).tries == 0


def test_a_dead_endpoint_of_one_customer_delays_no_other(worker: None, httpserver: HTTPServer, settings: Any):
    settings.CALLBACK_TIMEOUT_SECONDS = 60
    url = endpoint(httpserver, 200)
    with serving(hanging()) as dead:
        for row in [owed(stream(account("Dead")), dead.url) for _ in range(40)]:
            nudge(row.stream_id)
        until(lambda: dead.connections == ENDPOINT_AT_ONCE)
        for row in [owed(stream(account("Good")), url) for _ in range(10)]:
            nudge(row.stream_id)
        until(lambda: waiting_of("Good") == 0)
        assert dead.connections == ENDPOINT_AT_ONCE and waiting_of("Dead") == 40, "none of the dead endpoint's has timed out yet"
        dead.over.set()
        until(lambda: not Callback.objects.filter(claimed_until__gt=timezone.now()).exists())


def test_without_a_broker_a_task_still_delivers(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(broker, "_broker", broker.new_broker())
    callback = owed(stream(), endpoint(httpserver, 200))
    sweep_callbacks()
    deliver_stream(callback.stream_id)
    until(lambda: fresh(callback).state == CallbackState.DELIVERED)


def test_an_idle_sweep_costs_one_query(django_assert_num_queries: Any):
    with rounds() as (own, _), django_assert_num_queries(1):
        own.sweep()
        own.round()


def test_a_worker_that_ends_writes_what_came_of_its_tries(httpserver: HTTPServer):
    """And begins no more."""
    began, over = threading.Event(), threading.Event()

    def answer(_request: Request) -> Response:
        began.set()
        over.wait(20)
        return Response("")

    httpserver.expect_request("/status").respond_with_handler(answer)
    first, second = (owed(of, httpserver.url_for("/status")) for of in [stream()] * 2)
    sweep_callbacks()
    assert began.wait(20)
    courier.stop_beginning()
    over.set()
    courier.close()
    assert (fresh(first).state, fresh(second).state) == (CallbackState.DELIVERED, CallbackState.PENDING)
    assert fresh(second).claimed_by == ""


def test_what_came_of_tries_outlives_a_database_that_is_away(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch):
    """The customer has it: it must not be sent again because the first attempt to write that down failed."""
    callback = owed(stream(), endpoint(httpserver, 200))
    failing = ["server closed the connection", "no route to host"]
    settle_now = claims._write

    def settle(tries: Any) -> None:
        settle_now(tries)
        if failing:
            raise OperationalError(failing.pop())

    monkeypatch.setattr(claims, "_write", settle)
    sweep_callbacks()
    until(lambda: fresh(callback).state == CallbackState.DELIVERED)
    assert not failing
    assert len(received(httpserver)) == callback.attempts.count() == fresh(callback).tries == 1


def test_what_was_claimed_when_the_database_went_away_is_no_lost_try(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch):
    callback = owed(stream(), endpoint(httpserver, 200))
    failing = ["server closed the connection", "no route to host"]
    of_accounts = tokens.of_accounts

    def read(*arguments: Any) -> Any:
        if failing:
            raise OperationalError(failing.pop())
        return of_accounts(*arguments)

    monkeypatch.setattr(tokens, "of_accounts", read)
    sweep_callbacks()
    until(lambda: fresh(callback).state == CallbackState.DELIVERED)
    assert not failing
    assert len(received(httpserver)) == callback.attempts.count() == fresh(callback).tries == 1
