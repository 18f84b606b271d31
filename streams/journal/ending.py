"""How calls and streams end in their rows, whoever ends them: the session's notes, the reaper, a start that nobody took.

Owns that a stream ends once, with its callback and its charge in the same transaction. Must not know why it ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from streams.journal.owing import Debt, owe_each
from streams.journal.rows import save_together, utc_of
from streams.models import Call, Stream
from streams.pure.lifecycle import ENDINGS, CallState, EndCause, HangupCause, StreamState
from streams.signals import calls_ended, stream_ended

OF_A_STREAM = ("state", "ended_at", "hangup_reason", "end_cause", "end_details", "close_code")
OF_A_CALL = ("state", "ended_at", "hangup_cause_code", "hangup_cause_name", "hangup_source")


class StreamEnd(NamedTuple):
    stream: Stream
    cause: EndCause
    at: float
    words: str
    close_code: int | None = None


def end_stream(stream: Stream, cause: EndCause, ended_at: float, words: str, close_code: int | None = None) -> None:
    end_streams([StreamEnd(stream, cause, ended_at, words, close_code)])


def end_streams(ends: Iterable[StreamEnd]) -> None:
    """The one road to a stream's end: state, callback and (by signal) charge. Must run in a transaction; ending twice changes nothing.
    Many take as many statements as one: a process that dies may leave thousands."""
    new = [end for end in ends if end.stream.state != StreamState.ENDED]
    if not new:
        return
    for stream, cause, at, words, close_code in new:
        stream.state, stream.ended_at, stream.hangup_reason = StreamState.ENDED, utc_of(at), ENDINGS[cause].reason
        stream.end_cause, stream.end_details, stream.close_code = cause, words[:500], close_code
    streams = [end.stream for end in new]
    save_together(streams, OF_A_STREAM)
    owe_each([Debt(end.stream, ENDINGS[end.cause].callback, end.at, ENDINGS[end.cause].error) for end in new])
    stream_ended.send(sender=Stream, streams=streams)


def end_call(call: Call, hangup: HangupCause, ended_at: datetime) -> None:
    """Ends a call that is live; must run in a transaction."""
    if call.state != CallState.ENDED:
        end_calls([(call, ended_at)], hangup)


def end_calls(ends: Sequence[tuple[Call, datetime]], hangup: HangupCause, *also: str) -> None:
    """Ends calls that are live, together; `also`: other columns that were changed. Must run in a transaction."""
    for call, ended_at in ends:
        call.state, call.ended_at = CallState.ENDED, ended_at
        call.hangup_cause_code, call.hangup_cause_name, call.hangup_source = hangup
    calls = [call for call, _ in ends]
    save_together(calls, (*OF_A_CALL, *also))
    calls_ended.send(sender=Call, calls=calls)
