"""Pages take their connections from a pool and give them back; calls have their own, and wait for no page."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import OperationalError, connection, connections, transaction
from django.test import Client

from config import page_connections, silent_peers
from config.environment import PAGES_POOL
from streams import journal
from streams.database_threads import DatabaseThreads
from streams.models import Call
from streams.pure.call.notes import CallFacts
from streams.pure.lifecycle import EventKind
from tests.on_postgresql import only_on_postgresql
from tests.streams.rows import Story, call_facts, gateway

pytestmark = [
    pytest.mark.django_db(transaction=True),
    only_on_postgresql("has no connections"),
]


@pytest.fixture
def pool() -> Iterator[Callable[[int], None]]:
    """Pages share so many from now on, until the end of the test."""
    before = connections.settings["default"]

    def share(most: int) -> None:
        connections.settings["default"] = {**before, PAGES_POOL: most, "CONN_MAX_AGE": 60}
        page_connections.share_among_pages()

    yield share
    close_pool()
    connections.settings["default"] = before


def close_pool() -> None:
    """Of this thread's entry, as of any other's."""
    connections.create_connection("default").close_pool()  # type: ignore[attr-defined]  # of this backend


def in_a_page(work: Callable[[], Any]) -> Any:
    """In a thread of its own, as each request has one."""
    return begin_page(work).result(30)


def begin_page(work: Callable[[], Any]) -> "Future[Any]":
    thread = ThreadPoolExecutor(1)
    begun = thread.submit(as_request, work)
    thread.shutdown(wait=False)
    return begun


def as_request(work: Callable[[], Any]) -> Any:
    request_started.send(sender=None)
    try:
        return work()
    finally:
        request_finished.send(sender=None)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def kwargs_of_pool() -> dict[str, Any]:
    return dict(connections["default"].pool.kwargs)  # type: ignore[attr-defined]  # of this backend


def test_pages_have_the_same_connection_and_it_knows_what_each_is_told(pool: Callable[[int], None]) -> None:
    pool(2)
    assert len({in_a_page(backend) for _ in range(4)}) == 1
    assert [in_a_page(lambda: setting("idle_in_transaction_session_timeout")) for _ in range(2)] == ["30s", "30s"]
    told = in_a_page(kwargs_of_pool)
    assert told.items() >= silent_peers.LIBPQ.items(), "a silent peer is noticed as soon"
    assert in_a_page(lambda: Client().get("/admin/login/")).status_code == 200
    ended = in_a_page(backend)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [ended])
    assert in_a_page(backend) != ended, "one that has failed is given to nobody"


def test_what_calls_note_waits_for_no_page(pool: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_connections, "WAIT_SECONDS", 0.3)
    pool(1)
    facts, story = call_facts(gateway()), Story()
    story.add(EventKind.CALL_STARTED, gateway="pbx")
    held, over = threading.Event(), threading.Event()

    def slow() -> int:
        found = backend()
        held.set()
        over.wait(30)
        return found

    first = begin_page(slow)
    assert held.wait(30)
    with pytest.raises(OperationalError, match="couldn't get a connection"):
        in_a_page(backend)
    own = asyncio.run(written_by_own_threads(facts, story))
    assert Call.objects.filter(uuid=facts.call_id).exists() and len(set(own)) == 1, "kept from task to task"
    second = begin_page(backend)
    over.set()
    assert first.result(30) == second.result(30) != own[0]


async def written_by_own_threads(facts: CallFacts, story: Story) -> list[int]:
    threads = DatabaseThreads(1, "journal")
    try:
        await threads.run(journal.record, "a" * 32, 20.0, facts, story.notes)
        return [await threads.run(backend) for _ in range(2)]
    finally:
        await threads.stop()


def test_a_process_whose_url_says_nothing_has_none(pool: Callable[[int], None]) -> None:
    pool(0)
    assert "pool" not in connections.settings["default"]["OPTIONS"] and connections.settings["default"]["CONN_MAX_AGE"] == 60


def hold_lock() -> None:
    """For as long as the connection is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1)")


def wait_for_lock() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute("SELECT pg_advisory_xact_lock(1)")


def test_without_one_no_request_leaves_its_connection_behind() -> None:
    page_connections.close_after_each_request()
    with ThreadPoolExecutor(1) as thread:  # which is still there when it is looked: its end would close what it had
        try:
            thread.submit(as_request, hold_lock).result(30)
        finally:
            request_finished.disconnect(page_connections.close_own)
        wait_for_lock()
