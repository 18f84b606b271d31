"""The HTTP side of a customer's service: takes status callbacks, keeps them, and answers as it was told to.

Owns just enough HTTP/1.1 for that. Must not know what a callback means."""

import asyncio
import http.client
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from streams.simulate.ending import closed
from streams.simulate.waiting import Changing


@dataclass(frozen=True, slots=True)
class ReceivedCallback:
    """One request; `parameters` are its form fields (POST) or its query (GET), `status` what was answered (0: nothing).

    `arrived_at` is a monotonic clock's seconds."""

    method: str
    target: str
    headers: dict[str, str]
    parameters: dict[str, str]
    body: bytes
    status: int
    arrived_at: float

    @property
    def event(self) -> str:
        return self.parameters.get("Event", "")


class CallbackReceiver(Changing):
    """Answers the first `fail` requests with `fail_status`, leaves the next `hang` without an answer, and says 200 to the rest."""

    def __init__(self, *, fail: int = 0, fail_status: int = 500, hang: int = 0, tell: Callable[[str], None] = lambda line: None) -> None:
        super().__init__()
        self.statuses = [fail_status] * fail + [0] * hang
        self.callbacks: list[ReceivedCallback] = []
        self.tell = tell
        self._serving: set[asyncio.Task[object]] = set()

    async def finish(self) -> None:
        """Returns when every request that was taken has been dealt with; their connections are others' to end."""
        if self._serving:
            await asyncio.wait(self._serving)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of an asyncio stream server: one request, one answer, closed."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            await self._deal_with(reader, writer)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            self.tell(f"an unreadable HTTP request: {error}")
        finally:
            await closed(writer)

    async def _deal_with(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callback = await self._read(reader)
        self.callbacks.append(callback)
        self.tell(told(callback))
        self.changed()
        if callback.status:
            writer.write(answer(callback.status))
            await writer.drain()
        else:
            await reader.read()  # until the platform loses patience

    def of(self, stream_id: str) -> list[ReceivedCallback]:
        """What came for one stream, in order of arrival."""
        return [callback for callback in self.callbacks if callback.parameters.get("StreamID") == stream_id]

    async def until_event(self, stream_id: str, event: str, timeout_seconds: float = 30) -> ReceivedCallback:
        """The first delivered (answered with 200) callback `event` of a stream."""

        def found() -> list[ReceivedCallback]:
            return [callback for callback in self.of(stream_id) if callback.event == event and callback.status == 200]

        await self.until(found, f"{event} of stream {stream_id}", timeout_seconds)
        return found()[0]

    async def _read(self, reader: asyncio.StreamReader) -> ReceivedCallback:
        request_line, _, head = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        method, target, _ = request_line.decode("latin-1").split(" ")
        headers = {name.lower(): value for name, value in http.client.parse_headers(io.BytesIO(head)).items()}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        form = body.decode() if method == "POST" else urlsplit(target).query
        parameters = dict(parse_qsl(form, keep_blank_values=True))
        status = self.statuses.pop(0) if self.statuses else 200
        return ReceivedCallback(method, target, headers, parameters, body, status, time.monotonic())


def answer(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def told(callback: ReceivedCallback) -> str:
    """The line that is printed for a callback."""
    parameters = callback.parameters
    error = f", Error: {parameters['Error']}" if parameters.get("Error") else ""
    answered = f"answered {callback.status}" if callback.status else "left without an answer"
    return f"callback {callback.event or callback.target} of stream {parameters.get('StreamID', '?')}{error}: {answered}"
