"""The rows a debug log is made of: what happened, what is owed to the customer, each try to deliver it, what it cost.

Owns their shape, their order, how bad each is, and the group it belongs to. Must not know where rows come from, nor their wording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from cdr.pure.keyset import Place
from streams.pure.lifecycle import EventKind as K
from streams.pure.lifecycle import Level

PROBLEM_LEVELS = (Level.WARNING, Level.ERROR)
OTHER = "other"
LAST_WORDS = (K.LAST_WORDS, K.LAST_WORDS_HEARD, K.LAST_WORDS_CUT_OFF)
GROUPS: dict[str, tuple[str, tuple[K, ...]]] = {
    "gateway": (
        "Gateway",
        (
            *(K.CALL_STARTED, K.CALL_MEDIA_STARTED, K.CALL_METADATA_LATE, K.CALL_FIRST_AUDIO, K.CALL_NO_AUDIO),
            *(K.CALL_FRAMES_FAULTY, K.CALL_AUDIO_STOPPED, K.CALL_AUDIO_BACK, K.CALL_GATEWAY_AWAITED, K.CALL_GATEWAY_RESUMED),
            *(K.CALL_GATEWAY_UNREADABLE, K.CALL_GATEWAY_ERROR, K.CALL_EVENTS_LOST),
        ),
    ),
    "answer": ("Answer", (K.CALL_ANSWER_REQUESTED, K.CALL_ANSWERED, K.CALL_ANSWER_FAILED, K.CALL_ANSWER_WARNING)),
    "connection": (
        "Connection",
        (K.STREAM_REQUESTED, K.CONNECT_STARTED, K.CONNECT_FAILED, K.CONNECTED, K.STREAM_STARTED, K.SOCKET_CLOSED),
    ),
    "buffer": ("Buffer", (K.BUFFER_DEGRADED, K.BUFFER_RECOVERED)),
    "audio": (
        "Audio and DTMF",
        (
            *(K.CALL_DTMF, K.CALL_DTMF_SENT, K.CALL_DTMF_FAILED, K.DTMF_FORWARDED, K.PLAYBACK_STARTED, K.PLAY_FAILED),
            *(K.CHECKPOINT_PLAYED, K.CHECKPOINT_UNCONFIRMED, *LAST_WORDS, K.AUDIO_CLEARED, K.CUSTOMER_MESSAGE_IGNORED),
            *(K.RECORDING_STARTED, K.RECORDING_KEPT, K.RECORDING_NOT_KEPT),
            *(K.NOISE_CANCELLATION_STARTED, K.NOISE_CANCELLATION_FAILED, K.CALL_TURNS_FAILED, K.EVENTS_COUNTED),
        ),
    ),
    "control": ("Control", (K.CALL_CONTROL_REQUESTED, K.STOP_REQUESTED, K.CALL_HANGUP_SENT)),
    "callback": ("Callbacks", ()),
    "charge": ("Charge", ()),
    "end": ("End", (K.STREAM_ENDED, K.CALL_ENDED)),
    OTHER: ("Other", ()),
}
"""What people look for: name in an address -> its word, and the kinds of events in it. A kind nobody told us about is in OTHER."""
GROUP_OF: dict[str, str] = {kind: name for name, (_, kinds) in GROUPS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class EventRow:
    """`source`: whose event it is, in a word or two; `stream`: that stream's uuid. `number` orders events of one instant. `anchor`:
    its line's name in addresses; every row has one."""

    id: int
    at: datetime
    kind: str
    level: str
    details: Mapping[str, Any]
    source: str
    number: int | None = None
    stream: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """`parameters`: what is sent, as (name, value) pairs. `due_at`: the next try of a pending callback."""

    id: int
    at: datetime
    event: str
    method: str
    url: str
    state: str
    tries: int
    parameters: Sequence[Sequence[str]]
    due_at: datetime | None = None
    stream: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """`error` is "" when it was delivered; `given_up`: it was the last try, and it failed."""

    id: int
    at: datetime
    event: str
    number: int
    duration_ms: int
    address: str
    status: int | None
    error: str
    response_head: str
    given_up: bool = False
    stream: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """`seconds`: the stream's duration; `rate`: the price of each `interval_seconds`."""

    id: int
    at: datetime
    seconds: int
    billed_seconds: int
    rate: Decimal
    interval_seconds: int
    currency: str
    amount: Decimal
    started: bool
    stream: str = ""
    minimum_seconds: int = 0
    free_seconds: int = 0
    anchor: str = ""


LogRow = EventRow | CallbackRow | AttemptRow | ChargeRow
EVENTS, CHARGES, CALLBACKS, ATTEMPTS = 0, 1, 2, 3
"""The ranks: of one instant, what happened comes before what it cost, what is owed, and the tries."""


def place_of(row: LogRow) -> Place:
    match row:
        case EventRow():
            return Place(row.at, EVENTS, row.number or 0, row.id)
        case ChargeRow():
            return Place(row.at, CHARGES, 0, row.id)
        case CallbackRow():
            return Place(row.at, CALLBACKS, 0, row.id)
        case AttemptRow():
            return Place(row.at, ATTEMPTS, 0, row.id)


def kind_of(row: LogRow) -> str:
    """The event's kind; of the others callback, callback_attempt or charge."""
    match row:
        case EventRow():
            return row.kind
        case ChargeRow():
            return "charge"
        case CallbackRow():
            return "callback"
        case AttemptRow():
            return "callback_attempt"


def group_of(row: LogRow) -> str:
    match row:
        case EventRow():
            return GROUP_OF.get(row.kind, OTHER)
        case ChargeRow():
            return "charge"
    return "callback"


def level_of(row: LogRow) -> str:
    """How bad a row is. A callback is as bad as its last try; events bring their own level."""
    match row:
        case EventRow():
            return row.level
        case AttemptRow():
            return (Level.ERROR if row.given_up else Level.WARNING) if row.error else Level.INFO
    return Level.INFO
