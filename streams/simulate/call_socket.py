"""A simulated gateway's side of one call: what it says and hears, its pace and its end, with good and bad manners.

Owns what every gateway does. Must not know a dialect (each has a class of its own on top), Django or the platform's own code."""

import asyncio
from collections.abc import Sequence

from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from streams.simulate.call_plan import CallPlan, CallReport, End
from streams.simulate.dialled_socket import DialledSocket
from streams.simulate.ending import cancelled, closed
from streams.simulate.wav import FRAME_SECONDS

CLOSED_SECONDS = 5.0
"""A call that has ended may have its socket open for a moment: each side closes its own."""


class CallSocket(DialledSocket):
    """One call's socket. `connect`, `start_media`, then any of the others, and `hang_up` at last; `texts` and `audio` are what the
    platform sent, as it came."""

    _playing: asyncio.Task[None] | None = None

    def __init__(self, plan: CallPlan, protocol: ClientProtocol) -> None:
        super().__init__(protocol, plan.gateway)
        self.plan = plan
        self.texts: list[str] = []
        self.audio: list[bytes] = []
        self.frames_sent = 0
        self.worst_delay_ms = 0.0

    # What a dialect adds -------------------------------------------------------------------------------------------------
    async def start_media(self) -> None:
        """What the gateway says first, if it says anything."""

    async def send_dtmf(self, digit: str) -> None:
        """A digit that the caller pressed."""
        raise NotImplementedError

    async def send_frame(self, payload: bytes) -> None:
        """20 ms of the caller's voice; nothing is sent when the socket is closing."""
        await self.send_binary(payload)
        self.frames_sent += 1

    async def send_both(self, inbound: bytes, outbound: bytes) -> None:
        """20 ms of both parties, from gateways that send both."""
        raise NotImplementedError

    async def say_goodbye(self) -> None:
        """What the gateway says before it closes, if it says anything."""

    def take_text(self, text: str) -> None:
        """A command of the platform."""

    def take_audio(self, data: bytes) -> None:
        """Audio of the platform's, for the caller."""

    def tick(self) -> list[str]:
        """20 ms pass; returns the texts that the gateway sends at that moment. Only called once `play` was."""
        return []

    @property
    def frames_played(self) -> int:
        return 0

    # What every gateway does ---------------------------------------------------------------------------------------------
    async def send_frames(self, frames: Sequence[bytes], dtmf: str = "", outbound: Sequence[bytes] = ()) -> None:
        """The frames at the plan's pace, with those of the other party where there are `outbound` ones, the digits spread evenly among
        them; behind the plan's early frames `start_media`. Returns early when the call ends."""
        digits = {number * len(frames) // (len(dtmf) + 1): digit for number, digit in enumerate(dtmf, 1)}
        started = asyncio.get_running_loop().time()
        for number, frame in enumerate(frames):
            await self._wait_for_turn(started, number)
            if self.end is not None:
                return
            if number and number == self.plan.early_frames:
                await self.start_media()
            if number in digits:
                await self.send_dtmf(digits[number])
            await (self.send_both(frame, outbound[number]) if outbound else self.send_frame(frame))
        if self.plan.early_frames >= len(frames) > 0:
            await self.start_media()

    async def hang_up(self, code: int = CloseCode.NORMAL_CLOSURE) -> None:
        """The caller hung up: a close frame without words. A call that is over already is only cleared away."""
        if self.end is None:
            await self.say_goodbye()
        if self.end is None:
            self.protocol.send_close(code)
            self._flush()
            self._finish(End.HUNG_UP)
        # A gateway closes TCP at once; we give the platform a moment, so that its last bytes do not turn our close into a reset.
        await asyncio.wait({self._reading}, timeout=1)
        await self._clear_away()

    async def vanish(self) -> None:
        """The gateway dies: TCP is reset, no close frame."""
        self._finish(End.VANISHED)
        await self.reset()
        await self._clear_away()

    async def abandon(self) -> None:
        await cancelled(self._playing)
        await super().abandon()

    async def until_ended(self, timeout_seconds: float = 30) -> End:
        """Also until its socket is closed, for CLOSED_SECONDS at most."""
        await self.until(lambda: self.end, f"the end of call {self.plan.call_uuid}", timeout_seconds)
        await asyncio.wait([self._reading], timeout=CLOSED_SECONDS)
        return self.end or End.LOST

    def report(self) -> CallReport:
        close = self.protocol.close_rcvd if self.end is End.BY_PLATFORM else None
        return CallReport(
            call_uuid=self.plan.call_uuid,
            end=self.end or End.LOST,
            frames_sent=self.frames_sent,
            frames_played=self.frames_played,
            close_code=close.code if close else None,
            worst_delay_ms=self.worst_delay_ms,
            complaints=tuple(self.complaints),
        )

    async def _clear_away(self) -> None:
        """When this returns, nothing of the call's is open or running."""
        await cancelled(self._reading, self._playing)
        await closed(self._writer)

    async def _wait_for_turn(self, started: float, number: int) -> None:
        """Frames keep to a schedule from the first one on: a late frame does not make the next ones late."""
        loop = asyncio.get_running_loop()
        turn = started + number * FRAME_SECONDS / self.plan.pace if self.plan.pace else loop.time()
        await asyncio.sleep(max(0.0, turn - loop.time()))
        self.worst_delay_ms = max(self.worst_delay_ms, (loop.time() - turn) * 1000)

    def take_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CONT or not frame.fin:
            self.complaints.append("A fragmented message: Asterisk loses parts of those.")
        elif frame.opcode is Opcode.TEXT:
            self.texts.append(bytes(frame.data).decode(errors="replace"))
            self.take_text(self.texts[-1])
        elif frame.opcode is Opcode.BINARY:
            self.audio.append(bytes(frame.data))
            self.take_audio(self.audio[-1])
        elif frame.opcode is Opcode.PING and not self.plan.names_channel:
            self.give_up("A ping: Asterisk before 22.8 hangs up on it.")

    def play(self, events: Sequence[str] = ()) -> None:
        """Sends what the gateway has to say, and sees to it that its queue is played from here on."""
        if self.protocol.state is State.OPEN:
            for text in events:
                self.protocol.send_text(text.encode())
        if self._playing is None:
            self._playing = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.time()
        while self.end is None:
            self.play(self.tick())
            self._flush()
            self.changed()
            turn += FRAME_SECONDS
            await asyncio.sleep(max(0.0, turn - loop.time()))

    def end_for_platform(self) -> None:
        """The platform asked for the end, and the gateway closes."""
        self._close()
        self._finish(End.BY_PLATFORM)
