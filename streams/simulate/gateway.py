"""A media gateway that brings a call: Asterisk 23.4.1's chan_websocket as the platform sees it; and a call of any dialect, as planned.

Owns Asterisk's side of a call, and the list of dialects. Must not know Django or the platform's own code."""

import asyncio
import uuid

from streams.simulate.asterisk import AsteriskProtocol
from streams.simulate.asterisk_control import LONGEST_COMMAND_BYTES, Control, UnreadableCommand
from streams.simulate.audio_fork import AudioForkCall
from streams.simulate.audio_stream import AudioStreamCall
from streams.simulate.call_plan import CallPlan, CallReport
from streams.simulate.call_socket import CallSocket
from streams.simulate.playback import GatewayPlayback, complaint
from streams.simulate.twilio import TwilioCall
from streams.simulate.wav import FRAME_BYTES


class AsteriskCall(CallSocket):
    """One call's socket as Asterisk has it."""

    def __init__(self, plan: CallPlan) -> None:
        super().__init__(plan, AsteriskProtocol(plan.url, plan.gateway, plan.password))
        self.frame_bytes = FRAME_BYTES.get(plan.codec, 0)
        self.channel_id = f"{plan.gateway}-{uuid.uuid4().hex[:10]}.1"
        self.control = Control(plan.as_json, self.channel_id if plan.names_channel else "")
        self.playback = GatewayPlayback(self.control, self.frame_bytes or 160)

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

    async def send_dtmf(self, digit: str) -> None:
        await self.send_text(self.control.dtmf_end(digit))

    def take_audio(self, data: bytes) -> None:
        self.play(self.playback.take_audio(data))

    def take_text(self, text: str) -> None:
        try:
            command = self.control.command(text)
        except UnreadableCommand:
            return self.play([self.control.error("Unable to parse JSON command")])
        if words := complaint(command, len(text.encode()), LONGEST_COMMAND_BYTES):
            self.complaints.append(words)
        elif command.name == "HANGUP":
            self.end_for_platform()
        else:
            self.play(self.playback.take_command(command))
        return None

    def tick(self) -> list[str]:
        return self.playback.tick()

    @property
    def frames_played(self) -> int:
        return len(self.playback.played)


CALLS: dict[str, type[AsteriskCall] | type[AudioStreamCall] | type[AudioForkCall] | type[TwilioCall]] = {
    "asterisk": AsteriskCall,
    "audio_stream": AudioStreamCall,
    "audio_fork": AudioForkCall,
    "twilio": TwilioCall,
}


async def place_call(plan: CallPlan) -> CallReport:
    """One call from beginning to end as planned; raises CallRefused, UnusableUrl."""
    call = CALLS[plan.dialect](plan)
    try:
        await call.connect()
        if not plan.early_frames:
            await call.start_media()
        await call.send_frames(plan.frames, plan.dtmf, plan.outbound)
        if plan.vanish and call.end is None:
            await call.vanish()
        else:
            await call.hang_up()
    except asyncio.CancelledError:
        await call.abandon()
        raise
    return call.report()
