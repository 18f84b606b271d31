"""A TCP door in front of a server, on 127.0.0.1, that can do what networks do: fall silent, lose every packet, cut connections.

Owns the connections through it. Must not know what is spoken.

Packets are lost by a filter on our own sockets, which the kernel asks before TCP sees anything: nothing is acknowledged, as by a machine
that is gone. It takes no privilege."""

import asyncio
import ctypes
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Streams]]

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # Linux' own numbers; Python has no names for them
CAN_LOSE_PACKETS = sys.platform == "linux"
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET | BPF_K, 0: no byte of the packet is kept


def lose_packets(sock: socket.socket) -> None:
    """From here on nothing that is sent to the socket arrives, and nothing is acknowledged."""
    program = ctypes.create_string_buffer(_DROP_ALL)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))


def find_packets(sock: socket.socket) -> None:
    with suppress(OSError):  # none was attached, or it is closed
        sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


class FaultProxy:
    """`port` leads to what `dial` dials. What is passed on is held, in both directions, while it is `silent`."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self.port = 0
        self._audible = asyncio.Event()
        self._audible.set()
        self._writers: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._lost: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listener: socket.socket | None = None) -> None:
        """`listener`: one that somebody else has made, in another network."""
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._server = await asyncio.start_server(self._accept, sock=self._listener)
        self.port = int(self._listener.getsockname()[1])

    async def stop(self) -> None:
        self.heal()
        self._server.close()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # Faults ---------------------------------------------------------------------------------------------------------------
    def silence(self) -> None:
        """Connections stay, and new ones are taken; TCP answers, and nobody else."""
        self._audible.clear()

    def partition(self) -> None:
        """As silence, and TCP does not answer either; connections that are begun get no answer."""
        self.silence()
        connected = (writer.get_extra_info("socket") for writer in self._writers if not writer.is_closing())
        for sock in (self._listener, *connected):
            raw = socket.socket(fileno=os.dup(sock.fileno()))
            lose_packets(raw)
            self._lost.append(raw)

    def cut(self) -> None:
        """Every connection is reset, on both sides."""
        for writer, there in list(self._writers.items()):
            for each in (writer, there):
                with suppress(OSError, ValueError):
                    each.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.transport.abort()
        self._writers.clear()

    def heal(self) -> None:
        while self._lost:
            raw = self._lost.pop()
            find_packets(raw)
            raw.close()
        self._audible.set()

    # ----------------------------------------------------------------------------------------------------------------------
    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there_reader, there = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        self._writers[writer] = there
        try:
            await asyncio.gather(self._pass_on(reader, there), self._pass_on(there_reader, writer))
        finally:
            self._writers.pop(writer, None)
            for each in (writer, there):
                each.transport.abort()
                with suppress(OSError):
                    await each.wait_closed()

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._audible.wait()
                target.write(data)
                await target.drain()
            await self._audible.wait()
            target.write_eof()
        except OSError:  # one side was reset, and so is the other
            await self._audible.wait()
            target.transport.abort()
