"""A row is a job: one worker has it, a claim runs out, what is given back or lost is claimed again, and it is finished once."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from streams import jobs
from streams.models import Account, Call, ControlRequest
from streams.shares import Shares
from tests.on_postgresql import only_on_postgresql

pytestmark = pytest.mark.django_db
HELD = timedelta(minutes=1)
ROOT = Path(__file__).parent.parent.parent


def waiting(count: int = 1) -> list[ControlRequest]:
    account = Account.objects.create(name="Acme")
    call = Call.objects.create(account=account, started_at=timezone.now())
    return [ControlRequest.objects.create(call=call, kind="hang_up", requested_by=str(number)) for number in range(count)]


def as_read(job: ControlRequest) -> ControlRequest:
    return ControlRequest.objects.get(pk=job.pk)


def claimed(job: ControlRequest, now: datetime | None = None) -> ControlRequest:
    """The job, in the hands of a worker of its own."""
    mine = as_read(job)
    assert jobs.claim(mine, now or timezone.now(), HELD)
    return mine


def later() -> datetime:
    """When a claim of now has run out."""
    return timezone.now() + HELD + timedelta(seconds=1)


def columns(job: ControlRequest) -> tuple[Any, ...]:
    return job.claimed_by, job.claimed_until, job.tries, job.finished_at


# Claiming ------------------------------------------------------------------------------------------------------------------
def test_a_claim_is_in_the_row_and_in_the_hand() -> None:
    now = timezone.now()
    mine = claimed(waiting()[0], now)
    assert mine.claimed_by and (mine.claimed_until, mine.tries, mine.finished_at) == (now + HELD, 0, None)
    assert columns(mine) == columns(as_read(mine))


def test_of_two_who_read_the_same_row_one_has_it() -> None:
    (job,) = waiting()
    first, second = as_read(job), as_read(job)
    assert jobs.claim(first, timezone.now(), HELD)
    before = columns(second)
    assert not jobs.claim(second, timezone.now(), HELD)
    assert columns(second) == before and columns(as_read(job)) == columns(first)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_has_it() -> None:
    (job,) = waiting()
    together = Barrier(6)

    def claim(_number: int) -> bool:
        try:
            mine = as_read(job)
            together.wait(30)
            return jobs.claim(mine, timezone.now(), HELD)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(6))) == 1


def test_what_is_claimed_or_finished_is_not_free() -> None:
    (job,) = waiting()
    mine = claimed(job)
    assert not ControlRequest.objects.filter(jobs.free(timezone.now())).exists()
    assert ControlRequest.objects.filter(jobs.under_way(timezone.now())).exists()
    assert not jobs.claim(as_read(job), timezone.now(), HELD)
    assert jobs.finish(mine)
    assert not ControlRequest.objects.filter(jobs.free(later())).exists()
    assert not jobs.claim(as_read(job), later(), HELD)


def test_a_claim_that_ran_out_is_a_lost_try_and_its_worker_can_do_nothing_more() -> None:
    slow = claimed(*waiting())
    assert not ControlRequest.objects.filter(jobs.under_way(later())).exists()
    quick = claimed(slow, later())
    assert quick.tries == 1
    for act in (jobs.finish, jobs.retry_later, jobs.give_back, end_of_extension):
        assert not act(slow)
    assert columns(as_read(quick)) == columns(quick)
    assert jobs.finish(quick) and as_read(quick).tries == 2


def end_of_extension(job: ControlRequest) -> bool:
    return jobs.extend(job, HELD)


def test_a_worker_that_was_late_still_finishes_what_nobody_else_has_claimed() -> None:
    slow = claimed(waiting()[0], timezone.now() - 2 * HELD)
    assert jobs.finish(slow)


def test_a_claim_that_was_extended_did_not_run_out() -> None:
    begun = timezone.now() - HELD - timedelta(seconds=1)
    slow = claimed(waiting()[0], begun)
    seen = as_read(slow)
    assert jobs.extend(slow, HELD)
    assert not jobs.claim(seen, timezone.now(), HELD)
    assert jobs.finish(slow)


def test_a_row_that_was_tried_since_it_was_read_looks_free_and_is_not_claimed() -> None:
    (job,) = waiting()
    stale = as_read(job)
    assert jobs.retry_later(claimed(job))
    assert not jobs.claim(stale, timezone.now(), HELD)
    assert claimed(job).tries == 1


def test_a_row_that_was_claimed_and_lost_since_it_was_read_is_read_again_so_that_the_lost_try_counts() -> None:
    (job,) = waiting()
    stale = as_read(job)
    claimed(job, timezone.now() - 2 * HELD)
    assert not jobs.claim(stale, timezone.now(), HELD)
    assert claimed(job).tries == 1


# Ends ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("act", "tries"), [(jobs.give_back, 0), (jobs.retry_later, 1)])
def test_what_is_given_back_is_free_and_only_a_try_is_counted(act: Callable[..., bool], tries: int) -> None:
    (job,) = waiting()
    mine = claimed(job)
    assert act(mine, requested_by="another column")
    assert columns(mine) == columns(as_read(job)) == ("", None, tries, None)
    assert as_read(job).requested_by == mine.requested_by == "another column"
    assert not act(mine), "it is nobody's now"
    assert claimed(job).tries == tries


def test_a_job_is_finished_once() -> None:
    (job,) = waiting()
    mine = claimed(job)
    assert jobs.finish(mine, requested_by="first")
    ended = as_read(job)
    assert (ended.claimed_by, ended.claimed_until, ended.tries) == ("", None, 1) and ended.finished_at == mine.finished_at
    assert not jobs.finish(mine, requested_by="second") and not jobs.finish_for_others(mine, requested_by="third")
    assert as_read(job).requested_by == "first"


def test_what_nobody_has_claimed_is_not_finished_by_chance() -> None:
    (job,) = waiting()
    assert not jobs.finish(job) and not jobs.give_back(job) and as_read(job).finished_at is None


def test_a_job_that_is_done_is_finished_whoever_has_it() -> None:
    (job,) = waiting()
    mine = claimed(job)
    assert jobs.finish_for_others(as_read(job))
    assert not jobs.finish(mine) and as_read(job).finished_at


def test_a_job_that_is_opened_again_can_be_claimed_again() -> None:
    (job,) = waiting()
    mine = claimed(job)
    jobs.finish(mine)
    jobs.reopen_together([mine])
    assert claimed(job).tries == 1


# Several -------------------------------------------------------------------------------------------------------------------
def test_the_next_is_the_first_that_is_free_and_few_are_under_way() -> None:
    first, second, third = waiting(3)
    rows = ControlRequest.objects.all()
    two = Shares("requests", places=3, each=2)
    taken = [jobs.claim_next(rows, HELD, two, whose="call_id", kind="stop") for _ in range(3)]
    assert taken[:2] == [first, second] and taken[2] is None
    assert as_read(first).kind == "stop" and as_read(third).kind != "stop"
    jobs.finish(taken[0])
    assert jobs.claim_next(rows, HELD, two, whose="call_id") == third


def test_who_is_at_the_share_is_passed_over_for_the_next_and_the_whole_is_bounded() -> None:
    rows = ControlRequest.objects.all()
    for whose, job in zip("aaaabbcd", waiting(8), strict=True):
        rows.filter(pk=job.pk).update(requested_by=whose)
    few = Shares("requests", places=4, each=2)
    taken = [jobs.claim_next(rows, HELD, few, whose="requested_by") for _ in range(5)]
    assert [job.requested_by if job else None for job in taken] == ["a", "a", "b", "b", None]
    jobs.finish(taken[0])
    assert jobs.claim_next(rows, HELD, few, whose="requested_by").requested_by == "a"


def test_each_is_claimed_in_order_and_no_more_than_asked_for() -> None:
    first, second, third = waiting(3)
    rows = ControlRequest.objects.all()
    assert jobs.claim_each(rows, HELD, most=2) == [first, second]
    assert jobs.claim_each(rows, HELD, most=2) == [third]
    assert jobs.claim_each(rows, HELD, most=2) == []


@only_on_postgresql("has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_what_another_is_about_to_claim_is_left_to_it_at_once() -> None:
    first, second = waiting(2)
    locked, over = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                ControlRequest.objects.select_for_update().get(pk=first.pk)
                locked.set()
                assert over.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        try:
            assert locked.wait(30)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                new, lost = jobs.claim_together(ControlRequest.objects.all(), timezone.now(), HELD)
        finally:
            over.set()
        held.result(30)
    assert (new, lost) == ([second], []) and columns(as_read(first)) == columns(first)


def failing_update(number: int) -> Callable[..., Any]:
    """Lets the database refuse one of the next updates, counted from 1, as one that is locked or away does."""
    seen = 0

    def execute(run: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if sql.startswith("UPDATE"):
            seen += 1
            if seen == number:
                raise OperationalError("database is locked")
        return run(sql, parameters, many, context)

    return execute


@pytest.mark.django_db(transaction=True)
def test_what_was_claimed_before_the_database_failed_is_in_our_hands_and_the_rest_waits() -> None:
    first, second, third = waiting(3)
    rows = ControlRequest.objects.all()
    with connection.execute_wrapper(failing_update(2)):
        assert jobs.claim_each(rows, HELD, most=10) == [first]
    assert jobs.claim_each(rows, HELD, most=10) == [second, third]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_from_the_beginning_is_said() -> None:
    waiting()
    with connection.execute_wrapper(failing_update(1)), pytest.raises(OperationalError):
        jobs.claim_each(ControlRequest.objects.all(), HELD, most=10)


# Nobody else ---------------------------------------------------------------------------------------------------------------
def test_nobody_else_writes_the_columns_of_a_claim() -> None:
    """Reading is for everybody; an assignment (`claimed_until=`, `.claimed_by =`) is in one module."""
    written = re.compile(r"\bclaimed_(by|until)\s*=[^=]")
    sources = [*(ROOT / "streams").rglob("*.py"), *(ROOT / "cdr").rglob("*.py"), *(ROOT / "config").rglob("*.py")]
    writers = {str(path.relative_to(ROOT)) for path in sources if written.search(path.read_text())}
    owners = {"streams/jobs.py", "streams/models/jobs.py"}
    assert {name for name in writers if "/migrations/" not in name} == owners
