"""What the console shows of one call: the sentences, the details, its streams and what went wrong outside of them.

Owns which facts stand on the page. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cdr.pages.keys import key_of
from cdr.pages.log_rows import event_row
from cdr.pages.removed import removed_of
from cdr.pages.stream import Fact, Owed, StreamCard, card, owed_by_stream, stream_facts
from cdr.pure.badges import Badge, call_badge
from cdr.pure.debuglog import Line, lines
from cdr.pure.figures import NOTHING, duration, elapsed_seconds, moment
from cdr.pure.logrows import PROBLEM_LEVELS
from cdr.pure.story import CallFacts, told
from cdr.pure.wording import words_of
from streams.models import Call, Stream, StreamEvent
from streams.pure.lifecycle import CallState, EventKind

SHOWN_PROBLEMS = 20
TROUBLE = (EventKind.CALL_ANSWER_FAILED, EventKind.CALL_GATEWAY_ERROR)
"""What stood in the way of a stream."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """`problems`: warnings and errors of the call itself; those of a stream are in its debug log. `numbers`: both, as stored.
    `removed`: what retention took away."""

    uuid: UUID
    from_number: str
    to_number: str
    state: Badge
    live: bool
    story: list[str]
    facts: tuple[Fact, ...]
    streams: list[StreamCard]
    problems: list[Line]
    numbers: tuple[str, ...]
    removed: str


def find_call(key: str) -> Call | None:
    """The call with its account, gateway and application, in one query."""
    lookup = key_of(key)
    return Call.objects.select_related("account", "gateway", "application").filter(**lookup).first() if lookup else None


def call_page(key: str, now: datetime) -> CallPage | None:
    """The page of a call, in four queries; None when there is no such call. `now` is for what is still going on."""
    call = find_call(key)
    if call is None:
        return None
    streams = list(call.streams.select_related("charge", "call").order_by("requested_at", "pk"))
    owed = owed_by_stream(streams)
    problems = _problems(call)
    facts = [stream_facts(stream, owed.get(stream.pk, Owed())) for stream in streams]
    return CallPage(
        uuid=call.uuid,
        from_number=call.from_number or NOTHING,
        to_number=call.to_number or NOTHING,
        state=call_badge(call.state),
        live=call.state == CallState.LIVE,
        story=told(_call_facts(call, _trouble(problems, streams)), facts, now),
        facts=_facts(call, now),
        streams=[card(stream, owed.get(stream.pk, Owed()), now) for stream in streams],
        problems=lines([event_row(event, "call") for event in problems], call.started_at),
        numbers=(call.from_number, call.to_number),
        removed=removed_of(call),
    )


def _problems(call: Call) -> list[StreamEvent]:
    """The call's own warnings and errors. What stood in the way of a stream says it all: the end that followed only repeats it."""
    events = StreamEvent.objects.filter(call=call, stream=None, level__in=PROBLEM_LEVELS)
    found = list(events.order_by("at", "pk")[:SHOWN_PROBLEMS])
    repeated = EventKind.CALL_ENDED if any(event.kind in TROUBLE for event in found) else None
    return [event for event in found if event.kind != repeated]


def _trouble(problems: list[StreamEvent], streams: list[Stream]) -> str:
    """What the sentence about the call says went wrong, unless a stream's own sentence says it."""
    in_the_way = [words_of(event.kind, event.details) for event in problems if event.kind in TROUBLE]
    ends = [str(event.details.get("words", "")) for event in problems if event.kind == EventKind.CALL_ENDED]
    told_already = {stream.end_details for stream in streams}
    return next((words for words in in_the_way + ends if words not in told_already), "")


def _call_facts(call: Call, trouble: str) -> CallFacts:
    return CallFacts(
        from_number=call.from_number,
        to_number=call.to_number,
        started_at=call.started_at,
        ended_at=call.ended_at,
        hangup=" ".join(filter(None, (str(call.hangup_cause_code or ""), call.hangup_cause_name))),
        hangup_source=call.hangup_source,
        trouble=trouble,
    )


def _facts(call: Call, now: datetime) -> tuple[Fact, ...]:
    return (
        Fact("Call UUID", str(call.uuid), code=True, wide=True),
        Fact("Account", str(call.account)),
        Fact("Gateway", call.gateway.name if call.gateway else NOTHING),
        Fact("Application", call.application.name if call.application else NOTHING),
        Fact("From", call.from_number or NOTHING),
        Fact("To", call.to_number or NOTHING),
        Fact("Direction", call.direction),
        Fact("Start time (UTC)", moment(call.started_at)),
        Fact("End time (UTC)", moment(call.ended_at)),
        Fact("Duration", duration(elapsed_seconds(call.started_at, call.ended_at or now)) + ("" if call.ended_at else " so far")),
        Fact("Hangup cause", _hangup_cause(call)),
        Fact("Hangup source", call.hangup_source or NOTHING),
        Fact("Gateway's audio", call.audio_format or NOTHING),
        Fact("Gateway's call id", call.gateway_call_id or NOTHING, code=True),
    )


def _hangup_cause(call: Call) -> str:
    if call.hangup_cause_code is None:
        return NOTHING
    return f"{call.hangup_cause_code} {call.hangup_cause_name}"
