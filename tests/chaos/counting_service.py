"""A good customer: a service that looks at each frame as it comes and keeps none, and an address that takes status callbacks.

Owns the hearing. Must not know what is right, nor which fault there is."""

import asyncio
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Any, Self

import orjson
import pybase64
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.listener import serving
from tests.chaos.history import BroughtCall, HeardStream, History
from tests.chaos.invariants import FRAME_MS, is_in_fault
from tests.chaos.numbered_frames import keep

DIALLED_AT_ONCE = 1000


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
            payload = pybase64.b64decode(message["media"]["payload"], validate=True)
            if self.service.keeps_moments:
                self.stream.arrivals.append(now)
                keep(self.stream, payload)
            else:
                self.count(self.stream, payload, now)
            self.stream.started_at, self.stream.last_at = self.stream.started_at or now, now

    def count(self, stream: HeardStream, payload: bytes, now: float) -> None:
        earlier, number = stream.last_at, keep(stream, payload)
        if earlier and is_in_fault(self.history, earlier, now):
            once_more(stream.gaps_ms, round((now - earlier) * 1000))
            if number is not None and self.call is not None:
                once_more(stream.late_ms, (self.call.sent - 1 - number) * round(FRAME_MS))


def once_more(counted: dict[int, int], what: int) -> None:
    counted[what] = counted.get(what, 0) + 1


class CountingService:
    """A customer's service, and beside it their address for status callbacks. An async context manager; afterwards `streams`, by call, and
    `receiver.callbacks` hold what came. Where it `keeps_moments` the moment of every message, else only how often gaps were how long."""

    def __init__(self, account: str, history: History, keeps_moments: bool = True) -> None:
        self.account, self.history, self.keeps_moments = account, history, keeps_moments
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

    def heard_frames(self, call_uuid: str) -> int:
        heard = self.streams.get(call_uuid, ())
        return max((stream.came() + stream.filled for stream in heard), default=0)

    def began(self, call_uuid: str, stream_id: str) -> HeardStream:
        stream = HeardStream(self.account, call_uuid, stream_id)
        self.streams[call_uuid].append(stream)
        return stream
