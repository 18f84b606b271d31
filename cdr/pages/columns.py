"""What stands in the columns of an exported list of calls or streams.

Owns heads and cells. Must not know files or who asks; numbers come whole and are masked by whoever writes them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cdr.pages.for_outside import OF_THE_GATEWAY
from cdr.pages.stream import charge_of
from cdr.pure.figures import elapsed_seconds
from cdr.pure.log.for_customers import words_for_customers
from cdr.pure.secret_text import SecretText
from cdr.spreadsheet import Cell


class Column(NamedTuple):
    head: str
    cell: Callable[[Any], Cell]


def _charge(field: str) -> Callable[[Any], Cell]:
    return lambda stream: getattr(charge_of(stream), field, None)


def _talk(field: str) -> Callable[[Any], Cell]:
    """Of how its conversation went, which is selected with a stream; nothing where it was not measured."""
    return lambda stream: getattr(getattr(stream, "conversation", None), field, None)


def _talk_seconds(field: str) -> Callable[[Any], Cell]:
    milliseconds = _talk(field)

    def seconds(stream: Any) -> Cell:
        found = milliseconds(stream)
        return found / 1000 if isinstance(found, int) else None

    return seconds


def _seconds(row: Any) -> Cell:
    lasted = elapsed_seconds(row.started_at, row.ended_at)
    return round(lasted, 3) if lasted is not None else None


def _reasons(call: Any) -> str:
    return ", ".join(sorted({stream.hangup_reason for stream in call.streams.all() if stream.hangup_reason}))


def _name(row: Any) -> str:
    return row.name if row else ""


CALL_COLUMNS = (
    Column("Call UUID", lambda call: str(call.uuid)),
    Column("Account", lambda call: call.account.name),
    Column("Direction", lambda call: call.direction),
    Column("From", lambda call: call.from_number),
    Column("To", lambda call: call.to_number),
    Column("Start time (UTC)", lambda call: call.started_at),
    Column("End time (UTC)", lambda call: call.ended_at),
    Column("Duration (s)", _seconds),
    Column("State", lambda call: call.state),
    Column("Hangup cause code", lambda call: call.hangup_cause_code),
    Column("Hangup cause", lambda call: call.hangup_cause_name),
    Column("Hangup source", lambda call: call.hangup_source),
    Column("Gateway", lambda call: _name(call.gateway)),
    Column("Application", lambda call: _name(call.application)),
    Column("Streams", lambda call: len(call.streams.all())),
    Column("Hangup reasons of its streams", _reasons),
)
STREAM_COLUMNS = (
    Column("Stream UUID", lambda stream: str(stream.uuid)),
    Column("Call UUID", lambda stream: str(stream.call.uuid)),
    Column("Account", lambda stream: stream.account.name),
    Column("From", lambda stream: stream.call.from_number),
    Column("To", lambda stream: stream.call.to_number),
    Column("Requested (UTC)", lambda stream: stream.requested_at),
    Column("Start time (UTC)", lambda stream: stream.started_at),
    Column("End time (UTC)", lambda stream: stream.ended_at),
    Column("Duration (s)", _charge("seconds")),
    Column("Rounded bill duration (s)", _charge("billed_seconds")),
    Column("Billed amount", _charge("amount")),
    Column("Currency", _charge("currency")),
    Column("Hangup reason", lambda stream: stream.hangup_reason),
    Column("Precise end cause", lambda stream: stream.end_cause),
    Column("End in words", lambda stream: SecretText(stream.end_details)),
    Column("WebSocket close code", lambda stream: stream.close_code),
    Column("Connection attempts", lambda stream: stream.connect_attempts),
    Column("Highest buffer level (%)", lambda stream: stream.degraded_percent),
    Column("State", lambda stream: stream.state),
    Column("Service URL", lambda stream: SecretText(stream.service_url)),
    Column("Turns", _talk("turns")),
    Column("Response p50 (s)", _talk_seconds("response_p50_ms")),
    Column("Response p95 (s)", _talk_seconds("response_p95_ms")),
    Column("Longest response (s)", _talk_seconds("response_longest_ms")),
    Column("Greeting after (s)", _talk_seconds("greeting_ms")),
    Column("Long silences", _talk("long_silences")),
    Column("Interruptions by the caller", _talk("caller_interruptions")),
    Column("Interruptions by the bot", _talk("bot_interruptions")),
    Column("Caller spoke (s)", _talk_seconds("caller_ms")),
    Column("Bot spoke (s)", _talk_seconds("bot_ms")),
    Column("Both spoke (s)", _talk_seconds("both_ms")),
)

END_IN_WORDS_OUTSIDE = Column("End in words", lambda stream: SecretText(words_for_customers(stream.end_details)))
CALL_COLUMNS_OUTSIDE = tuple(column for column in CALL_COLUMNS if column.head not in OF_THE_GATEWAY)
STREAM_COLUMNS_OUTSIDE = tuple(END_IN_WORDS_OUTSIDE if column.head == END_IN_WORDS_OUTSIDE.head else column for column in STREAM_COLUMNS)
"""For customers: as their pages, without the operator's people and gateways."""
