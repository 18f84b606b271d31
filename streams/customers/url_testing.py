"""Tests a customer's service URL: dials it as a stream would, sends `start`, two seconds of tone at their real pace and `stop`, and
reports what the service did.

Owns the conversation of a test. Nothing of it is a stream: no row, no bill, no callback. Must not know Django."""

import asyncio
import secrets
import ssl
import time
from collections import deque
from uuid import UUID

from streams.customers.dial import DialFailed, DialSettings, dial
from streams.pure.audio.convert import FRAME_MS, format_of_content_type, tone
from streams.pure.callback.signature import upgrade_headers
from streams.pure.customer.protocol import Checkpoint, ClearAudio, CustomerProtocol, PlayAudio, decode
from streams.pure.customer.url_order import DEADLINE_SECONDS, UrlOrder
from streams.pure.customer.url_report import UrlReport

TONE_HZ, TONE_MS = 440, 2000
CLOSE_SECONDS = 3.0


def recognisable_id() -> UUID:
    """An id that can be told at sight from a real one: it begins with 00000000-7e57-4."""
    return UUID(f"00000000-7e57-4{secrets.token_hex(2)[1:]}-8{secrets.token_hex(2)[1:]}-{secrets.token_hex(6)}")


async def run_url_test(order: UrlOrder, dialling: DialSettings, tls: ssl.SSLContext) -> UrlReport:
    """The report of one test, after DEADLINE_SECONDS at the latest."""
    report = UrlReport()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await _Conversation(order, report).run(dialling, tls)
    except DialFailed as error:
        report.failed(error.failure)
    except TimeoutError:
        report.closed = report.closed or f"The test was not over after {DEADLINE_SECONDS:g} s and was cut off."
    return report


class _Conversation:
    """Answers like a bidirectional stream whose call plays everything at once: checkpoints when their audio would have been heard."""

    def __init__(self, order: UrlOrder, report: UrlReport) -> None:
        self.order = order
        self.report = report
        self.format = format_of_content_type(order.content_type)
        self.protocol = CustomerProtocol(
            stream_id=order.stream_id,
            call_id=order.call_id,
            account_id=order.auth_id,
            tracks=("inbound",),
            format=self.format,
            extra_headers="",
        )
        self._began = self._step = time.monotonic()
        self._waiting: deque[bytes] = deque()
        self._message_bytes = 1
        self._heard_until = 0.0
        self._checkpoints: set[asyncio.TimerHandle] = set()

    async def run(self, dialling: DialSettings, tls: ssl.SSLContext) -> None:
        order = self.order
        headers = upgrade_headers(order.url, order.tokens, secrets.token_hex(10))
        self.socket = await dial(order.url, headers, dialling, tls, self._record_step)
        self.report.address, self.report.subprotocol = self.socket.address, self.socket.subprotocol or ""
        listening = asyncio.get_running_loop().create_task(self.socket.listen(self._heard))
        try:
            self.socket.write(self.protocol.start())
            await self._send_tone(listening)
            if listening.done():
                self.report.closed_by_service(listening.result(), self._since_ms())
                return
            self.socket.write(self.protocol.stop("call ended"))
            await self.socket.close(1000, "", CLOSE_SECONDS)
            self.report.closed_by_us(await listening)
        finally:
            self._forget_checkpoints()
            listening.cancel()
            self.socket.connection.transport.abort()

    async def _send_tone(self, listening: "asyncio.Task[object]") -> None:
        """One frame every 20 ms; what the service does not take waits, and is counted."""
        samples = tone(TONE_HZ, TONE_MS, self.format)
        size = round(self.format.bytes_per_ms * FRAME_MS)
        began = time.monotonic()
        for number in range(TONE_MS // FRAME_MS):
            due = began + number * FRAME_MS / 1000
            await asyncio.wait({listening}, timeout=max(due - time.monotonic(), 0))
            if listening.done():
                return
            self._waiting.append(samples[number * size : (number + 1) * size])
            self._pump()
        await asyncio.wait({listening}, timeout=FRAME_MS / 1000)
        self._pump()

    def _pump(self) -> None:
        while self._waiting and self.socket.has_room:
            text = self.protocol.media(self._waiting.popleft(), round(time.time() * 1000))
            self._message_bytes = len(text)
            self.socket.write(text)
            self.report.sent_frames += 1
        in_flight_ms = round(self.socket.in_flight_bytes() / self._message_bytes * FRAME_MS)
        self.report.waits(len(self._waiting) * FRAME_MS + in_flight_ms)

    # What the service says -------------------------------------------------------------------------------------------------
    def _heard(self, text: str | bytes) -> None:
        message, now = decode(text, self.format), time.monotonic()
        self.report.heard(message, self._since_ms())
        match message:
            case PlayAudio():
                audio_ms = message.format.duration_ms(len(message.payload))
                self._heard_until = max(self._heard_until, now) + audio_ms / 1000
            case Checkpoint():
                wait_seconds = max(self._heard_until - now, 0)
                self._checkpoints.add(asyncio.get_running_loop().call_later(wait_seconds, self._confirm_played, message.name))
            case ClearAudio():
                self._heard_until = now
                self._forget_checkpoints()
                self.socket.write(self.protocol.cleared_audio())

    def _confirm_played(self, name: str) -> None:
        self.socket.write(self.protocol.played_stream(name))

    def _forget_checkpoints(self) -> None:
        for handle in self._checkpoints:
            handle.cancel()
        self._checkpoints.clear()

    # Time --------------------------------------------------------------------------------------------------------------------
    def _record_step(self, step: str) -> None:
        now = time.monotonic()
        self.report.passed(step, round((now - self._step) * 1000))
        self._step = now

    def _since_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)
