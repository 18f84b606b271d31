"""What of a stream is there to be heard, for its page: a sentence, and from which moment on.

Owns those words. Must not know who may listen: whoever may not is shown none of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cdr.pure.figures import moment
from streams.models import StreamRecording
from streams.pure.lifecycle import LIVE_STATES, RecordingState


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """`plays`: whether there is anything to be heard. `began_ms`: the moment of its first sample; `asked_ms`: that of the request for
    the stream, from which turns are counted; both since 1970."""

    plays: bool
    words: str
    began_ms: int
    asked_ms: int


def recording_part(row: StreamRecording, days: int, *, outside: bool = False) -> RecordingPart:
    """`days`: how long its account's recordings are kept, 0: for ever. `outside`: for who is none of the operator's people, whose disks
    they are."""
    plays = row.state == RecordingState.KEPT and bool(row.file_key)
    asked_at = row.stream.requested_at
    return RecordingPart(plays, _words(row, days, outside), _since_1970(row.began_at or asked_at), _since_1970(asked_at))


def _words(row: StreamRecording, days: int, outside: bool) -> str:
    match row.state:
        case RecordingState.KEPT if not row.file_key:
            return "The recording cannot be heard: the key of its file was lost."
        case RecordingState.KEPT:
            gaps = f" Of the caller's side {row.gaps_ms / 1000:.1f} s did not reach the service: silence here." if row.gaps_ms else ""
            until = f"Kept until {moment(row.created_at + timedelta(days=days))} UTC" if days else "Kept for ever"
            words = f"Recording of {row.length_ms / 1000:.1f} s: the caller left, what was played to the call right.{gaps} {until}."
            return words + _unreadable(row, outside)
        case RecordingState.REMOVED:
            return f"The recording was removed on {moment(row.removed_at)} UTC."
        case RecordingState.NOT_KEPT:
            return "The recording is not kept." if outside else f"The recording is not kept: {row.problem}"
        case RecordingState.RECORDING if row.stream.state in LIVE_STATES:
            return "The stream is being recorded."
    return "The recording is being stored."


def _unreadable(row: StreamRecording, outside: bool) -> str:
    if not row.problem:
        return ""
    return " When it was last asked for it could not be read to its end." if outside else f" It could not be read on {row.problem}"


def _since_1970(at: datetime) -> int:
    return round(at.timestamp() * 1000)
