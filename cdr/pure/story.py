"""The sentences at the top of a call's page: what happened, told from the facts for somebody who has a customer on the phone.

Owns their wording. Must not know rows or pages."""

import math
from dataclasses import dataclass
from datetime import datetime

from cdr.pure.figures import clock, counted, day, elapsed_seconds, short_host, spoken_day, spoken_duration
from cdr.pure.log.wording import with_full_stop
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import EndCause

CAUSES: dict[str, str] = {
    EndCause.STOPPED_BY_API: "The customer's application stopped it through the API.",
    EndCause.STOPPED_BY_OPERATOR: "An operator stopped it from this console.",
    EndCause.CALL_ENDED: "The call ended.",
    EndCause.GATEWAY_LOST: "The connection to the gateway was lost.",
    EndCause.MEDIA_TIMEOUT: "The gateway brought nothing any more, on a connection that stayed open.",
    EndCause.TIMED_OUT: "It reached its streamTimeout.",
    EndCause.CONNECT_FAILED: "The customer's service could not be reached.",
    EndCause.ADDRESS_REFUSED: "The platform may not dial the service URL.",
    EndCause.HOST_BLOCKED: "The service's host is blocked in this console.",
    EndCause.CUSTOMER_CLOSED: "The customer's service closed the connection.",
    EndCause.CUSTOMER_LOST: "The connection to the customer's service was lost.",
    EndCause.MESSAGE_REFUSED: "We closed the connection for what the customer's service had sent.",
    EndCause.SLOW_CONNECTION: "The customer's service did not take the audio fast enough.",
    EndCause.PROCESS_LOST: "The process of the platform that held the call was lost.",
    EndCause.PLATFORM_STOPPED: "The platform was restarted.",
    EndCause.INTERNAL_ERROR: "The platform failed.",
}


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """`hangup`: cause in words, "" while the call lives. `trouble`: what went wrong before any stream was made, "" if nothing."""

    from_number: str
    to_number: str
    started_at: datetime
    ended_at: datetime | None
    hangup: str = ""
    hangup_source: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """`end_details`: the sentence written when it ended. `given_up`, `waiting`: so many of its callbacks."""

    service_url: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    reason: str
    end_cause: str
    end_details: str
    connect_attempts: int
    given_up: int = 0
    waiting: int = 0


def tell(call: StoryFacts, streams: list[StreamFacts], now: datetime) -> list[str]:
    """One paragraph for the call, then one for each stream. `now` is for what is still going on."""
    first = _call_sentence(call, now)
    if call.trouble:
        first += " " + with_full_stop(call.trouble)
    if not streams:
        first += " No stream was made for this call." if call.ended_at else " No stream has been made for it yet."
    return [first, *(_stream_sentences(stream, call, now) for stream in streams)]


def _call_sentence(call: StoryFacts, now: datetime) -> str:
    who = f"{cleaned(call.from_number) or 'An unknown number'} called {cleaned(call.to_number) or 'an unknown number'}"
    start = f"{who} at {clock(call.started_at)} UTC on {spoken_day(call.started_at)}"
    lasted = spoken_duration(math.ceil(elapsed_seconds(call.started_at, call.ended_at or now) or 0))
    if call.ended_at is None:
        return f"{start}; the call has been going on for {lasted}."
    hangup = f" with {cleaned(call.hangup)}" if call.hangup else ""
    # Error is in the cause's name already, and Unknown says nothing.
    source = "" if call.hangup_source in ("", "Error", "Unknown") else f", source {cleaned(call.hangup_source)}"
    return f"{start}; the call ended after {lasted}{hangup}{source}."


def _stream_sentences(stream: StreamFacts, call: StoryFacts, now: datetime) -> str:
    if stream.ended_at is None:
        return _going_on(stream, now)
    return " ".join(filter(None, (_ran(stream, stream.ended_at, call), _why(stream), _callbacks(stream))))


def _going_on(stream: StreamFacts, now: datetime) -> str:
    host = short_host(stream.service_url)
    if stream.started_at is None:
        tries = f" ({counted(stream.connect_attempts, 'attempt')} so far)" if stream.connect_attempts else ""
        return f"The stream to {host} is not streaming yet{tries}."
    return f"The stream to {host} has been streaming since {clock(stream.started_at)}, for {_lasted(stream.started_at, now)}."


def _ran(stream: StreamFacts, end: datetime, call: StoryFacts) -> str:
    """When it ran. The day is told only when it is another than the call's."""
    on = "" if day(end) == day(call.started_at) else f" on {spoken_day(end)}"
    reason = f" with {cleaned(stream.reason)}" if stream.reason else ""
    host = short_host(stream.service_url)
    if stream.started_at is None:
        return f"The stream to {host} never started; it was given up at {clock(end)}{on}{reason}."
    return f"The stream to {host} ran for {_lasted(stream.started_at, end)} and ended at {clock(end)}{on}{reason}."


def _lasted(start: datetime, end: datetime) -> str:
    # Rounded up, as the duration that is billed beside it.
    return spoken_duration(math.ceil(elapsed_seconds(start, end) or 0))


def _why(stream: StreamFacts) -> str:
    why = cleaned(stream.end_details) or CAUSES.get(stream.end_cause, "")
    tried = stream.started_at is None and stream.connect_attempts > 1
    return with_full_stop(why) + (f" It was tried {stream.connect_attempts} times." if tried else "") if why else ""


def _callbacks(stream: StreamFacts) -> str:
    words = []
    if stream.given_up:
        words.append(f"{counted(stream.given_up, 'status callback')} could not be delivered")
    if stream.waiting:
        words.append(f"{counted(stream.waiting, 'status callback')} {'waits' if stream.waiting == 1 else 'wait'} for the next try")
    return f"{' and '.join(words)}." if words else ""
