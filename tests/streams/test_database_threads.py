"""The threads that query beside the event loop: whoever stops them waits for no answer that does not come."""

import asyncio
import threading
import time

import pytest
from channels.db import database_sync_to_async
from django.db import connection

from streams.database_threads import DatabaseThreads
from streams.shares import Places, Shares

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_query_that_has_no_end_is_cut_when_the_threads_are_stopped() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections; test_on_postgres runs this.")
    threads, began = DatabaseThreads(1, "test"), threading.Event()

    def asks_for_long() -> None:
        with connection.cursor() as cursor:
            began.set()
            cursor.execute("SELECT pg_sleep(600)")

    asking = asyncio.create_task(threads.run(asks_for_long))
    await asyncio.to_thread(began.wait, 30)
    asking.cancel()
    await asyncio.wait([asking])
    before = time.monotonic()
    await threads.stop(0.2)
    assert time.monotonic() - before < 30  # and the test ends only when neither thread nor connection is left
    await database_sync_to_async(end_what_sleeps)()


async def test_a_place_is_taken_until_the_thread_is_done_also_when_nobody_waits_any_more() -> None:
    threads, places = DatabaseThreads(2, "test"), Places(Shares("looks of a test", places=2, each=1))
    began, over = threading.Event(), threading.Event()

    def look() -> None:
        began.set()
        over.wait(30)

    looking = asyncio.create_task(threads.run_for("maria", places, look))
    assert await asyncio.to_thread(began.wait, 30)
    looking.cancel()
    await asyncio.wait([looking])
    again = asyncio.create_task(threads.run_for("maria", places, str))
    assert await threads.run_for("paul", places, str) == "" and not again.done() and places.taken["maria"] == 1
    over.set()
    assert await again == "" and not places.taken
    await threads.stop()


def end_what_sleeps() -> None:
    """The server has not noticed, for it sleeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'")
