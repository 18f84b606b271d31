"""A worker's connections between tasks: kept where a thread goes on, a few at most, and not one that is too old or has failed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest import mock

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection, connections

from config import worker_connections
from config.worker_connections import MOST_KEPT, let_go_of_others

pytestmark = pytest.mark.django_db(transaction=True)
InThread = Callable[[Callable[[], object]], object]


@pytest.fixture
def in_thread() -> Iterator[InThread]:
    """One thread of tasks, as a worker has them."""
    with ThreadPoolExecutor(1) as thread:
        yield lambda task: thread.submit(task).result()
        thread.submit(ended).result()


def ended() -> None:
    connections.close_all()
    let_go_of_others()


def task() -> object:
    """As Celery runs it; returns the connection that the thread has afterwards."""
    let_go_of_others()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    let_go_of_others()
    return connection.connection


def test_the_next_task_of_a_thread_has_the_same_connection(in_thread: InThread) -> None:
    assert (first := in_thread(task)) is not None
    assert in_thread(task) is first


def test_one_that_is_too_old_is_opened_anew(in_thread: InThread) -> None:
    first = in_thread(task)

    def grown_old() -> None:
        connection.close_at = 0.0

    in_thread(grown_old)
    assert in_thread(task) not in (None, first)


def test_one_that_has_failed_is_not_kept(in_thread: InThread) -> None:
    first = in_thread(task)

    def fails() -> object:
        own = connections["default"]
        own.errors_occurred = True
        with mock.patch.object(own, "is_usable", return_value=False):
            let_go_of_others()
        return own.connection

    assert in_thread(fails) is None
    assert in_thread(task) not in (None, first)


def test_a_rush_leaves_a_few_behind_and_no_more() -> None:
    threads = MOST_KEPT + 3
    together = Barrier(threads)

    def one_of_many() -> object:
        together.wait(10)
        kept = task()
        together.wait(10)
        return kept

    with ThreadPoolExecutor(threads) as pool:
        rushed = [pool.submit(one_of_many) for _ in range(threads)]
        assert sum(each.result() is not None for each in rushed) == MOST_KEPT
        for each in [pool.submit(lambda: (ended(), together.wait(10))) for _ in range(threads)]:
            each.result()
    assert not worker_connections._kept


def test_celery_asks_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DjangoWorkerFixup, "close_database", DjangoWorkerFixup.close_database)
    worker_connections.keep_connections()
    assert DjangoWorkerFixup.close_database is let_go_of_others
