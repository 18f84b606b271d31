"""Twilio Media Streams as the platform sees it: connected, start, media with one or two tracks, dtmf, stop; playback with marks and clear.

Owns its side of a call. Must not know Django or the platform's own code."""

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

from streams.simulate.call_plan import CallPlan
from streams.simulate.call_socket import CallSocket
from streams.simulate.playout import Playout
from streams.simulate.upgrades import TwilioProtocol
from streams.simulate.wav import FRAME_BYTES, rate_of

ENCODINGS = {"ulaw": "audio/x-mulaw", "alaw": "audio/x-alaw"}
_WARNING = "Twilio warns 31951 (Stream - Protocol - Invalid message): "


class TwilioCall(CallSocket):
    """`playout` is the caller's ear. A stream with `outbound` frames is <Start><Stream track="both_tracks">, which only listens; any
    other is <Connect><Stream>."""

    def __init__(self, plan: CallPlan) -> None:
        super().__init__(plan, TwilioProtocol(plan.url, signature_of(plan)))
        self.stream_sid = f"MZ{uuid.uuid4().hex}"
        self.call_sid = f"CA{uuid.uuid4().hex}"
        self.playout = Playout(FRAME_BYTES[plan.codec])
        self._messages = 0
        self._chunks = {"inbound": 0, "outbound": 0}

    async def start_media(self) -> None:
        await self.send_text(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        encoding = ENCODINGS.get(self.plan.codec, "audio/x-l16")
        start = {
            "accountSid": "AC00000000000000000000000000000000",
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound", "outbound"] if self.plan.outbound else ["inbound"],
            "mediaFormat": {"encoding": encoding, "sampleRate": rate_of(self.plan.codec), "channels": 1},
            "customParameters": self.plan.identity,
        }
        await self._send("start", start)

    async def send_dtmf(self, digit: str) -> None:
        await self._send("dtmf", {"track": "inbound_track", "digit": digit})

    async def send_frame(self, payload: bytes) -> None:
        self.frames_sent += 1
        await self._send_media("inbound", payload)

    async def send_both(self, inbound: bytes, outbound: bytes) -> None:
        await self.send_frame(inbound)
        await self._send_media("outbound", outbound)

    async def say_goodbye(self) -> None:
        await self._send("stop", {"accountSid": "AC00000000000000000000000000000000", "callSid": self.call_sid})

    def take_audio(self, data: bytes) -> None:
        self.complaints.append("Twilio warns 31950 (Stream - Protocol - Malformed message): a binary message.")

    def take_text(self, text: str) -> None:
        try:
            message = json.loads(text)
            if self.plan.outbound:
                raise ValueError("a message back on a stream that only listens")
            if message["streamSid"] != self.stream_sid:
                raise ValueError("another streamSid than its own")
            self._carry_out(message)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.complaints.append(f"{_WARNING}{error!r}.")

    def tick(self) -> list[str]:
        return [self._text("mark", {"name": name}) for name in self.playout.tick()]

    @property
    def frames_played(self) -> int:
        return len(self.playout.played)

    def _carry_out(self, message: dict[str, Any]) -> None:
        """Raises ValueError for what Twilio does not know. The marks that a clear overtakes come back as well."""
        match message["event"]:
            case "media":
                self.playout.take_audio(base64.b64decode(message["media"]["payload"], validate=True))
                self.play()
            case "mark":
                self.playout.take_mark(message["mark"]["name"])
                self.play()
            case "clear":
                self.play([self._text("mark", {"name": name}) for name in self.playout.clear()])
            case other:
                raise ValueError(f"the event {other}")

    async def _send_media(self, track: str, payload: bytes) -> None:
        await self.send_text(self.next_media(track, payload))

    def next_media(self, track: str, payload: bytes) -> str:
        """What is to be sent next, with its numbers."""
        self._chunks[track] += 1
        chunk = self._chunks[track]
        media = {"track": track, "chunk": str(chunk), "timestamp": str(20 * chunk), "payload": base64.b64encode(payload).decode()}
        return self._text("media", media)

    async def _send(self, event: str, content: dict[str, Any]) -> None:
        await self.send_text(self._text(event, content))

    def _text(self, event: str, content: dict[str, Any]) -> str:
        """Numbers are strings, as Twilio writes them."""
        self._messages += 1
        return json.dumps({"event": event, "sequenceNumber": str(self._messages), event: content, "streamSid": self.stream_sid})


def signature_of(plan: CallPlan) -> dict[str, str]:
    """The header that proves the account's token, where the plan has one. Twilio dials wss:// only, and that is what it signs."""
    if not plan.signing_token:
        return {}
    digest = hmac.new(plan.signing_token.encode(), plan.url.replace("ws://", "wss://", 1).encode(), hashlib.sha1).digest()
    return {"x-twilio-signature": base64.b64encode(digest).decode()}
