"""Threads in which the event loop's side of the platform queries the database, so that no call waits for it.

Owns the threads and their connections, and that none hangs for ever on one that went silent. Must not know what is asked."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from streams.shares import Places

P = ParamSpec("P")
T = TypeVar("T")

OF_THREADS = "OF_THREADS"
"""In the entry of DATABASES, where others share connections: the entry for threads that do not."""
ANSWER_SECONDS = 15.0
"""A database that answers takes a hundredth of this for what is asked beside the event loop."""


class DatabaseThreads:
    """`count` threads, each with a connection of its own that is kept between queries and dropped when it broke. A function that is
    not done after `answer_seconds` (or ANSWER_SECONDS) has its connection cut, and so fails with what Django makes of that."""

    def __init__(self, count: int, name: str, answer_seconds: float | None = None) -> None:
        self._answer_seconds = answer_seconds or ANSWER_SECONDS
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=keep_own_connection)
        self._connections: set[BaseDatabaseWrapper] = set()
        self._running: set[_Running] = set()

    async def run(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The result of the function, run in one of the threads; raises what it raises."""
        return await self._result(*self._submit(function, arguments, options))

    async def run_for(self, whose: Hashable, places: Places, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The same in a place of `whose`, which is taken until the thread is done, also when nobody waits for it any more."""
        await places.take(whose)
        try:
            work, running = self._submit(function, arguments, options)
        except BaseException:
            places.leave(whose)
            raise
        work.add_done_callback(lambda _: places.leave(whose))
        return await self._result(work, running)

    def _submit(self, function: Callable[..., T], arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple["Future[T]", "_Running"]:
        running = _Running()

        def query() -> T:
            close_old_connections()
            self._connections.add(connections[DEFAULT_DB_ALIAS])
            running.begin(connections[DEFAULT_DB_ALIAS])
            self._running.add(running)
            try:
                return function(*arguments, **options)
            finally:
                self._running.discard(running)
                running.end()
                close_old_connections()

        return self._threads.submit(query), running

    async def _result(self, work: "Future[T]", running: "_Running") -> T:
        result = asyncio.wrap_future(work)
        try:
            while not result.done() and (seconds := running.seconds_left(self._answer_seconds)) > 0:
                await asyncio.wait([result], timeout=seconds)
            if not result.done():
                running.cut()
            return await result
        finally:
            result.cancel()

    async def stop(self, within_seconds: float = 2.0) -> None:
        """Lets running queries end, within the time, cuts those that do not, and closes the connections."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within_seconds):
                await loop.run_in_executor(None, self._stop)
        except TimeoutError:
            for running in list(self._running):
                running.cut()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _stop(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for own in self._connections:
            own.inc_thread_sharing()  # its thread is gone
            own.close()


def keep_own_connection() -> None:
    """In this thread, where others share theirs: what calls need is not to wait until a page is done with one."""
    own = connections.settings[DEFAULT_DB_ALIAS].get(OF_THREADS)
    if own:
        connections[DEFAULT_DB_ALIAS] = load_backend(own["ENGINE"]).DatabaseWrapper(own, DEFAULT_DB_ALIAS)


class _Running:
    """A function under way in a thread, and the connection that it uses."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._connection: BaseDatabaseWrapper | None = None
        self._lock = threading.Lock()

    def begin(self, connection: BaseDatabaseWrapper) -> None:
        self._began, self._connection = time.monotonic(), connection

    def end(self) -> None:
        with self._lock:
            self._connection = None

    def seconds_left(self, limit: float) -> float:
        """The whole limit while no thread is free for it."""
        return limit if self._began is None else self._began + limit - time.monotonic()

    def cut(self) -> None:
        """Shuts the socket of the connection, so that whoever reads from it in its thread gets an end of file. What is just connecting
        has a limit of its own, and SQLite has no socket."""
        with self._lock:
            own = self._connection.connection if self._connection is not None else None
            if own is None or not hasattr(own, "fileno"):
                return
            with suppress(Exception), socket.socket(fileno=os.dup(own.fileno())) as peer:
                peer.shutdown(socket.SHUT_RDWR)
