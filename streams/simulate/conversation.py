"""What one connection brought to a customer's service: the documented messages, taken apart and kept in order of arrival.

Owns the reading of the platform's JSON (start, media, dtmf, stop). Must not know what the service does about it."""

import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.simulate.waiting import Changing


@dataclass(frozen=True, slots=True)
class Media:
    """One media message; `arrived_at` is a monotonic clock's seconds."""

    payload: bytes
    track: str
    chunk: int
    sequence_number: int
    timestamp_ms: int
    arrived_at: float


class Conversation(Changing):
    """`messages` are the JSON messages as they came; `strange` is what was not one. `close_code` is None until the socket is closed,
    and 1006 when it went without a close frame. Without `keep_media`, media messages are only counted: calls may be long."""

    def __init__(self, path: str, headers: dict[str, str], subprotocol: str | None, *, keep_media: bool = True) -> None:
        super().__init__()
        self.keep_media = keep_media
        self.media_count = 0
        self.path = path
        self.headers = headers
        self.subprotocol = subprotocol
        self.messages: list[dict[str, Any]] = []
        self.media: list[Media] = []
        self.strange: list[str | bytes] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self.send: Callable[[str], Awaitable[None]] | None = None

    async def say(self, message: Mapping[str, Any]) -> None:
        """Sends one message to the platform, such as playAudio."""
        assert self.send is not None, "a conversation can be spoken to once it has begun"
        await self.send(json.dumps(message))

    @property
    def start(self) -> dict[str, Any] | None:
        return self._first("start")

    @property
    def stop(self) -> dict[str, Any] | None:
        return self._first("stop")

    @property
    def digits(self) -> str:
        return "".join(message["dtmf"]["digit"] for message in self.messages if message["event"] == "dtmf")

    @property
    def audio(self) -> bytes:
        """The payloads joined, every track in order of arrival."""
        return b"".join(media.payload for media in self.media)

    @property
    def stream_id(self) -> str:
        return str(self.start["start"]["streamId"]) if self.start else ""

    @property
    def call_id(self) -> str:
        return str(self.start["start"]["callId"]) if self.start else ""

    def take(self, data: str | bytes) -> dict[str, Any]:
        """Keeps one WebSocket message; returns it as JSON, empty when it is none of the platform's."""
        message: dict[str, Any] = {}
        try:
            message = _message(data)
            self._keep(message)
        except (ValueError, KeyError, TypeError):
            self.strange.append(data)
        self.changed()
        return message

    def _keep(self, message: dict[str, Any]) -> None:
        is_media = message["event"] == "media"
        media = [_media(message)] if is_media else []
        self.media_count += len(media)
        if self.keep_media or not is_media:
            self.messages.append(message)
            self.media += media

    def closed(self, code: int, reason: str) -> None:
        self.close_code, self.close_reason = code, reason
        self.changed()

    async def until_media(self, count: int, timeout_seconds: float = 30) -> None:
        await self.until(lambda: len(self.media) >= count, f"media message {count} (there are {len(self.media)})", timeout_seconds)

    async def until_closed(self, timeout_seconds: float = 30) -> None:
        await self.until(lambda: self.close_code is not None, f"the close of stream {self.stream_id}", timeout_seconds)

    def _first(self, event: str) -> dict[str, Any] | None:
        return next((message for message in self.messages if message["event"] == event), None)


def _message(data: str | bytes) -> dict[str, Any]:
    """Raises ValueError, TypeError or KeyError for what is not a message of the platform."""
    message = json.loads(data) if isinstance(data, str) else None
    if not isinstance(message, dict) or not isinstance(message["event"], str):
        raise TypeError("not a JSON object in a text message")
    return message


def _media(message: dict[str, Any]) -> Media:
    media = message["media"]
    payload = base64.b64decode(media["payload"], validate=True)
    return Media(payload, media["track"], media["chunk"], message["sequenceNumber"], int(media["timestamp"]), time.monotonic())
