"""The load: many gateways that send 20 ms mu-law frames, and the customers' side that notes when each one arrives.

Owns a WebSocket just good enough to measure with (raw asyncio, frames made beforehand), so that measuring costs little."""

import asyncio
import base64
import hashlib
import os
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode
from websockets.speedups import apply_mask

FRAME_SECONDS = 0.02
STALE_NS = 200_000_000
"""Nobody answers what is older: what had to wait at the beginning would be played at the pace of speech, and all after it be late."""
WAIT_SECONDS = 0.001
PATIENCE_SECONDS = 1.0
"""A frame that has not come by then is lost, or comes with a later one."""
SLOTS = 20
"""Gateways send in so many groups within a frame's time, as real ones do not send all at once."""
PASSING_SECONDS = 1.0
OF_NO_TIME = 2**63
"""In place of when a frame was sent: nobody measures when it arrives."""
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MEDIA_START = "MEDIA_START connection_id:bench channel:WebSocket/bench/1 channel_id:1.1 format:ulaw optimal_frame_size:160 ptime:20"


@dataclass
class Measured:
    """`latencies_ms` of the frames that arrived while `recording`; `warmed_up` of those before."""

    recording: bool = False
    sent: int = 0
    warmed_up: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def on_their_way(self) -> int:
        return self.sent - len(self.latencies_ms)

    def arrived(self, sent_ns: int, now_ns: int) -> None:
        if sent_ns > now_ns:
            return  # no frame of ours, but silence that was played where nothing came
        if self.recording:
            self.latencies_ms.append((now_ns - sent_ns) / 1e6)
        else:
            self.warmed_up += 1


class CustomerSide(asyncio.Protocol):
    """Takes the upgrade and reads masked text frames; a frame's first eight audio bytes are the time it was sent (ns). With `echo`
    it plays each frame back, and the gateway's side takes the time."""

    def __init__(self, measured: Measured, echo: bool = False) -> None:
        self.measured = measured
        self.echo = echo
        self.buffer = b""
        self.upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.upgraded:
            self._upgrade()
        now = time.monotonic_ns()
        at, buffer = 0, self.buffer
        while len(buffer) - at >= 8:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            end = start + 4 + size
            if len(buffer) < end:
                break
            self._take(apply_mask(buffer[start + 4 : end], buffer[start : start + 4]), now)
            at = end
        self.buffer = buffer[at:]

    def _upgrade(self) -> None:
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
        self.transport.write(answer % accept)
        self.upgraded, self.buffer = True, rest

    def _take(self, text: bytes, now: int) -> None:
        at = text.find(b'"payload":"')
        if at < 0:
            return
        sent = struct.unpack("<Q", base64.b64decode(text[at + 11 : at + 23])[:8])[0]
        if not self.echo:
            self.measured.arrived(sent, now)
        elif 0 <= now - sent < STALE_NS:
            self._play(text[at + 11 : text.index(b'"', at + 11)])

    def _play(self, payload: bytes) -> None:
        text = b'{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":8000,"payload":"%b"}}' % payload
        self.transport.write(Frame(Opcode.TEXT, text).serialize(mask=False))


class GatewaySide(asyncio.Protocol):
    """Sends the upgrade, MEDIA_START, and then frames when it is told to."""

    def __init__(self, path: str, authorization: str, upgraded: "asyncio.Future[None]", measured: Measured) -> None:
        self.measured = measured
        self.buffer = b""
        self.request = (
            f"GET {path} HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Basic {authorization}\r\nSec-WebSocket-Protocol: media\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        )
        self.upgraded = upgraded
        self.lost = asyncio.Event()
        self.tail = bytes(os.urandom(152))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        if not self.upgraded.done():
            if not data.startswith(b"HTTP/1.1 101"):
                self.upgraded.set_exception(ConnectionError(data[:60].decode("latin-1")))
                return
            self.upgraded.set_result(None)
            self.transport.write(Frame(Opcode.TEXT, MEDIA_START.encode()).serialize(mask=True))
            return
        self._heard(data)

    def _heard(self, data: bytes) -> None:
        """Binary frames of the server, unmasked: what is played to the call. Each 160 bytes of it begin with the time of sending."""
        self.buffer += data
        now, at, buffer = time.monotonic_ns(), 0, self.buffer
        while len(buffer) - at >= 4:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if len(buffer) < start + size:
                break
            if buffer[at] & 0x0F == Opcode.BINARY:
                for frame in range(start, start + size, 160):
                    self.measured.arrived(struct.unpack_from("<Q", buffer, frame)[0], now)
            at = start + size
        self.buffer = buffer[at:]

    def send_frame(self, sent_ns: int | None = None) -> None:
        # A mask of zeros is a legal one, and costs nothing to apply.
        self.transport.write(b"\x82\xfe\x00\xa0\x00\x00\x00\x00" + struct.pack("<Q", sent_ns or time.monotonic_ns()) + self.tail)

    def press(self, digit: str) -> None:
        self.transport.write(Frame(Opcode.TEXT, f"DTMF_END digit:{digit}".encode()).serialize(mask=True))

    def hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))


async def connect_gateway(port: int, authorization: str, measured: Measured) -> GatewaySide:
    """Until it is a call."""
    loop = asyncio.get_running_loop()
    upgraded: asyncio.Future[None] = loop.create_future()
    path = "/gateway/asterisk/bench/"
    _, gateway = await loop.create_connection(lambda: GatewaySide(path, authorization, upgraded, measured), "127.0.0.1", port)
    await asyncio.wait_for(upgraded, 20)
    return gateway


async def connect_gateways(port: int, count: int, authorization: str, measured: Measured) -> list[GatewaySide]:
    """One after the other, as a gateway brings its calls."""
    return [await connect_gateway(port, authorization, measured) for _ in range(count)]


async def passing_call(port: int, authorization: str) -> None:
    """A call of a second beside those that are measured."""
    gateway = await connect_gateway(port, authorization, Measured())
    try:
        for _ in range(round(PASSING_SECONDS / FRAME_SECONDS)):
            gateway.send_frame(OF_NO_TIME)
            await asyncio.sleep(FRAME_SECONDS)
        gateway.hang_up()
        await asyncio.wait_for(gateway.lost.wait(), 30)
    finally:
        gateway.transport.abort()


@asynccontextmanager
async def begin_and_end(port: int, authorization: str, calls_a_second: int) -> AsyncIterator[None]:
    """Beside what is done in it so many calls begin each second, and as many end."""
    if not calls_a_second:
        yield
        return
    calls = list[asyncio.Task[None]]()

    async def bring() -> None:
        due = time.monotonic()
        while True:
            calls.append(asyncio.create_task(passing_call(port, authorization)))
            due += 1 / calls_a_second
            await asyncio.sleep(due - time.monotonic())

    bringing = asyncio.create_task(bring())
    await asyncio.sleep(2 * PASSING_SECONDS)  # until as many end as begin
    try:
        yield
    finally:
        bringing.cancel()
        await asyncio.wait([bringing, *calls])
    for call in calls:
        call.result()  # or why it was none


async def send_for(gateways: list[GatewaySide], seconds: float, measured: Measured, ahead: int | None = None) -> None:
    """Every gateway sends a frame each 20 ms. `ahead`: at most so many of each are on their way at once; where the machine is busy that
    takes longer, and nothing comes in heaps, which would cost less a frame than what comes one by one."""
    slots = [gateways[slot::SLOTS] for slot in range(SLOTS)]
    due = time.monotonic()
    for number in range(round(seconds / FRAME_SECONDS * SLOTS)):
        slot = slots[number % SLOTS]
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        patience = time.monotonic() + PATIENCE_SECONDS
        while ahead is not None and measured.on_their_way > ahead * len(gateways) - len(slot) and time.monotonic() < patience:
            await asyncio.sleep(WAIT_SECONDS)
        for gateway in slot:
            gateway.send_frame()
        measured.sent += len(slot)
        due = due + FRAME_SECONDS / SLOTS if ahead is None else max(due, time.monotonic() - FRAME_SECONDS) + FRAME_SECONDS / SLOTS
