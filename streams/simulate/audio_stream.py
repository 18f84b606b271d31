"""FreeSWITCH's mod_audio_stream as the platform sees it: L16, metadata behind the first of it, digits of an application.

Owns its side of a call. Must not know Django or the platform's own code."""

import base64
import binascii
import json

import numpy as np

from streams.simulate.call_plan import CallPlan
from streams.simulate.call_socket import CallSocket
from streams.simulate.playout import Playout
from streams.simulate.upgrades import LibwscProtocol
from streams.simulate.wav import FRAME_BYTES, rate_of

RATES = (8000, 16_000, 24_000, 32_000, 48_000, 64_000)


class AudioStreamCall(CallSocket):
    """`playout` is the caller's ear: an application plays the file of each streamAudio, one after the other."""

    def __init__(self, plan: CallPlan) -> None:
        super().__init__(plan, LibwscProtocol(plan.url, plan.gateway, plan.password))
        self._drops_at = {len(plan.frames) * number // (plan.drops + 1) for number in range(1, plan.drops + 1)}
        self.playout = Playout(FRAME_BYTES[plan.codec])
        self.files = 0
        self._accumulated: list[bytes] = []

    async def start_media(self) -> None:
        """The metadata as it was given, or nothing at all."""
        if self.plan.metadata:
            given: dict[str, object] = {**self.plan.identity, "rate": rate_of(self.plan.codec), "mix": self.plan.mix}
            await self.send_text(json.dumps(given))

    async def send_dtmf(self, digit: str) -> None:
        await self.send_text(json.dumps({"event": "dtmf", "dtmf": digit}))

    async def send_frame(self, payload: bytes) -> None:
        """STREAM_BUFFER_SIZE is `frames_at_once` times 20 ms."""
        if self.frames_sent in self._drops_at:
            self._drops_at.discard(self.frames_sent)
            await self.reset()
            await self.reconnect()
        self.frames_sent += 1
        await accumulate(self, self._accumulated, payload)

    async def reconnect(self) -> None:
        """A build before mid-2025 (on IXWebSocket) comes back by itself, whatever became of its socket, and begins with the metadata."""
        self.protocol = LibwscProtocol(self.plan.url, self.plan.gateway, self.plan.password)
        await self.connect()
        await self.start_media()

    async def send_both(self, inbound: bytes, outbound: bytes) -> None:
        await self.send_frame(interleaved(inbound, outbound))

    async def say_goodbye(self) -> None:
        await flush(self, self._accumulated)

    def take_audio(self, data: bytes) -> None:
        self.complaints.append(f"A binary message of {len(data)} bytes: the community build has no use for it.")

    def take_text(self, text: str) -> None:
        """Anything but streamAudio becomes an event for the application, which acts as docs/gateways has it."""
        try:
            message = json.loads(text)
            if message.get("type") == "streamAudio":
                self.playout.take_file(audio_of(message["data"]))
                self.files += 1
                self.play()
            elif message.get("type") == "killAudio":
                self.playout.clear()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.complaints.append(f"A text the module can make nothing of: {error}.")

    def tick(self) -> list[str]:
        return self.playout.tick()

    @property
    def frames_played(self) -> int:
        return len(self.playout.played)


def audio_of(data: dict[str, object]) -> bytes:
    """The audio of a streamAudio; raises ValueError for what the module does not take."""
    if data["audioDataType"] != "raw" or data["sampleRate"] not in RATES:
        raise ValueError(f"{data['audioDataType']} at {data['sampleRate']} Hz")
    try:
        return base64.b64decode(str(data["audioData"]), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def interleaved(left: bytes, right: bytes) -> bytes:
    """Two channels of L16 in one, sample by sample."""
    return np.stack((np.frombuffer(left, "<i2"), np.frombuffer(right, "<i2")), axis=1).tobytes()


async def accumulate(call: CallSocket, waiting: list[bytes], payload: bytes) -> None:
    """One message for each `frames_at_once` frames."""
    waiting.append(payload)
    if len(waiting) >= call.plan.frames_at_once:
        await flush(call, waiting)


async def flush(call: CallSocket, waiting: list[bytes]) -> None:
    if waiting:
        await call.send_binary(b"".join(waiting))
        waiting.clear()
