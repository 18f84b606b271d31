"""A status callback: its parameters, and when to try again after a try that failed.

Owns the parameters' names and forms (Plivo, audio streaming best practices) and the rule of retries. Must not know HTTP or rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from streams.pure.lifecycle import CallbackEvent
from streams.pure.messages import StreamRequest
from streams.pure.scrubbing import scrubbed_headers

EXTRA_HEADERS = "extraHeaders"
JITTER_SHARE = 0.2
SLOW_SECONDS = 60.0
"""The least wait after a timeout or a 429: such an endpoint needs time, not another knock."""


STYLE_B_EVENTS = {
    CallbackEvent.START_STREAM: ("started", "in-progress"),
    CallbackEvent.STOP_STREAM: ("stopped", "completed"),
    CallbackEvent.DROPPED_STREAM: ("failed", "connection_failed"),
    CallbackEvent.DEGRADED_STREAM: ("degraded", "in-progress"),
    CallbackEvent.PLAYED_STREAM: ("played", "in-progress"),
    CallbackEvent.CLEARED_AUDIO: ("cleared", "in-progress"),
    CallbackEvent.CONVERSATION_ENDED: ("conversed", "completed"),
}
"""Event and StatusReason of the second documented form. It names the first and the two last ends of a stream only (Plivo, audio
streaming reference); the other words are ours."""


CONVERSATION = {
    "Turns": "turns",
    "ResponseP50Ms": "response_p50_ms",
    "ResponseP95Ms": "response_p95_ms",
    "ResponseLongestMs": "response_longest_ms",
    "GreetingMs": "greeting_ms",
    "LongSilences": "long_silences",
    "CallerInterruptions": "caller_interruptions",
    "BotInterruptions": "bot_interruptions",
    "CallerMs": "caller_ms",
    "BotMs": "bot_ms",
    "BothMs": "both_ms",
}
"""What ConversationEnded carries besides, by the figures of a conversation; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Style:
    """Which of the two documented forms an account wants, with what only form B carries; `duration_seconds` of the stream so far."""

    name: str = "A"
    direction: str = ""
    duration_seconds: int = 0


PLAIN_STYLE = Style()


def _style_b(event: CallbackEvent, style: Style, at: float) -> dict[str, str]:
    name, reason = STYLE_B_EVENTS[event]
    return {
        "Event": name,
        "StatusReason": reason,
        "Direction": style.direction,
        "Duration": str(style.duration_seconds),
        "Timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def callback_parameters(
    event: CallbackEvent,
    *,
    number: int,
    call_uuid: UUID,
    from_number: str,
    to_number: str,
    stream_id: UUID,
    auth_id: str,
    at: float,
    request: StreamRequest,
    error: str = "",
    buffer_percent: int | None = None,
    checkpoint: str | None = None,
    conversation: Mapping[str, Any] | None = None,
    style: Style = PLAIN_STYLE,
) -> list[list[str]]:
    """Name and value of everything a callback carries, sorted by name as the debug log shows it.

    `at` is seconds since the epoch; `number` counts the stream's callbacks from 1; `buffer_percent` belongs to DegradedStream,
    `checkpoint` (a name) to PlayedStream, `conversation` (its figures) to ConversationEnded."""
    values = {
        "CallUUID": str(call_uuid),
        "Error": error,
        "Event": event.value,
        "From": from_number.removeprefix("+"),
        "ParentAuthID": auth_id,
        "Sequence": str(number),
        "StreamID": str(stream_id),
        "Timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "To": to_number.removeprefix("+"),
        **_asked_for(request),
    }
    if buffer_percent is not None:
        values["BufferPercent"] = str(buffer_percent)
    if checkpoint is not None:
        values["Name"] = checkpoint
    if conversation is not None:
        figures = {name: conversation.get(figure) for name, figure in CONVERSATION.items()}
        values |= {name: "" if figure is None else str(figure) for name, figure in figures.items()}
    if style.name == "B":
        values |= _style_b(event, style, at)
    return [[name, values[name]] for name in sorted(values)]


def without_secrets(parameters: list[list[str]]) -> list[list[str]]:
    """As they are kept and shown: of extra headers the names."""
    return [[name, scrubbed_headers(value) if name == EXTRA_HEADERS else value] for name, value in parameters]


def as_sent(parameters: Sequence[Sequence[str]], extra_headers: str) -> list[tuple[str, str]]:
    """What was kept, with the stream's extra headers in their place."""
    return [(name, extra_headers if name == EXTRA_HEADERS else value) for name, value in parameters]


def next_try(
    tries: int,
    retry_seconds: tuple[float, ...],
    *,
    timed_out: bool,
    status: int | None,
    retry_after_seconds: float | None,
    jitter: float,
) -> float | None:
    """Seconds to wait after the failed try number `tries` (from 1), or None to give up.

    `jitter` from -1 to 1 spreads the slot by 20 %. Retry-After is heard between one and two slots; 410 means: never again."""
    if status == 410 or tries > len(retry_seconds):
        return None
    slot = retry_seconds[tries - 1] * (1 + JITTER_SHARE * jitter)
    if timed_out or status == 429:
        slot = max(slot, SLOW_SECONDS)
    if retry_after_seconds is None:
        return slot
    return min(max(slot, retry_after_seconds), 2 * slot)


def _asked_for(request: StreamRequest) -> dict[str, str]:
    """The request's own values; the names' two spellings are the documented ones."""
    return {
        "ServiceURL": request.service_url,
        "audioTrack": request.audio_track,
        "bidirectional": str(request.bidirectional).lower(),
        "contentType": request.content_type,
        EXTRA_HEADERS: request.extra_headers,
        "keepCallAlive": str(request.keep_call_alive).lower(),
        "status_callback_method": request.status_callback_method,
        "status_callback_url": request.status_callback_url,
        "streamTimeout": str(request.stream_timeout_seconds),
    }
