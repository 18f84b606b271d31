"""A caller of a real Asterisk's whose frames are of the test's choosing: Asterisk reaches it by AudioSocket, a TCP connection that is the
far end of a call.

Owns AudioSocket's messages: a byte for the kind, two for the length, the payload; audio is L16 at 8 kHz, little-endian. Source: Asterisk's
res_audiosocket. Must not know what becomes of the call."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from streams.simulate.ending import cancelled, closed
from streams.simulate.listener import serving

HANG_UP, AUDIO = 0x00, 0x10
BYTES_PER_MS = 16


@asynccontextmanager
async def caller(parts: Sequence[bytes | float], frame_ms: int) -> AsyncIterator[int]:
    """Yields the port at which Asterisk finds a caller that says `parts`, of which a number is seconds in which nothing is sent, in frames
    of `frame_ms`, each at its time, and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening = asyncio.create_task(hear(reader))
        due = asyncio.get_running_loop().time()
        try:
            for part in parts:
                due = await silent(due + part) if isinstance(part, float) else await say(writer, part, frame_ms, due)
            writer.write(message(HANG_UP))
            await writer.drain()
        except ConnectionError:
            pass  # Asterisk hung up first
        finally:
            await cancelled(listening)
            await closed(writer)

    async with serving(lambda listener: asyncio.start_server(talk, sock=listener)) as port:
        yield port


async def hear(reader: asyncio.StreamReader) -> None:
    """What the far end says is of no interest, and must not be left to wait."""
    while await reader.read(65_536):
        pass


async def silent(until: float) -> float:
    await asyncio.sleep(until - asyncio.get_running_loop().time())
    return until


async def say(writer: asyncio.StreamWriter, audio: bytes, frame_ms: int, due: float) -> float:
    size = BYTES_PER_MS * frame_ms
    for start in range(0, len(audio), size):
        due = await silent(due + frame_ms / 1000)
        writer.write(message(AUDIO, audio[start : start + size]))
        await writer.drain()
    return due


def message(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload
