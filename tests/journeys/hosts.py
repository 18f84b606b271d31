"""Two machines for one installation: each host has processes and a folder of its own, and, where root runs the tests on Linux, a network of
its own, in which nobody else's 127.0.0.1 can be reached. They meet in PostgreSQL and Redis alone, which they reach by sockets in the file
system.

Owns the hosts, their networks and the doors between them and the tests. Must not know what happens on them."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.chaos.fault_proxy import FaultProxy, Streams
from tests.journeys.installation import ROOT, Web
from tests.journeys.processes import ChildProcess
from tests.own_network import Network

HOSTS = ("host A", "host B")


class Host:
    """`environment`: what all hosts of the installation share. `network` is None where this machine can have none."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], network: Network | None) -> None:
        self.name, self.folder, self.network = name, folder, network
        self.environment = {**environment, "DATA_DIR": str(folder)}
        self.processes: dict[str, ChildProcess] = {}
        self.past: list[str] = []
        self._doors: list[FaultProxy] = []

    def start(self, name: str, *command: str) -> ChildProcess:
        before = self.network.entered_by if self.network else ()
        process = self.processes[name] = ChildProcess(f"{name} of {self.name}", [*before, *command], ROOT, self.environment)
        return process

    def run(self, *arguments: str, **more: str) -> None:
        """A command of `manage.py`, to its end."""
        before = self.network.entered_by if self.network else ()
        process = ChildProcess(arguments[0], [*before, sys.executable, "manage.py", *arguments], ROOT, self.environment | more)
        try:
            assert process.wait(120) == 0, process.output
        finally:
            process.stop()

    def start_worker(self) -> None:
        """With a beat in it."""
        self.start("worker", sys.executable, "-m", "celery", "-A", "config", "worker", "--beat", "--loglevel", "INFO")

    def start_web(self) -> None:
        self.start("web", sys.executable, "manage.py", "serve", "--port", "0")

    async def web(self) -> Web:
        """As the tests reach it, once it listens; the process knows another port."""
        web = await asyncio.to_thread(Web, self.processes["web"])
        if self.network:
            door = FaultProxy(self._into(int(web.http_url.rpartition(":")[2])))
            await door.start()
            self._doors.append(door)
            web.http_url = f"http://127.0.0.1:{door.port}"
            web.ws_url = f"ws://127.0.0.1:{door.port}"
        return web

    async def let_reach(self, *ports: int) -> None:
        """What listens here, on 127.0.0.1, is reached by the host under the same numbers."""
        if self.network is None:
            return
        for port in ports:
            listener = self.network.inside(lambda port=port: socket.create_server(("127.0.0.1", port)))  # type: ignore[misc]
            door = FaultProxy(lambda port=port: asyncio.open_connection("127.0.0.1", port))  # type: ignore[misc]
            await door.start(listener)
            self._doors.append(door)

    def _into(self, port: int) -> Callable[[], "asyncio.Future[Streams]"]:
        async def dial() -> Streams:
            assert self.network is not None
            connected = await asyncio.to_thread(self.network.inside, lambda: socket.create_connection(("127.0.0.1", port), 10))
            return await asyncio.open_connection(sock=connected)

        return dial  # type: ignore[return-value]

    def fall(self) -> None:
        """As a machine whose power is cut."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.stop()
            self.past.append(process.output)
        self.processes.clear()

    async def stop(self) -> None:
        names = list(self.processes)
        stopping = (asyncio.to_thread(self.processes[name].stop) for name in names)
        await asyncio.gather(*stopping)
        for name in names:
            self.past.append(self.processes.pop(name).output)

    async def close(self) -> None:
        await self.stop()
        for door in self._doors:
            await door.stop()
        if self.network is not None:
            self.network.close()
