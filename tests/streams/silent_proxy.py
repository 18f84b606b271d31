"""A TCP door in front of a server on a Unix socket, which can fall silent: connections stay open, and nothing passes any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class SilentProxy:
    """`port` on 127.0.0.1. Connections that are made after `silence` are heard again, unless `deaf`."""

    def __init__(self, path: Path) -> None:
        self.path, self.port, self.deaf = path, 0, False
        self.connections = 0
        self._audible = asyncio.Event()
        self._audible.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def silence(self) -> None:
        self._audible.clear()
        self._audible = asyncio.Event()
        if not self.deaf:
            self._audible.set()

    async def shut(self) -> None:
        """Connections are cut, and none is taken, until it is opened again."""
        self.server.close()
        await self.stop()

    async def open(self) -> None:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there_reader, there_writer = await asyncio.open_unix_connection(str(self.path))
        self._writers |= {writer, there_writer}
        for source, target in ((reader, there_writer), (there_reader, writer)):
            self._tasks.add(asyncio.create_task(self.pass_on(source, target, self._audible)))

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, audible: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                await audible.wait()
                target.write(data)
                await target.drain()
            await audible.wait()
            target.close()

    async def stop(self) -> None:
        """Every connection."""
        tasks, writers = self._tasks, self._writers
        self._tasks, self._writers = set(), set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.close()
        for writer in writers:
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def silent_proxy(path: Path) -> AsyncIterator[SilentProxy]:
    proxy = SilentProxy(path)
    await proxy.open()
    try:
        yield proxy
    finally:
        proxy.server.close()
        await proxy.stop()
        await proxy.server.wait_closed()
