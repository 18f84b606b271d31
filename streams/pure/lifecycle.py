"""The life of a stream: its states, the events that move it, the four hangup reasons and the precise causes behind them.

Owns every word that is stored about a stream's life. Must not know who runs a stream, or where its events are kept."""

import math
from enum import StrEnum
from typing import NamedTuple


class StreamState(StrEnum):
    """REQUESTED by XML, API or console; CONNECTING to the service URL; CONNECTED; STREAMING from the first packet; ENDED."""

    REQUESTED = "requested"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    STREAMING = "streaming"
    ENDED = "ended"


LIVE_STATES = (StreamState.REQUESTED, StreamState.CONNECTING, StreamState.CONNECTED, StreamState.STREAMING)


class CallState(StrEnum):
    LIVE = "live"
    ENDED = "ended"


class Level(StrEnum):
    """How bad an event is, in the eyes of the person who reads the debug log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class EventKind(StrEnum):
    """Everything that can happen to a call (first block; EVENTS_COUNTED also to a stream) or to one of its streams (second block)."""

    CALL_STARTED = "call_started"
    CALL_MEDIA_STARTED = "call_media_started"
    CALL_METADATA_LATE = "call_metadata_late"
    CALL_ANSWER_REQUESTED = "call_answer_requested"
    CALL_ANSWERED = "call_answered"
    CALL_ANSWER_FAILED = "call_answer_failed"
    CALL_ANSWER_WARNING = "call_answer_warning"
    CALL_FIRST_AUDIO = "call_first_audio"
    CALL_NO_AUDIO = "call_no_audio"
    CALL_AUDIO_STOPPED = "call_audio_stopped"
    CALL_AUDIO_BACK = "call_audio_back"
    CALL_FRAMES_FAULTY = "call_frames_faulty"
    CALL_DTMF = "call_dtmf"
    CALL_DTMF_SENT = "call_dtmf_sent"
    CALL_DTMF_FAILED = "call_dtmf_failed"
    CALL_GATEWAY_UNREADABLE = "call_gateway_unreadable"
    CALL_GATEWAY_ERROR = "call_gateway_error"
    CALL_GATEWAY_AWAITED = "call_gateway_awaited"
    CALL_GATEWAY_RESUMED = "call_gateway_resumed"
    CALL_CONTROL_REQUESTED = "call_control_requested"
    CALL_HANGUP_SENT = "call_hangup_sent"
    CALL_TURNS_FAILED = "call_turns_failed"
    CALL_EVENTS_LOST = "call_events_lost"
    EVENTS_COUNTED = "events_counted"
    CALL_ENDED = "call_ended"

    STREAM_REQUESTED = "stream_requested"
    CONNECT_STARTED = "connect_started"
    CONNECT_FAILED = "connect_failed"
    CONNECTED = "connected"
    NOISE_CANCELLATION_STARTED = "noise_cancellation_started"
    NOISE_CANCELLATION_FAILED = "noise_cancellation_failed"
    RECORDING_STARTED = "recording_started"
    RECORDING_KEPT = "recording_kept"
    RECORDING_NOT_KEPT = "recording_not_kept"
    STREAM_STARTED = "stream_started"
    BUFFER_DEGRADED = "buffer_degraded"
    BUFFER_RECOVERED = "buffer_recovered"
    DTMF_FORWARDED = "dtmf_forwarded"
    CUSTOMER_MESSAGE_IGNORED = "customer_message_ignored"
    PLAYBACK_STARTED = "playback_started"
    PLAY_FAILED = "play_failed"
    CHECKPOINT_PLAYED = "checkpoint_played"
    CHECKPOINT_UNCONFIRMED = "checkpoint_unconfirmed"
    AUDIO_CLEARED = "audio_cleared"
    STOP_REQUESTED = "stop_requested"
    STREAM_ENDED = "stream_ended"
    LAST_WORDS = "last_words"
    LAST_WORDS_HEARD = "last_words_heard"
    LAST_WORDS_CUT_OFF = "last_words_cut_off"
    SOCKET_CLOSED = "socket_closed"


# (state, event) -> state. An event that is not here for a state cannot happen in it.
MOVES: dict[tuple[StreamState, EventKind], StreamState] = {
    (StreamState.REQUESTED, EventKind.CONNECT_STARTED): StreamState.CONNECTING,
    (StreamState.REQUESTED, EventKind.STREAM_ENDED): StreamState.ENDED,
    (StreamState.CONNECTING, EventKind.CONNECT_FAILED): StreamState.CONNECTING,
    (StreamState.CONNECTING, EventKind.CONNECT_STARTED): StreamState.CONNECTING,
    (StreamState.CONNECTING, EventKind.CONNECTED): StreamState.CONNECTED,
    (StreamState.CONNECTING, EventKind.STREAM_ENDED): StreamState.ENDED,
    (StreamState.CONNECTED, EventKind.STREAM_STARTED): StreamState.STREAMING,
    (StreamState.CONNECTED, EventKind.STREAM_ENDED): StreamState.ENDED,
    (StreamState.STREAMING, EventKind.STREAM_ENDED): StreamState.ENDED,
}


def moved(state: StreamState, event: EventKind) -> StreamState:
    """The state after `event`; raises ValueError for a move that is not in the table."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise ValueError(f"a stream that is {state} cannot have {event}") from None


class HangupReason(StrEnum):
    """The four reasons a CDR shows (Plivo best practices)."""

    API_REQUEST = "API request"
    CALL_HANGUP = "Call hangup"
    CONNECTION_ERROR = "Connection error"
    STREAM_TIMEOUT = "Stream timeout"


class RecordedPart(StrEnum):
    """How much of its streams an application has recorded."""

    OFF = "off"
    WHOLE = "whole"
    LAST = "last"


def recorded_seconds(part: str, last_seconds: int, consent: bool) -> float:
    """How much of the end of a stream is recorded: infinite where it is the whole, 0 where nothing is."""
    if part == RecordedPart.OFF or not consent:
        return 0.0
    return math.inf if part == RecordedPart.WHOLE else float(last_seconds)


class RecordingState(StrEnum):
    RECORDING = "recording"
    WRITING = "writing"
    KEPT = "kept"
    NOT_KEPT = "not kept"
    REMOVED = "removed"


class CallbackEvent(StrEnum):
    """The status callbacks (Plivo audio streaming, scheme A). The last is our own."""

    START_STREAM = "StartStream"
    STOP_STREAM = "StopStream"
    DROPPED_STREAM = "DroppedStream"
    DEGRADED_STREAM = "DegradedStream"
    PLAYED_STREAM = "PlayedStream"
    CLEARED_AUDIO = "ClearedAudio"
    CONVERSATION_ENDED = "ConversationEnded"


class EndCause(StrEnum):
    """Why precisely a stream ended. ENDINGS says which hangup reason and which callback each one means."""

    STOPPED_BY_API = "stopped_by_api"
    STOPPED_BY_OPERATOR = "stopped_by_operator"
    CALL_ENDED = "call_ended"
    GATEWAY_LOST = "gateway_lost"
    MEDIA_TIMEOUT = "media_timeout"
    TIMED_OUT = "timed_out"
    CONNECT_FAILED = "connect_failed"
    ADDRESS_REFUSED = "address_refused"
    HOST_BLOCKED = "host_blocked"
    CUSTOMER_CLOSED = "customer_closed"
    CUSTOMER_LOST = "customer_lost"
    MESSAGE_REFUSED = "message_refused"
    SLOW_CONNECTION = "slow_connection"
    PROCESS_LOST = "process_lost"
    PLATFORM_STOPPED = "platform_stopped"
    INTERNAL_ERROR = "internal_error"


class Ending(NamedTuple):
    """What an EndCause means to the outside: `error` is the Error parameter of the callback ('' for a healthy end)."""

    reason: HangupReason
    callback: CallbackEvent
    error: str


# The documented DroppedStream text is "connection disconnected with the remote service" (Plivo best practices).
_DISCONNECTED = "connection disconnected with the remote service"
_UNCONNECTED = "connection failed with the remote service"

ENDINGS: dict[EndCause, Ending] = {
    EndCause.STOPPED_BY_API: Ending(HangupReason.API_REQUEST, CallbackEvent.STOP_STREAM, ""),
    EndCause.STOPPED_BY_OPERATOR: Ending(HangupReason.API_REQUEST, CallbackEvent.STOP_STREAM, ""),
    EndCause.CALL_ENDED: Ending(HangupReason.CALL_HANGUP, CallbackEvent.STOP_STREAM, ""),
    EndCause.GATEWAY_LOST: Ending(HangupReason.CALL_HANGUP, CallbackEvent.STOP_STREAM, ""),
    EndCause.MEDIA_TIMEOUT: Ending(HangupReason.CALL_HANGUP, CallbackEvent.STOP_STREAM, ""),
    EndCause.TIMED_OUT: Ending(HangupReason.STREAM_TIMEOUT, CallbackEvent.STOP_STREAM, ""),
    EndCause.CONNECT_FAILED: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, _UNCONNECTED),
    EndCause.ADDRESS_REFUSED: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, "the service URL may not be dialled"),
    EndCause.HOST_BLOCKED: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, "the service host is blocked"),
    EndCause.CUSTOMER_CLOSED: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, _DISCONNECTED),
    EndCause.CUSTOMER_LOST: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, _DISCONNECTED),
    EndCause.MESSAGE_REFUSED: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, _DISCONNECTED),
    EndCause.SLOW_CONNECTION: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, "slow connection"),
    EndCause.PROCESS_LOST: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, "the streaming service was interrupted"),
    EndCause.PLATFORM_STOPPED: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, "the streaming service was restarted"),
    EndCause.INTERNAL_ERROR: Ending(HangupReason.CONNECTION_ERROR, CallbackEvent.DROPPED_STREAM, "internal error"),
}


class HangupCause(NamedTuple):
    """Why a call ended: code and name of Plivo's hangup-cause table, and who ended it."""

    code: int
    name: str
    source: str


NORMAL_HANGUP = HangupCause(4000, "Normal Hangup", "Unknown")
GATEWAY_LOST = HangupCause(5000, "Network Error", "Error")
PROCESS_LOST = HangupCause(5010, "Internal Error", "Error")
API_HANGUP = HangupCause(4000, "Normal Hangup", "API Request")
CALL_LIMIT = HangupCause(1030, "Canceled (Call Limit Reached)", "Error")
STREAM_LIMIT = HangupCause(1040, "Canceled (Stream Limit Reached)", "Error")
SPENDING_LIMIT = HangupCause(1050, "Canceled (Spending Limit Reached)", "Error")
END_OF_XML = HangupCause(4010, "End Of XML Instructions", "Streamdesk")
MEDIA_TIMEOUT = HangupCause(6020, "Media Timeout", "Error")
ANSWER_UNREACHABLE = HangupCause(7011, "Error Reaching Answer URL", "Error")
ANSWER_INVALID = HangupCause(8011, "Invalid Answer XML", "Error")
UNSUPPORTED_MEDIA = HangupCause(2000, "Invalid Destination Address", "Error")
