"""mod_audio_fork of drachtio and jambonz as the platform sees it: jambonz' metadata, L16 as it accumulated, playback and marks.

Owns its side of a call. Must not know Django or the platform's own code."""

import base64
import json
from typing import Any

from streams.simulate.audio_stream import accumulate, flush, interleaved
from streams.simulate.call_plan import CallPlan
from streams.simulate.call_socket import CallSocket
from streams.simulate.playout import Playout
from streams.simulate.upgrades import LibwebsocketsProtocol
from streams.simulate.wav import FRAME_BYTES, rate_of

FILES_AT_ONCE = 10
MARKS_AT_ONCE = 30
LONGEST_TEXT_BYTES = 65 * 1024 * 10


class AudioForkCall(CallSocket):
    """`playout` is the caller's ear; audio comes to it as bytes where the plan `streams_back`, else as playAudio."""

    def __init__(self, plan: CallPlan) -> None:
        super().__init__(plan, LibwebsocketsProtocol(plan.url, plan.gateway, plan.password))
        self.playout = Playout(FRAME_BYTES[plan.codec])
        self._accumulated: list[bytes] = []

    async def start_media(self) -> None:
        """What jambonz' listen verb sends, or, from a plain drachtio, nothing."""
        if not self.plan.metadata:
            return
        who = self.plan.identity
        metadata = {
            "sampleRate": rate_of(self.plan.codec),
            "mixType": self.plan.mix,
            "callSid": who.pop("call_uuid", ""),
            "callId": "84b3fbb6-02d8-123d-d2b2-02d3c5bbdd3b",
            **who,
            "sipStatus": 200,
            "sipReason": "OK",
            "callStatus": "in-progress",
            "accountSid": "ee9d7d49-b3e4-4fdb-9d66-661149f717e8",
        }
        await self.send_text(json.dumps(metadata))

    async def send_dtmf(self, digit: str) -> None:
        await self.send_text(json.dumps({"event": "dtmf", "dtmf": digit, "duration": "1600"}))

    async def send_frame(self, payload: bytes) -> None:
        self.frames_sent += 1
        await accumulate(self, self._accumulated, payload)

    async def send_both(self, inbound: bytes, outbound: bytes) -> None:
        await self.send_frame(interleaved(inbound, outbound))

    async def say_goodbye(self) -> None:
        await flush(self, self._accumulated)

    async def shut_down(self) -> None:
        """graceful-shutdown: an empty message, after which the module waits for the platform to close."""
        await flush(self, self._accumulated)
        await self.send_binary(b"")

    def take_audio(self, data: bytes) -> None:
        if not self.plan.streams_back:
            self.complaints.append("A binary message, though the fork was started without bidirectional streaming.")
            return
        self.playout.take_audio(data)
        self.play()

    def take_text(self, text: str) -> None:
        try:
            if len(text) > LONGEST_TEXT_BYTES:
                raise ValueError(f"{len(text)} bytes, and it is cut off at {LONGEST_TEXT_BYTES}")
            message = json.loads(text)
            self._carry_out(message["type"], message.get("data") or {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.complaints.append(f"A text the module can make nothing of: {error!r}.")

    def tick(self) -> list[str]:
        return [mark_text(name, "playout") for name in self.playout.tick()]

    @property
    def frames_played(self) -> int:
        return len(self.playout.played)

    def _carry_out(self, kind: str, data: dict[str, Any]) -> None:
        """Raises ValueError for what the module does not know."""
        match kind:
            case "playAudio":
                if self.playout.files >= FILES_AT_ONCE:
                    raise ValueError("more files than it keeps")
                self.playout.take_file(base64.b64decode(data["audioContent"], validate=True))
                self.play()
            case "mark":
                if len(self.playout.marks) >= MARKS_AT_ONCE:
                    raise ValueError("more marks than it keeps")
                self.playout.take_mark(data["name"])
                self.play()
            case "killAudio":
                self.play([mark_text(name, "cleared") for name in self.playout.clear()])
            case "disconnect":
                self.end_for_platform()
            case _:
                raise ValueError(kind)


def mark_text(name: str, event: str) -> str:
    return json.dumps({"type": "mark", "data": {"name": name, "event": event}})
