"""The worker's loop: when a callback is tried again, in which order, and what a claim that is lost or stolen changes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connections
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from streams.models import Callback, CallbackAttempt, CallbackState
from tests.streams.callback_rows import due_again, endpoint, fresh, owed, received, stream, under_way
from tests.streams.delivering import DeliveryOutcome, deliver, deliver_next, due_streams, rounds
from tests.streams.raw_server import hanging, serving

pytestmark = pytest.mark.django_db
transactional = pytest.mark.django_db(transaction=True)


# When again ----------------------------------------------------------------------------------------------------------------
def test_tries_follow_the_schedule_and_end_with_it(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 500))
    for slot in (5, 30, 300):
        assert deliver_next(callback.stream_id) is DeliveryOutcome.FAILED
        assert 0.8 * slot - 1 <= waits(callback) <= 1.2 * slot
        assert deliver_next(callback.stream_id) is DeliveryOutcome.NOTHING_DUE
        due_again(callback)
    assert deliver_next(callback.stream_id) is DeliveryOutcome.GIVEN_UP
    assert list(callback.attempts.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert len(received(httpserver)) == fresh(callback).tries == 4


def waits(callback: Callback) -> float:
    due_at = fresh(callback).due_at
    assert due_at is not None
    return (due_at - timezone.now()).total_seconds()


def test_after_a_timeout_the_endpoint_is_left_alone_for_a_minute():
    with serving(hanging()) as server:
        callback = owed(stream(), server.url)
        deliver_next(callback.stream_id)
    assert 59 <= waits(callback) <= 60


def test_retry_after_is_heard_within_two_slots(httpserver: HTTPServer):
    httpserver.expect_request("/status").respond_with_data("", status=503, headers={"Retry-After": "3600"})
    callback = owed(stream(), httpserver.url_for("/status"))
    deliver_next(callback.stream_id)
    assert 7 <= waits(callback) <= 12


def test_410_ends_the_tries(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 410))
    assert deliver_next(callback.stream_id) is DeliveryOutcome.GIVEN_UP


# Order within a stream -----------------------------------------------------------------------------------------------------
def test_callbacks_of_a_stream_arrive_in_order(httpserver: HTTPServer):
    url, of = endpoint(httpserver, 200), stream()
    due_times = [timezone.now() - timedelta(seconds=seconds) for seconds in (1, 3, 2)]
    callbacks = [owed(of, url, due_at=due_at) for due_at in due_times]
    deliver(of.pk)
    assert [request.headers["webhook-id"] for request in received(httpserver)] == [callback.message_id for callback in callbacks]
    assert deliver_next(of.pk) is DeliveryOutcome.NOTHING_DUE


def test_a_callback_that_waits_for_its_next_try_holds_back_the_later_ones(httpserver: HTTPServer):
    url, of = endpoint(httpserver, 500, 200), stream()
    first, second = owed(of, url), owed(of, url)
    deliver(of.pk)
    assert [fresh(callback).tries for callback in (first, second)] == [1, 0]
    assert due_streams(10) == []
    due_again(first)
    deliver(of.pk)
    order = [request.headers["webhook-id"] for request in received(httpserver)]
    assert order == [first.message_id, first.message_id, second.message_id]


def test_after_three_tries_later_callbacks_may_pass(httpserver: HTTPServer):
    of = stream()
    first, second = owed(of, "http://127.0.0.1:1027/"), owed(of, endpoint(httpserver, 200))
    for _ in range(2):
        deliver(of.pk)
        due_again(first)
    assert fresh(second).state == CallbackState.PENDING
    deliver(of.pk)
    assert [fresh(callback).state for callback in (first, second)] == [CallbackState.PENDING, CallbackState.DELIVERED]


def test_two_minutes_after_its_first_try_later_callbacks_may_pass(httpserver: HTTPServer):
    of = stream()
    first, second = owed(of, "http://127.0.0.1:1027/"), owed(of, endpoint(httpserver, 200))
    deliver(of.pk)
    Callback.objects.filter(pk=first.pk).update(due_at=timezone.now() + timedelta(hours=1))
    CallbackAttempt.objects.update(started_at=timezone.now() - timedelta(seconds=110))
    assert due_streams(10) == []
    CallbackAttempt.objects.update(started_at=timezone.now() - timedelta(seconds=125))
    assert due_streams(10) == [of.pk]
    deliver(of.pk)
    assert fresh(second).state == CallbackState.DELIVERED


def test_waiting_long_for_a_first_try_lets_nothing_pass(httpserver: HTTPServer):
    long_ago = timezone.now() - timedelta(hours=3)
    url, of = endpoint(httpserver, 500), stream()
    owed(of, url, due_at=long_ago, created_at=long_ago)
    second = owed(of, url, due_at=long_ago, created_at=long_ago)
    deliver(of.pk)
    assert fresh(second).tries == 0


def test_a_callback_under_way_holds_back_the_later_ones():
    of = stream()
    under_way(owed(of, "http://127.0.0.1:1027/"))
    owed(of, "http://127.0.0.1:1027/")
    assert deliver_next(of.pk) is DeliveryOutcome.NOTHING_DUE


# Claims --------------------------------------------------------------------------------------------------------------------
@transactional
def test_no_transaction_is_open_while_the_endpoint_is_waited_for(httpserver: HTTPServer):
    """The claim is committed, and the row free to be written, when the request arrives."""
    seen: list[Callback] = []

    def look(_request: Request) -> Response:
        try:
            Callback.objects.filter(pk=callback.pk).update(event="StopStream")
            seen.append(fresh(callback))
        finally:
            connections.close_all()
        return Response("")

    httpserver.expect_request("/status").respond_with_handler(look)
    callback = owed(stream(), httpserver.url_for("/status"))
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED
    assert (seen[0].event, seen[0].state) == ("StopStream", CallbackState.PENDING)
    assert seen[0].claimed_by
    assert seen[0].claimed_until is not None
    assert timedelta(seconds=14) < seen[0].claimed_until - timezone.now() < timedelta(seconds=15.5)


@transactional
def test_a_worker_whose_claim_was_taken_over_writes_nothing(httpserver: HTTPServer):
    """It was paused for longer than its claim; another worker has the callback by the time the answer is there."""

    def overtake(_request: Request) -> Response:
        try:
            under_way(callback)
        finally:
            connections.close_all()
        return Response("")

    httpserver.expect_request("/status").respond_with_handler(overtake)
    callback = owed(stream(), httpserver.url_for("/status"))
    assert deliver_next(callback.stream_id) is DeliveryOutcome.OVERTAKEN
    row = fresh(callback)
    assert (row.state, row.tries, row.claimed_by) == (CallbackState.PENDING, 0, "another worker")
    assert not callback.attempts.exists()


def test_a_try_that_was_lost_with_its_worker_is_made_again_and_has_its_line(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 200))
    ran_out_at = timezone.now() - timedelta(seconds=1)
    Callback.objects.filter(pk=callback.pk).update(claimed_by="a dead worker", claimed_until=ran_out_at)
    assert due_streams(10) == [callback.stream_id]
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED

    lost, made = callback.attempts.order_by("number")
    assert (lost.number, lost.status, made.number, made.status) == (1, None, 2, 200)
    assert "went away before it could write down the outcome" in lost.error
    assert lost.started_at == ran_out_at - timedelta(seconds=15.5)
    assert fresh(callback).tries == 2


def test_tries_that_are_lost_again_and_again_keep_the_schedule_and_end(httpserver: HTTPServer, settings):
    """Its worker is killed by what comes back, or what came of a try cannot be written: a customer does not get it for ever."""
    settings.CALLBACK_RETRY_SECONDS = (60.0, 600.0)
    callback = owed(stream(), endpoint(httpserver, 200))
    for tries, outcome, wait_seconds in ((1, DeliveryOutcome.FAILED, 600.0), (2, DeliveryOutcome.GIVEN_UP, None)):
        Callback.objects.filter(pk=callback.pk).update(claimed_by="dead", claimed_until=timezone.now(), tries=tries, due_at=timezone.now())
        assert deliver_next(callback.stream_id) is outcome
        row = fresh(callback)
        waits = (row.due_at - timezone.now()).total_seconds() if row.due_at else None
        assert waits == (wait_seconds and pytest.approx(wait_seconds, rel=0.3)) and row.claimed_by == ""
    assert received(httpserver) == []
    assert "workers that tried it went away each time" in callback.attempts.order_by("number").last().error


@transactional
def test_many_workers_make_one_try(httpserver: HTTPServer):
    callbacks = [owed(stream(), endpoint(httpserver, 200)) for _ in range(3)]
    workers = 4
    for callback in callbacks:
        assert sorted(at_once(workers, callback.stream_id)).count(DeliveryOutcome.DELIVERED) == 1
    assert sorted(request.headers["webhook-id"] for request in received(httpserver)) == sorted(row.message_id for row in callbacks)
    assert all(callback.attempts.count() == 1 for callback in callbacks)


@transactional
def test_many_workers_on_one_stream_keep_its_order(httpserver: HTTPServer):
    of, url = stream(), endpoint(httpserver, 200)
    callbacks = [owed(of, url) for _ in range(8)]
    while Callback.objects.filter(state=CallbackState.PENDING).exists():
        at_once(4, of.pk)
    assert [request.headers["webhook-id"] for request in received(httpserver)] == [callback.message_id for callback in callbacks]


def at_once(workers: int, stream_id: int) -> list[DeliveryOutcome]:
    together = Barrier(workers)

    def work(_number: int) -> DeliveryOutcome:
        try:
            together.wait(10)
            return deliver_next(stream_id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


# How soon the next round may begin -----------------------------------------------------------------------------------------
def test_a_round_knows_when_all_that_it_sent_is_back(httpserver: HTTPServer):
    """Then the next one need not wait; while one is still out, others that come back meanwhile can share the round."""
    answer = Event()

    def late(request: Request) -> Response:
        assert answer.wait(30)
        return Response(status=200)

    with HTTPServer(threaded=True) as of_late, rounds() as (own, told):
        of_late.expect_request("/late").respond_with_handler(late)
        soon, held = owed(stream(), endpoint(httpserver, 200)), owed(stream(), of_late.url_for("/late"))
        assert own.all_back.is_set()
        own.hint(soon.stream_id)
        own.hint(held.stream_id)
        own.round()
        while not own.to_do.sent:
            assert told.wait(30)
            told.clear()
        assert [sent.callback.pk for sent in own.to_do.sent] == [soon.pk] and not own.all_back.is_set()
        answer.set()
        assert own.all_back.wait(30) and len(own.to_do.sent) == 2
        own.round()
    assert {fresh(soon).state, fresh(held).state} == {CallbackState.DELIVERED}
