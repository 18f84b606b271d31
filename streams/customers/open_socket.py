"""The open socket to a customer's service: written without waiting, measured in bytes not yet taken.

Owns the WebSocket client (the `websockets` package) once it is connected. Must not know streams, dialling or Django."""

import asyncio
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the compiled one, wherever there is one
from websockets.protocol import State

from streams.customers.bytes_in_flight import KernelQueue, buffered_bytes
from streams.customers.paced_connection import CustomerConnection, Heard
from streams.pure.customer.connection import REFUSED, Closure
from streams.pure.foreign_text import cleaned
from streams.pure.text_frame import masks, text_frame

CALM_BYTES = 8192
"""What is on its way to a customer that takes all: some tenths of a second of audio at most."""
CALM_LOOKS = 4
"""So many looks in a row are left out while it is calm: one that stops reading is noticed half a second later, of the 40 s there are."""


class CustomerSocket:
    """An open connection. `address` is what was dialled."""

    def __init__(self, connection: CustomerConnection, address: str) -> None:
        self.connection = connection
        self.address = address
        self._kernel = KernelQueue(connection.transport.get_extra_info("socket"))
        self._kernel_bytes, self._looks_left_out = 0, CALM_LOOKS
        self._closing = False
        self._masks = masks()

    @property
    def subprotocol(self) -> str | None:
        return self.connection.subprotocol

    @property
    def has_room(self) -> bool:
        """Whether a write now would go out soon. After False, `on_writable` is called once."""
        return not self.connection.paused and self.connection.protocol.state is State.OPEN

    def on_writable(self, callback: Callable[[], None]) -> None:
        self.connection.on_writable = callback

    def write(self, text: bytes) -> None:
        """Sends one text message; never waits. Audio passes here 50 times a second, so there is no task and no await; and as we offer no
        extension, it is one frame, made here: in 0.6 us instead of 2.1 (measured), and without a question to the system for its mask."""
        connection = self.connection
        if connection.protocol.state is not State.OPEN:
            return
        connection.transport.write(text_frame(text, next(self._masks), apply_mask))

    def looks_calm(self) -> bool:
        """Whether its service took all when the kernel was asked last, and nothing waits here since. Counts as a look for which it was not
        asked."""
        calm = self._kernel_bytes <= CALM_BYTES and not buffered_bytes(self.connection.transport)
        self._looks_left_out += calm
        return calm

    def in_flight_bytes(self) -> int:
        """Bytes written that the customer's service has not taken, as far as it can be known from here; asked some times a second. The
        kernel is asked each time only about a customer for whom something waits: 2.4 us less of 7.0 on the average (measured)."""
        if self.connection.protocol.state is State.CLOSED:
            return 0
        waiting = buffered_bytes(self.connection.transport)
        if waiting + self._kernel_bytes > CALM_BYTES or self._looks_left_out >= CALM_LOOKS:
            self._kernel_bytes = self._kernel.unacknowledged_bytes() + self._kernel.peer_held_bytes()
            self._looks_left_out = 0
        else:
            self._looks_left_out += 1
        return waiting + self._kernel_bytes

    async def listen(self, heard: Heard) -> Closure:
        """Hands each message to `heard` until the connection is gone, and says how it went. Raises what `heard` raises."""
        try:
            await self.connection.listen(heard)
        except ConnectionClosed as closed:
            return closure_of(closed)

    @property
    def closure(self) -> Closure:
        """How a socket that we closed went, as far as it is known."""
        return Closure(False, self.connection.close_code, cleaned(self.connection.close_reason or "", 123))

    async def close(self, code: int, reason: str, within_seconds: float) -> None:
        """The closing handshake, cut off after `within_seconds`; a customer that does not read cannot hold us."""
        if self._closing:
            return
        self._closing = True
        try:
            async with asyncio.timeout(within_seconds):
                await self.connection.close(code, reason)
        except (TimeoutError, OSError, ConnectionClosed):
            self.abort()

    def abort(self) -> None:
        """Gone at once, without a word."""
        self.connection.transport.abort()


def closure_of(closed: ConnectionClosed) -> Closure:
    """Whose close it was. Where we began, what the customer says is an echo."""
    frame, ours = closed.rcvd, closed.sent
    if ours is not None and ours.code in REFUSED and (frame is None or closed.rcvd_then_sent is False):
        return Closure(False, ours.code, cleaned(ours.reason, 123), by_us=True)
    if frame is not None and closed.rcvd_then_sent is not False:
        return Closure(True, frame.code if frame.code != 1005 else None, cleaned(frame.reason, 123))
    cause = closed.__cause__
    return Closure(frame is not None, frame.code if frame else 1006, cleaned(cause or "", 123))
