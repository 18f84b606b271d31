"""Threads in which the event loop's side of the platform queries the database, so that no call waits for it.

Owns the threads and their connections. Must not know what is asked."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThreads:
    """`count` threads, each with a connection of its own that is kept between queries and dropped when it broke."""

    def __init__(self, count: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._connections: set[BaseDatabaseWrapper] = set()

    async def run(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The result of the function, run in one of the threads; raises what it raises."""

        def query() -> T:
            close_old_connections()
            self._connections.add(connections[DEFAULT_DB_ALIAS])
            try:
                return function(*arguments, **options)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._threads, query)

    async def stop(self, within_seconds: float = 2.0) -> None:
        """Lets running queries end, within the time, and closes the connections."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.wait_for(loop.run_in_executor(None, self._stop), within_seconds)
        except TimeoutError:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _stop(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for own in self._connections:
            own.inc_thread_sharing()  # its thread is gone
            own.close()
