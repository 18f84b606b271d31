"""Which words a column may hold, each list as a function: a migration names the function, so one more word needs no migration.

Migrations of long ago import these functions from here: neither this module nor a function of it may change its name."""

from collections.abc import Iterable
from enum import StrEnum

from django.db.models import IntegerChoices, TextChoices

from streams.pure.gateway.refusal import Reason
from streams.pure.lifecycle import CallbackEvent, CallState, EventKind, HangupReason, Level, RecordedPart, RecordingState, StreamState

Choices = list[tuple[str, str]]


class CallbackTrouble(IntegerChoices):
    """The worst that became of a stream's status callbacks."""

    NONE = 0
    TRY_FAILED = 1, "a try failed"
    GIVEN_UP = 2, "given up"


class CallbackState(TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up", "given up"


def choices_of(words: Iterable[StrEnum]) -> Choices:
    """Django's choices for stored words."""
    return [(word.value, word.value.replace("_", " ")) for word in words]


def call_states() -> Choices:
    return choices_of(CallState)


def stream_states() -> Choices:
    return choices_of(StreamState)


def hangup_reasons() -> Choices:
    return choices_of(HangupReason)


def event_kinds() -> Choices:
    return choices_of(EventKind)


def event_levels() -> Choices:
    return choices_of(Level)


def control_kinds() -> Choices:
    return [("start", "start a stream"), ("stop", "stop a stream"), ("hang_up", "hang up"), ("send_dtmf", "send DTMF")]


def callback_events() -> Choices:
    return choices_of(CallbackEvent)


def callback_states() -> Choices:
    return CallbackState.choices


def callback_troubles() -> list[tuple[int, str]]:
    return CallbackTrouble.choices


def refusal_reasons() -> Choices:
    return choices_of(Reason)


def gateway_dialects() -> Choices:
    return [
        ("asterisk", "Asterisk chan_websocket"),
        ("audio_stream", "FreeSWITCH mod_audio_stream"),
        ("audio_fork", "jambonz, drachtio: mod_audio_fork"),
        ("twilio", "Twilio Media Streams and alike"),
    ]


def recorded_parts() -> Choices:
    return [(RecordedPart.OFF, "nothing"), (RecordedPart.WHOLE, "the whole"), (RecordedPart.LAST, "the end")]


def recording_states() -> Choices:
    return choices_of(RecordingState)
