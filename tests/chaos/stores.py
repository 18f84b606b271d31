"""A PostgreSQL and a Redis of the harness's own, which can be killed, hung, restarted and asked behind everybody's back.

Owns their processes and folders. Must not know what is kept in them."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis

from config import embedded_redis
from tests import postgres_server
from tests.chaos import small_disk
from tests.chaos.fault_proxy import FaultProxy, Streams
from tests.journeys.processes import DIES_WITH_THE_TESTS, STARTER
from tests.process_use import children

PATIENCE = "-c statement_timeout=15000"
"""What the harness asks must not wait for ever for a lock that somebody holds."""


def start(command: Sequence[object], log: Path, user: str | None = None) -> "subprocess.Popen[bytes]":
    """A child that ends with us, by the thread that lives as long as we do."""

    def started() -> "subprocess.Popen[bytes]":
        with log.open("ab") as output:
            words = [*DIES_WITH_THE_TESTS, *map(str, command)]
            return subprocess.Popen(words, stdout=output, stderr=output, stdin=subprocess.DEVNULL, user=user, start_new_session=True)

    return STARTER.submit(started).result()


class Postgres:
    """`proxy.port` is where the platform reaches it; the harness asks by the socket."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self.log = Path(f"{self.folder}.log")
        self.user = postgres_server.unprivileged_user()
        self.proxy = FaultProxy(self._dial)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._asking = threading.Lock()

    @property
    def url(self) -> str:
        return f"postgresql://streamdesk@127.0.0.1:{self.proxy.port}/postgres"

    @property
    def path(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    def make(self) -> None:
        """A fresh cluster, running; on a disk of its own, where that can be."""
        if not small_disk.CANNOT:
            small_disk.mount(self.folder)
        self.command = postgres_server.new_cluster(self.folder, self.user)
        self.start()

    def start(self) -> None:
        self.process = start(self.command, self.log, self.user)
        postgres_server.wait_until_ready(self.path, self.process)

    def start_where_it_ended(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
            self.start()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT is an immediate shutdown: no checkpoint, no good-bye."""
        self.resume()
        self.process.send_signal(how)
        self.process.wait(30)

    def hang(self) -> None:
        for pid in (self.process.pid, *children(self.process.pid)):
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in (self.process.pid, *children(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """What the last statement returns. On a connection that is kept: making one costs both sides ten times what a question does."""
        with self._asking:
            kept = self._connection
            try:
                return self._asked(statements)
            except psycopg.OperationalError:
                if kept is None or not kept.closed:
                    raise
            return self._asked(statements)  # PostgreSQL was restarted since

    def _asked(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            options: dict[str, Any] = {"user": "streamdesk", "dbname": "postgres", "options": PATIENCE}
            self._connection = psycopg.connect(host=str(self.folder), autocommit=True, **options)
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            cursor = self._connection.execute(statement)  # type: ignore[arg-type]
            found = cursor.fetchall() if cursor.description else []
        return found

    def remove(self) -> None:
        if self._connection is not None:
            self._connection.close()
        with suppress(AttributeError):
            self.stop()
        if self.folder.is_mount():
            small_disk.unmount(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.log.unlink(missing_ok=True)

    async def _dial(self) -> Streams:
        return await asyncio.open_unix_connection(str(self.path))


class RedisStore:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "redis.sock"
        self.proxy = FaultProxy(self._dial)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.proxy.port}/0"

    def start(self) -> None:
        """Empty: nothing of the one before is kept."""
        command = [embedded_redis.binary(), "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no"]
        self.process = start(command, self.folder / "redis.log")
        for _ in range(500):
            if embedded_redis.redis_answers(self.path):
                return
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self.path.unlink(missing_ok=True)

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        with closing(Redis(unix_socket_path=str(self.path))) as client:
            client.flushall()

    def remove(self) -> None:
        with suppress(AttributeError, ProcessLookupError):
            self.kill()

    async def _dial(self) -> Streams:
        return await asyncio.open_unix_connection(str(self.path))
