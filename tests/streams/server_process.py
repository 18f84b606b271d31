"""Starts tests/streams/server_under_test.py as a process of its own, and speaks to it over real sockets."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from config import child_process
from streams.simulate.ending import closed
from tests.warm_start import WarmServerPopen

ROOT = Path(__file__).parents[2]


class ServerProcess:
    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port

    async def says(self, *words: object) -> None:
        """Reads what the server prints until this line."""
        assert self.process.stdout is not None
        expected = " ".join(map(str, words))
        async with asyncio.timeout(30):
            while (line := (await self.process.stdout.readline()).decode().strip()) != expected:
                assert line, f"the server ended before it said {expected!r}"

    async def status(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 30)

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    @asynccontextmanager
    async def raw(self, address: str = "127.0.0.1") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """`address`: where we come from, any of 127.0.0.0/8 (on Linux)."""
        ours = None if address == "127.0.0.1" else (address, 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=ours)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            await closed(writer)

    async def answer_to(self, request: bytes, address: str = "127.0.0.1") -> bytes:
        async with self.raw(address) as (reader, writer):
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 30)


@asynccontextmanager
async def serving(started_by: tuple[str, ...] = (), **arguments: Any) -> AsyncIterator[ServerProcess]:
    """`started_by`: a command that becomes the server's process, with the server's command behind it."""
    whole = (*started_by, *command(arguments))
    with mock.patch.object(subprocess, "Popen", WarmServerPopen):
        process = await asyncio.create_subprocess_exec(*whole, stdout=asyncio.subprocess.PIPE, **child_process.options(ROOT))
    assert process.stdout is not None
    try:
        _, port = (await asyncio.wait_for(process.stdout.readline(), 30)).split()
        yield ServerProcess(process, int(port))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def get(server: ServerProcess, path: str = "/", address: str = "127.0.0.1") -> bytes:
    return await server.answer_to(b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode(), address)


def command(arguments: dict[str, Any]) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.streams.server_under_test", json.dumps(arguments))
