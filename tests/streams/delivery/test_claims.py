"""Who tries a callback, and what is written when its try is over: many together, and each as if alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from streams.delivery import claims, resend
from streams.delivery.claims import Claimed, EndedTry
from streams.models import Callback, CallbackAttempt, CallbackState, CallbackTrouble, Stream
from tests.streams.callback_rows import fresh, owed, stream, under_way

pytestmark = pytest.mark.django_db
transactional = pytest.mark.django_db(transaction=True)

GOOD = "http://good.example/status"


# Claims --------------------------------------------------------------------------------------------------------------------
def test_a_row_whose_try_was_put_off_since_it_was_read_is_not_claimed():
    callback = owed(stream(), GOOD)
    Callback.objects.filter(pk=callback.pk).update(due_at=timezone.now() + timedelta(minutes=5))
    assert claims.claim([callback.pk], timezone.now()) == Claimed([], [])
    assert fresh(callback).claimed_by == ""


def test_a_row_that_was_delivered_since_it_was_read_is_not_claimed():
    callback = owed(stream(), GOOD)
    settled(callback, CallbackState.DELIVERED)
    assert claims.claim([callback.pk], timezone.now()) == Claimed([], [])


def test_a_claim_is_one_workers_however_many_ask():
    callbacks = [owed(stream(), GOOD) for _ in range(3)]
    pks = [callback.pk for callback in callbacks]
    assert len(claims.claim(pks[:2], timezone.now()).new) == 2
    assert [callback.pk for callback in claims.claim(pks, timezone.now()).new] == pks[2:]


@transactional
def test_workers_that_claim_the_same_rows_at_the_same_moment_share_them():
    pks = [owed(stream(), GOOD).pk for _ in range(40)]
    together = Barrier(4)

    def work(number: int) -> list[int]:
        try:
            together.wait(10)
            return [callback.pk for callback in claims.claim(pks if number % 2 else pks[::-1], timezone.now()).new]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        taken = [pk for those in pool.map(work, range(4)) for pk in those]
    assert len(set(taken)) == len(taken)
    assert Callback.objects.filter(pk__in=taken).exclude(claimed_by="").count() == len(taken) > 0


def test_what_cannot_be_written_keeps_back_no_other():
    good, bad = claims.claim([owed(stream(), GOOD).pk for _ in range(2)], timezone.now()).new
    unwritable = ended(bad, CallbackState.DELIVERED)
    unwritable.attempt.started_at = None  # type: ignore[assignment]
    assert claims.settle([unwritable, ended(good, CallbackState.DELIVERED)])[0].callback == good
    assert fresh(good).state == CallbackState.DELIVERED
    assert fresh(bad).state == CallbackState.PENDING and not bad.attempts.exists()


def test_of_many_tries_those_whose_claim_was_taken_over_write_nothing():
    mine, lost = claims.claim([owed(stream(), GOOD).pk for _ in range(2)], timezone.now()).new
    under_way(lost)
    assert [each.callback for each in claims.settle([ended(each, CallbackState.DELIVERED) for each in (lost, mine)])] == [mine]
    assert fresh(lost).claimed_by == "another worker" and not lost.attempts.exists()


# What lists look for -------------------------------------------------------------------------------------------------------
def trouble(of: Callback) -> int:
    return Stream.objects.get(pk=of.stream_id).callback_trouble


def settled(of: Callback, state: CallbackState, error: str = "") -> None:
    claimed = claims.claim([of.pk], timezone.now()).new
    assert len(claims.settle([ended(claimed[0], state, error)])) == 1


def ended(callback: Callback, state: CallbackState, error: str = "") -> EndedTry:
    attempt = CallbackAttempt(started_at=timezone.now(), duration_ms=1, error=error)
    return EndedTry(callback, attempt, state, timezone.now() if state == CallbackState.PENDING else None)


def test_a_stream_knows_that_one_of_its_callbacks_failed_and_was_given_up():
    first = owed(stream(), GOOD)
    settled(first, CallbackState.PENDING, "It answered 503.")
    assert trouble(first) == CallbackTrouble.TRY_FAILED
    settled(fresh(first), CallbackState.GIVEN_UP, "It answered 410.")
    assert trouble(first) == CallbackTrouble.GIVEN_UP
    settled(owed(first.stream, GOOD), CallbackState.PENDING, "It answered 503.")
    assert trouble(first) == CallbackTrouble.GIVEN_UP


def test_a_stream_whose_callbacks_arrived_has_no_trouble():
    first = owed(stream(), GOOD)
    settled(first, CallbackState.DELIVERED)
    assert trouble(first) == CallbackTrouble.NONE


def test_a_lost_try_is_a_failed_one():
    first = owed(stream(), GOOD)
    under_way(first)
    Callback.objects.filter(pk=first.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert claims.claim([first.pk], timezone.now()).lost == [first]
    assert trouble(first) == CallbackTrouble.TRY_FAILED


def test_a_callback_that_is_sent_again_is_given_up_no_more():
    first, second = (owed(of, GOOD) for of in [stream()] * 2)
    for callback in (first, second):
        settled(callback, CallbackState.GIVEN_UP, "It answered 410.")
    resend(fresh(first))
    assert trouble(first) == CallbackTrouble.GIVEN_UP
    resend(fresh(second))
    assert trouble(first) == CallbackTrouble.TRY_FAILED
