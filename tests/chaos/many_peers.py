"""Gateways and customers of so many calls that it counts what a frame costs them: one task speaks for all callers, and what customers
hear is looked at as it comes, and not kept.

Owns their leanness; what they say and look at is as in `peers`. Must not know what is right, nor which fault there is."""

import asyncio
import itertools
import time
from collections import defaultdict
from contextlib import AsyncExitStack, suppress
from functools import cache
from typing import Any, Self

import orjson
import pybase64
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from websockets.frames import Opcode
from websockets.speedups import apply_mask

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.ending import cancelled
from streams.simulate.listener import serving
from streams.simulate.twilio import TwilioCall
from streams.simulate.wav import FRAME_SECONDS
from tests.chaos.history import BroughtCall, HeardStream, History
from tests.chaos.invariants import FRAME_MS, is_in_fault
from tests.chaos.peers import Caller, Peers, keep, numbered_frame, told
from tests.chaos.sites import ACCOUNTS, Site

SLOTS = 20
"""Callers speak in so many groups within a frame's time: real ones do not all speak at once."""
UNREAD_BYTES = 65_536
"""A gateway that has so much the platform does not read says no more."""
MASK = b"\x5a\xc3\x1e\x97"
DIALLED_AT_ONCE = 1000


def on_the_wire(opcode: Opcode, payload: bytes) -> bytes:
    """A client's message as one frame (RFC 6455, 5.2), always with the same mask."""
    return header(opcode, len(payload)) + apply_mask(payload, MASK)


@cache
def header(opcode: Opcode, size: int) -> bytes:
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + MASK


class LeanCaller(Caller):
    """Its upgrade, its first words and its end are its dialect's; in between it is one of the voices."""

    def __init__(self, site: Site, record: BroughtCall, longest_seconds: float, voices: "Voices") -> None:
        self._voices = voices
        super().__init__(site, record, longest_seconds)

    def hang_up(self) -> None:
        super().hang_up()
        self.socket.changed()

    async def _speak(self) -> None:
        slot = self._voices.join(self)
        try:
            with suppress(TimeoutError):
                await self.socket.until(lambda: self._hang_up.is_set() or self.socket.end, "its end", self.longest_seconds)
        finally:
            slot.remove(self)

    def say(self) -> None:
        record, transport = self.record, self.socket._writer.transport
        if self.muted or self.socket.end is not None or transport.get_write_buffer_size() > UNREAD_BYTES:
            return
        payload = numbered_frame(record.tag, record.sent, self.frame_bytes)
        if isinstance(self.socket, TwilioCall):
            transport.write(on_the_wire(Opcode.TEXT, self.socket.next_media("inbound", payload).encode()))
        else:
            transport.write(on_the_wire(Opcode.BINARY, payload))
        record.sent, record.last_frame_at = record.sent + 1, time.monotonic()


class Voices:
    """Everybody's next frame, when it is due. A late one does not make the next ones late."""

    def __init__(self) -> None:
        self._slots: list[list[LeanCaller]] = [[] for _ in range(SLOTS)]
        self._next = itertools.cycle(self._slots)

    def join(self, caller: LeanCaller) -> list[LeanCaller]:
        """The group that it speaks in, to be left again."""
        slot = next(self._next)
        slot.append(caller)
        return slot

    async def speak(self) -> None:
        began = time.monotonic()
        for turn in itertools.count():
            await asyncio.sleep(max(began + turn * FRAME_SECONDS / SLOTS - time.monotonic(), 0))
            for caller in self._slots[turn % SLOTS]:
                caller.say()


class Ear(WSListener):  # type: ignore[misc]  # picows is compiled, and says no types
    """One connection of the platform to a customer's service."""

    def __init__(self, service: "CountingService") -> None:
        self.service, self.history = service, service.history
        self.stream: HeardStream | None = None
        self.call: BroughtCall | None = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            try:
                self.take(orjson.loads(frame.get_payload_as_memoryview()), time.monotonic())
            except (ValueError, KeyError, TypeError) as error:
                self.history.seen_wrong.append(f"{frame.get_payload_as_bytes()[:200]!r} came to a customer: {error!r}")
        elif frame.msg_type == WSMsgType.CLOSE:
            if self.stream is not None:
                self.stream.close_code = frame.get_close_code().value
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def take(self, message: dict[str, Any], now: float) -> None:
        """Raises ValueError, KeyError or TypeError for what is no message of the platform."""
        if message["event"] == "start":
            call_uuid = message["start"]["callId"]
            self.stream = self.service.began(call_uuid, message["start"]["streamId"])
            self.call = next((call for call in self.history.calls if call.call_uuid == call_uuid), None)
        elif message["event"] == "media":
            if self.stream is None:
                raise ValueError("audio before the start")
            count(self.stream, pybase64.b64decode(message["media"]["payload"], validate=True), now, self.history, self.call)


def count(stream: HeardStream, payload: bytes, now: float, history: History, call: BroughtCall | None) -> None:
    earlier, stream.last_at = stream.last_at, now
    stream.started_at = stream.started_at or now
    number = keep(stream, payload)
    if earlier and is_in_fault(history, earlier, now):
        once_more(stream.gaps_ms, round((now - earlier) * 1000))
        if number is not None and call is not None:
            once_more(stream.late_ms, (call.sent - 1 - number) * round(FRAME_MS))


def once_more(counted: dict[int, int], what: int) -> None:
    counted[what] = counted.get(what, 0) + 1


class CountingService:
    """A customer's service, and beside it their address for status callbacks. An async context manager; afterwards `streams`, by call, and
    `receiver.callbacks` hold what came."""

    def __init__(self, account: str, history: History) -> None:
        self.account, self.history = account, history
        self.receiver = CallbackReceiver()
        self.streams: defaultdict[str, list[HeardStream]] = defaultdict(list)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        def ear(request: WSUpgradeRequest) -> Ear:
            return Ear(self)

        self._stack.push_async_callback(self.receiver.finish)
        audio = serving(lambda listener: ws_create_server(ear, sock=listener, backlog=DIALLED_AT_ONCE))
        callbacks = serving(lambda listener: asyncio.start_server(self.receiver.serve, sock=listener, backlog=DIALLED_AT_ONCE))
        self.url = f"ws://127.0.0.1:{await self._stack.enter_async_context(audio)}/stream"
        self.status_url = f"http://127.0.0.1:{await self._stack.enter_async_context(callbacks)}/status"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def began(self, call_uuid: str, stream_id: str) -> HeardStream:
        stream = HeardStream(self.account, call_uuid, stream_id)
        self.streams[call_uuid].append(stream)
        return stream


class ManyPeers(Peers):
    """As Peers, for a load that harms nobody: its customers have good services only."""

    async def __aenter__(self) -> Self:
        self._counting = [await self._stack.enter_async_context(CountingService(account, self.history)) for account in ACCOUNTS]
        self.customers |= {service.account: service for service in self._counting}
        self._voices = Voices()
        self._speaking = asyncio.create_task(self._voices.speak())
        self._stack.push_async_callback(cancelled, self._speaking)
        return self

    def caller(self, record: BroughtCall) -> Caller:
        return LeanCaller(self.site, record, self.longest_seconds, self._voices)

    def heard_frames(self, caller: Caller) -> int:
        heard = [stream for service in self._counting for stream in service.streams.get(caller.record.call_uuid, ())]
        return max((stream.came(caller.record.tag) + stream.filled for stream in heard), default=0)

    def record(self) -> None:
        if self._speaking.done():
            self._speaking.result()  # raises what made it fall silent
        self.history.streams = [stream for service in self._counting for streams in service.streams.values() for stream in streams]
        self.history.callbacks = [told(service.account, each) for service in self._counting for each in service.receiver.callbacks]
