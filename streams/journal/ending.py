"""How calls and streams end in their rows, whoever ends them: the session's notes, the reaper, a start that nobody took.

Owns that a stream ends once, with its callback and its charge in the same transaction. Must not know why it ended."""

from datetime import datetime

from streams.journal.owing import owe
from streams.journal.rows import save, utc_of
from streams.models import Call, Stream
from streams.pure.lifecycle import ENDINGS, CallState, EndCause, HangupCause, StreamState
from streams.signals import stream_ended


def end_stream(stream: Stream, cause: EndCause, ended_at: float, words: str, close_code: int | None = None) -> None:
    """The one road to a stream's end: state, callback and (by signal) charge. Must run in a transaction; ending twice changes nothing."""
    if stream.state == StreamState.ENDED:
        return
    ending = ENDINGS[cause]
    save(
        stream,
        state=StreamState.ENDED,
        ended_at=utc_of(ended_at),
        hangup_reason=ending.reason,
        end_cause=cause,
        end_details=words[:500],
        close_code=close_code,
    )
    owe(stream, ending.callback, ended_at, error=ending.error)
    stream_ended.send(sender=Stream, stream=stream)


def end_call(call: Call, hangup: HangupCause, ended_at: datetime) -> None:
    """Ends a call that is live; must run in a transaction."""
    if call.state == CallState.ENDED:
        return
    call.state = CallState.ENDED
    call.ended_at = ended_at
    call.hangup_cause_code, call.hangup_cause_name, call.hangup_source = hangup
    call.save(update_fields=["state", "ended_at", "hangup_cause_code", "hangup_cause_name", "hangup_source"])
