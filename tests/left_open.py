"""After every test: nothing that was opened during it is still open. What is left is named, and the test has an error.

Owns what may stay, each with its reason. Must not know how one sees what is open (tests/open_things.py)."""

import asyncio
import threading
import time
from collections.abc import Hashable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import asgiref.sync
import pytest
from channels.layers import get_channel_layer
from django.db import connections

from cdr import live, recordings, shared_log
from cdr.admin import debug_logs
from cdr.admin.lists import exporting
from config import background_checks
from streams import consumers
from tests.open_things import Descriptor, copied, descriptors, holders, in_words, is_a, number_of, numbers_of_transports, open_now, peer_of

SETTLE_SECONDS = 10.0
"""For what other threads are just closing: a server of the session closes its side of a connection when we have long read the answer."""

MOMENT_SECONDS = 0.05
"""Before all objects are looked through, which takes 100 ms of a core: mostly it is a timer's thread that ends within 10 ms."""

_lasting: set[Hashable] = set()
"""What belongs to fixtures of a module or of the session, and to what they made."""

ASGIREF = "asgiref's"


class AsgirefsThreads(ThreadPoolExecutor):
    """As asgiref uses them, with a name by which they are known."""

    def __init__(self, max_workers: int) -> None:
        super().__init__(max_workers, thread_name_prefix=ASGIREF)


asgiref.sync.ThreadPoolExecutor = AsgirefsThreads  # type: ignore[assignment,attr-defined]


@contextmanager
def outliving_the_test() -> Iterator[None]:
    """What is opened within belongs to a fixture of the session or of a module, which closes it."""
    before = open_now()
    try:
        yield
    finally:
        _lasting.update(open_now() - before)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
    if fixturedef.scope == "function":
        return (yield)
    with outliving_the_test():
        return (yield)


# What may stay ---------------------------------------------------------------------------------------------------------------
def staying_by_design(loop: asyncio.AbstractEventLoop | None) -> set[threading.Thread]:
    return {
        # pytest-asyncio's runner stops and joins these when it closes the loop, which is after we have looked.
        *threads_of(getattr(loop, "_default_executor", None)),
        # Each of these serves its process for as long as that lives: Django's one thread for what is not async,
        *threads_of(asgiref.sync.SyncToAsync.single_thread_executor),
        # those that fetch applications' answers,
        *threads_of(consumers._answers._threads),
        # those that read a debug log, live, as a file and behind a link,
        *threads_of(live._threads._threads),
        *threads_of(shared_log._threads._threads),
        *threads_of(debug_logs._threads._threads),
        *threads_of(recordings._threads._threads),
        # those that read an export's file,
        *threads_of(exporting._threads._threads),
        # and those of the health check.
        *threads_of(background_checks.threads),
        # async_to_sync makes one for each call, and leaves it to the collector, which ends it.
        *(thread for thread in threading.enumerate() if thread.name.startswith(ASGIREF)),
    }


def threads_of(executor: Executor | None) -> set[threading.Thread]:
    return set(getattr(executor, "_threads", ()))


def belonging_elsewhere(among: list[Any]) -> set[Hashable]:
    """What only shows by who holds it."""
    # Event loops that run in lasting threads: the journey with the real buffer does so, beside all others.
    idents = {thread.ident for thread in _lasting if isinstance(thread, threading.Thread)}
    loops = [each for each in among if is_a(each, asyncio.BaseEventLoop) and getattr(each, "_thread_id", None) in idents]
    numbers = numbers_of_transports(among, lambda loop: loop in loops)
    executors = [thread for loop in loops for thread in threads_of(getattr(loop, "_default_executor", None))]
    return {*executors, *(each for each in descriptors() if each.number in numbers)}


def to_the_database(found: set[Hashable]) -> set[Hashable]:
    return {each for each in found if isinstance(each, Descriptor) and is_to_the_database(each)}


def is_to_the_database(descriptor: Descriptor) -> bool:
    """A thread's connection to PostgreSQL, which Django keeps for as long as there is the thread."""
    folders = tuple(str(each.settings_dict["HOST"]) for each in connections.all() if each.vendor == "postgresql")
    if not folders or descriptor.kind != "socket" or (sock := copied(descriptor.number)) is None:
        return False
    with sock:
        return str(peer_of(sock)).startswith(folders)


def close_channel_layer(loop: asyncio.AbstractEventLoop) -> None:
    """Channels keeps connections to Redis for each event loop, and closes them when the loop is closed, which is after we look."""
    layer = get_channel_layer()
    if layer is not None and loop in getattr(layer, "_layers", ()):
        loop.run_until_complete(layer.flush())


# What is left ----------------------------------------------------------------------------------------------------------------
def left(before: set[Hashable], loop: asyncio.AbstractEventLoop | None) -> set[Hashable]:
    """What the test's own loop has left is left at once: it does not run any more. Others may be about to close."""
    found = open_now(loop) - before - _lasting - staying_by_design(loop)
    found -= to_the_database(found)
    if not (found := still_open(found, loop, MOMENT_SECONDS)):
        return found
    among = holders()
    found -= belonging_elsewhere(among)
    owned = found & of_loop(loop, among)
    del among
    if not owned:
        found = still_open(found, loop, SETTLE_SECONDS)
    return found - belonging_elsewhere(holders()) if found else found


def still_open(found: set[Hashable], loop: asyncio.AbstractEventLoop | None, wait_seconds: float) -> set[Hashable]:
    deadline = time.monotonic() + wait_seconds
    while found and time.monotonic() < deadline:
        time.sleep(0.005)
        found = found & open_now(loop)
    return found


def of_loop(loop: asyncio.AbstractEventLoop | None, among: list[Any]) -> set[Hashable]:
    if loop is None:
        return set()
    numbers = numbers_of_transports(among, lambda owner: owner is loop)
    return {*asyncio.all_tasks(loop), *(each for each in descriptors() if each.number in numbers)}


def cut_off(found: set[Hashable]) -> None:
    """What was named here is not to be named once more, as unclosed, in whichever test runs when it is collected."""
    numbers = {each.number for each in found if isinstance(each, Descriptor)}
    for each in holders():
        if is_a(each, asyncio.WriteTransport) and number_of(each) in numbers:
            each.abort()  # and its loop closes it, before it is closed itself


@pytest.fixture
async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture(autouse=True)
def nothing_is_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """The first fixture of every test, and so the last one to end, but for the event loop and the database."""
    is_async = request.node.get_closest_marker("asyncio") is not None
    loop: asyncio.AbstractEventLoop | None = request.getfixturevalue("running_loop") if is_async else None
    before = open_now()
    yield
    if loop is not None:
        close_channel_layer(loop)
    if found := left(before, loop):
        said = in_words(found)
        cut_off(found)
        pytest.fail(f"The test left open:\n{said}", pytrace=False)
