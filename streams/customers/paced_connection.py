"""The connection to a customer's service as it is read: in slices, at a pace, and ordinary messages past the library's parser.

Owns when what came is parsed, who is handed it, and when more is taken from the kernel. What is no ordinary message, and everything while
the library has begun one, is the library's (`websockets`). Must not know what messages mean, nor how one is connected."""

import asyncio
import time
from collections.abc import Callable
from typing import NoReturn

from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from streams.customers.message_reader import BoundedProtocol, next_message
from streams.pure.ordinary_messages import unmasked_message
from streams.pure.reading_pace import OF_CUSTOMERS, ReadingPace

SLICE_BYTES = 4096
"""How much of what came is the library's to parse at once. The kernel hands over 256 KiB, which may be thousands of small messages: a tenth
of a second in which nobody else's audio would be sent."""

Heard = Callable[[str | bytes], None]


class CustomerConnection(ClientConnection):
    """A connection that says when it takes more again, instead of making a task wait for it; and that reads in slices, between which
    others have their turn."""

    protocol: BoundedProtocol
    on_writable: Callable[[], None] | None = None

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._unparsed = bytearray()
        self._next_slice: asyncio.Handle | None = None
        self._listener: asyncio.Task[None] | None = None
        self._waits_for_message = False
        self._error: Exception | None = None
        self.recv_messages.pause, self.recv_messages.resume = self._settle_reading, self._settle_reading

    # Listening ----------------------------------------------------------------------------------------------------------------
    async def listen(self, heard: Heard) -> NoReturn:
        """Hands each message to `heard`, one after the other, until the connection is gone. Raises ConnectionClosed then, and whatever
        `heard` raises. One that sends without a pause has its turn like others, and beyond what is read at once it waits.

        Audio comes 50 times a second and more: an ordinary message is handed over where it arrives (3.5 us a message instead of 12.5,
        measured), and only what else there is has a step of this task."""
        self._heard, self._pace = heard, ReadingPace(OF_CUSTOMERS)
        self._listener = asyncio.current_task()
        try:
            while True:
                self._waits_for_message = True
                text = await next_message(self)
                self._waits_for_message = False
                if (pause_seconds := self._hand_over(text)) is not None:
                    await asyncio.sleep(pause_seconds)
        except asyncio.CancelledError:
            if self._error is None or (self._listener is not None and self._listener.uncancel()):
                raise
            raise self._error from None
        finally:
            self._waits_for_message = False

    def _hand_over(self, text: str | bytes) -> float | None:
        """Returns how long to wait with the next, as the pace has it."""
        self._heard(text)
        return self._pace.pause_seconds(len(text), time.monotonic())

    # Reading ------------------------------------------------------------------------------------------------------------------
    def data_received(self, data: bytes) -> None:
        if not self._unparsed:
            data = data[self._pass_ordinary(data) :]
            if not data:
                return
            if len(data) <= SLICE_BYTES and self._next_slice is None:
                super().data_received(data)
                return
        self._unparsed += data
        if self._next_slice is None and not self.recv_messages.paused:
            self._parse_slice()
        self._settle_reading()

    def _parse_slice(self) -> None:
        self._next_slice = None
        del self._unparsed[: self._pass_ordinary(self._unparsed)]
        if self._unparsed and self._next_slice is None:
            part = bytes(self._unparsed[:SLICE_BYTES])
            del self._unparsed[:SLICE_BYTES]
            super().data_received(part)
        self._settle_reading()

    def _pass_ordinary(self, data: bytes | bytearray) -> int:
        """Hands over the ordinary messages in front, up to one after which the next has to wait; returns how many bytes they were."""
        at = 0
        while self._is_lane_open() and (message := unmasked_message(data, at)) is not None:
            text, at = message
            try:
                pause_seconds = self._hand_over(text)
            except Exception as error:  # it is listen's to raise
                self._fail_listening(error)
                break
            if pause_seconds is not None and (pause_seconds or at < len(data)):
                self._next_slice = self.loop.call_later(pause_seconds, self._parse_slice)
        return at

    def _is_lane_open(self) -> bool:
        """Somebody waits for the next message, may have it now, and the library has begun none."""
        idle = self._next_slice is None and self._waits_for_message and not self.recv_messages.frames
        return idle and self.protocol.is_between_messages

    def _fail_listening(self, error: Exception) -> None:
        self._error, self._waits_for_message = error, False
        if self._listener is not None:
            self._listener.cancel()

    def _settle_reading(self) -> None:
        """More is parsed when what was parsed is being read, and more is taken from the kernel when all is parsed."""
        full = self.recv_messages.paused
        if self._unparsed and not full and self._next_slice is None:
            self._next_slice = self.loop.call_soon(self._parse_slice)
        if self._unparsed or full:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """What came before the end is heard, unless we made the end."""
        if self._next_slice is not None:
            self._next_slice.cancel()
        if self._unparsed and self.protocol.state is State.OPEN:
            super().data_received(bytes(self._unparsed))
        self._unparsed.clear()
        super().connection_lost(exc)
