"""A media gateway that brings a call: Asterisk 23.4.1's chan_websocket as the platform sees it, with good and bad manners.

Owns one call's socket, its pace and its end. Must not know Django or the platform's own code."""

import asyncio
import socket
import ssl
import struct
import uuid
from collections.abc import Sequence
from contextlib import suppress

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from streams.simulate.asterisk import AsteriskProtocol
from streams.simulate.asterisk_control import LONGEST_COMMAND_BYTES, Control, UnreadableCommand
from streams.simulate.call_plan import CallPlan, CallRefused, CallReport, End, refusal
from streams.simulate.playback import Playback, complaint
from streams.simulate.waiting import Changing
from streams.simulate.wav import FRAME_BYTES, FRAME_SECONDS


class AsteriskCall(Changing):
    """One call's socket. `connect`, `start_media`, then any of the others, and `hang_up` at last; `texts` and `audio` are what the
    platform sent, as it came."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _reading: asyncio.Task[None]
    _playing: asyncio.Task[None] | None = None

    def __init__(self, plan: CallPlan) -> None:
        super().__init__()
        self.plan = plan
        self.frame_bytes = FRAME_BYTES.get(plan.codec, 0)
        self.channel_id = f"{plan.gateway}-{uuid.uuid4().hex[:10]}.1"
        self.control = Control(plan.as_json, self.channel_id if plan.names_channel else "")
        self.playback = Playback(self.control, self.frame_bytes or 160)
        self.protocol = AsteriskProtocol(plan.url, plan.gateway, plan.password)
        self.texts: list[str] = []
        self.audio: list[bytes] = []
        self.complaints: list[str] = []
        self.frames_sent = 0
        self.worst_delay_ms = 0.0
        self.end: End | None = None

    async def connect(self) -> None:
        """The upgrade. Raises CallRefused; like Asterisk 23.4.1 it waits for the answer without limit."""
        uri = self.protocol.uri
        context = ssl.create_default_context() if uri.secure else None
        try:
            self._reader, self._writer = await asyncio.open_connection(uri.host, uri.port, ssl=context)
        except OSError as error:
            raise CallRefused(
                f"Nothing answers at {uri.host}:{uri.port}. Is the platform running there? ({error.strerror or error})"
            ) from error
        self.protocol.send_request(self.protocol.connect())
        self._flush()
        while self.protocol.state is State.CONNECTING and self.protocol.handshake_exc is None:
            await self._receive()
        if self.protocol.handshake_exc is not None:
            self._writer.close()
            raise CallRefused(refusal(self.protocol.handshake_exc, self.plan.gateway))
        self._reading = asyncio.create_task(self._read())

    async def start_media(self) -> None:
        """MEDIA_START, which a real Asterisk sends within a millisecond of the upgrade."""
        variables = {"MEDIA_WEBSOCKET_CONNECTION_ID": "ingress", "MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE": str(self.frame_bytes)}
        event = self.control.media_start(
            connection_id="ingress",
            channel=f"WebSocket/ingress/0x{id(self):x}",
            codec=self.plan.codec,
            frame_bytes=self.frame_bytes,
            variables=variables | dict(self.plan.variables),
        )
        await self.send_text(event)

    async def send_text(self, text: str) -> None:
        """Nothing is sent, here and in `send_frame`, when the socket is closing."""
        if self.protocol.state is State.OPEN:
            self.protocol.send_text(text.encode())
            await self._drain()

    async def send_frame(self, payload: bytes) -> None:
        if self.protocol.state is State.OPEN:
            self.protocol.send_binary(payload)
            self.frames_sent += 1
            await self._drain()

    async def send_dtmf(self, digit: str) -> None:
        await self.send_text(self.control.dtmf_end(digit))

    async def send_frames(self, frames: Sequence[bytes], dtmf: str = "") -> None:
        """The frames at the plan's pace, the digits spread evenly among them; returns early when the call ends."""
        digits = {number * len(frames) // (len(dtmf) + 1): digit for number, digit in enumerate(dtmf, 1)}
        started = asyncio.get_running_loop().time()
        for number, frame in enumerate(frames):
            await self._wait_for_turn(started, number)
            if self.end is not None:
                return
            if number in digits:
                await self.send_dtmf(digits[number])
            await self.send_frame(frame)

    async def hang_up(self, code: int = CloseCode.NORMAL_CLOSURE) -> None:
        """The caller hung up: a close frame without words. A call that is over already is only cleared away."""
        if self.end is None:
            self.protocol.send_close(code)
            self._flush()
            self._finish(End.HUNG_UP)
        # Asterisk closes TCP at once; we give the platform a moment, so that its last bytes do not turn our close into a reset.
        await asyncio.wait({self._reading}, timeout=1)
        self._writer.close()

    def vanish(self) -> None:
        """The gateway dies: TCP is reset, no close frame."""
        connection: socket.socket = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._finish(End.VANISHED)
        self._writer.transport.abort()

    async def until_ended(self, timeout_seconds: float = 10) -> End:
        await self.until(lambda: self.end, f"the end of call {self.plan.call_uuid}", timeout_seconds)
        return self.end or End.LOST

    def report(self) -> CallReport:
        close = self.protocol.close_rcvd if self.end is End.BY_PLATFORM else None
        return CallReport(
            call_uuid=self.plan.call_uuid,
            end=self.end or End.LOST,
            frames_sent=self.frames_sent,
            frames_played=len(self.playback.played),
            close_code=close.code if close else None,
            worst_delay_ms=self.worst_delay_ms,
            complaints=tuple(self.complaints),
        )

    async def _wait_for_turn(self, started: float, number: int) -> None:
        """Frames keep to a schedule from the first one on: a late frame does not make the next ones late."""
        loop = asyncio.get_running_loop()
        turn = started + number * FRAME_SECONDS / self.plan.pace if self.plan.pace else loop.time()
        await asyncio.sleep(max(0.0, turn - loop.time()))
        self.worst_delay_ms = max(self.worst_delay_ms, (loop.time() - turn) * 1000)

    async def _read(self) -> None:
        """The gateway is always read, to the end of its socket."""
        with suppress(OSError):
            while self.protocol.state is not State.CLOSED:
                await self._receive()
                if self.protocol.close_rcvd is not None:
                    self._finish(End.BY_PLATFORM)
                    self._writer.close()
                elif self.protocol.close_sent is not None and self.end is None:
                    self._give_up(f"{self.protocol.parser_exc}: closed with {self.protocol.close_sent.code}.")
        self._finish(End.LOST)
        self._writer.close()

    async def _receive(self) -> None:
        if data := await self._reader.read(65_536):
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        for event in self.protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()
        self.changed()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CONT or not frame.fin:
            self.complaints.append("A fragmented message: Asterisk loses parts of those.")
        elif frame.opcode is Opcode.TEXT:
            self._take_text(bytes(frame.data).decode(errors="replace"))
        elif frame.opcode is Opcode.BINARY:
            self.audio.append(bytes(frame.data))
            self._play(self.playback.take_audio(self.audio[-1]))
        elif frame.opcode is Opcode.PING and not self.plan.names_channel:
            self._give_up("A ping: Asterisk before 22.8 hangs up on it.")

    def _take_text(self, text: str) -> None:
        self.texts.append(text)
        try:
            command = self.control.command(text)
        except UnreadableCommand:
            return self._play([self.control.error("Unable to parse JSON command")])
        if words := complaint(command, len(text.encode()), LONGEST_COMMAND_BYTES):
            self.complaints.append(words)
        elif command.name == "HANGUP":
            self._close()
            self._finish(End.BY_PLATFORM)
        else:
            self._play(self.playback.take_command(command))
        return None

    def _play(self, events: list[str]) -> None:
        """Sends what the queue has to say, and sees to it that the queue is played."""
        if self.protocol.state is State.OPEN:
            for text in events:
                self.protocol.send_text(text.encode())
        if self._playing is None:
            self._playing = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.time()
        while self.end is None:
            self._play(self.playback.tick())
            self._flush()
            self.changed()
            turn += FRAME_SECONDS
            await asyncio.sleep(max(0.0, turn - loop.time()))

    def _give_up(self, words: str) -> None:
        self.complaints.append(words)
        self._close()
        self._finish(End.HUNG_UP)

    def _close(self) -> None:
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(CloseCode.NORMAL_CLOSURE)

    async def _drain(self) -> None:
        self._flush()
        try:
            await self._writer.drain()
        except OSError:
            self._finish(End.LOST)

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data and not self._writer.is_closing():
                self._writer.write(data)

    def _finish(self, end: End) -> None:
        self.end = self.end or end
        self.changed()


async def place_call(plan: CallPlan) -> CallReport:
    """One call from beginning to end as planned; raises CallRefused, UnusableUrl."""
    call = AsteriskCall(plan)
    await call.connect()
    await call.start_media()
    await call.send_frames(plan.frames, plan.dtmf)
    if plan.vanish and call.end is None:
        call.vanish()
    else:
        await call.hang_up()
    return call.report()
