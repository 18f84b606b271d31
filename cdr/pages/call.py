"""What the console shows of one call: the sentences, its streams, the time line of everything on it, and its details.

Owns what stands on the page. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cdr.pages.call_facts import call_facts, shown_facts
from cdr.pages.costs import note_costs
from cdr.pages.for_outside import card_for_outside, facts_for_outside, find_for_outside, stream_for_outside
from cdr.pages.log.timeline import Timeline, drawn, find
from cdr.pages.removed_data import removed_of
from cdr.pages.row_key import only_one
from cdr.pages.stream import Fact, shown_streams, stream_facts
from cdr.pages.stream_card import StreamCard, attempts_of, card
from cdr.pure.badges import Badge, call_badge
from cdr.pure.figures import NOTHING, clock
from cdr.pure.log.rows import PROBLEM_LEVELS
from cdr.pure.log.wording import words_of
from cdr.pure.story import tell
from streams.models import Call, Callback, Stream, StreamEvent
from streams.pure.lifecycle import CallState, EventKind, HangupReason, StreamState

TROUBLE = (EventKind.CALL_ANSWER_FAILED, EventKind.CALL_GATEWAY_ERROR)
"""What stood in the way of a stream."""
UNFOLDED_STREAMS = 2
"""Of more streams than these the lesser facts are folded away."""
SHOWN_STREAMS, SHOWN_WRONG = 20, 12
"""Of more streams than these, so many that went wrong are shown, and the newest."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """`key`: what its address names it by. `many`: so many streams that only what matters most of each is unfolded; `left_out`: how many
    are not shown. `live_streams`: of all of them, shown or not. `state_at`: the time of day (UTC) of which all this is true. `numbers`:
    both, as stored. `removed`: what retention took away."""

    key: str
    uuid: UUID
    from_number: str
    to_number: str
    state: Badge
    live: bool
    story: list[str]
    facts: tuple[Fact, ...]
    streams: list[StreamCard]
    many: bool
    left_out: int
    live_streams: int
    timeline: Timeline
    state_at: str
    numbers: tuple[str, ...]
    removed: str


def find_call(key: str) -> Call | None:
    """The call with its account, gateway and application, in one query; None when there is none, or the key is a uuid of several."""
    return only_one(Call.objects.select_related("account", "gateway", "application").order_by(), key)


def call_page(key: str, now: datetime) -> CallPage | None:
    """The page of a call, in four queries, and one more where streams are live; None when there is no such call. `now` is for what is
    still going on."""
    call = find_call(key)
    return page_of_call(call, key, now) if call else None


def page_of_call(call: Call, key: str, now: datetime, *, outside: bool = False) -> CallPage:
    """Of a call that was selected with its account, gateway and application. `outside`: for who is none of the operator's people."""
    streams = list(shown_streams().filter(call=call).order_by("requested_at", "pk"))
    note_costs(streams, now)
    read = find_for_outside if outside else find
    found = read(StreamEvent.objects.filter(call=call), Callback.objects.filter(stream__in=[stream.pk for stream in streams]))
    if outside:
        streams = [stream_for_outside(stream) for stream in streams]
    timeline = drawn(found, streams, _names(streams), call.started_at)
    trouble = _trouble(found.events, streams)
    shown = shown_of(streams)
    cards = [_card(stream, now, found.events, timeline) for stream in shown]
    return CallPage(
        key=key,
        uuid=call.uuid,
        from_number=call.from_number or NOTHING,
        to_number=call.to_number or NOTHING,
        state=call_badge(call.state),
        live=call.state == CallState.LIVE,
        story=tell(call_facts(call, trouble), [stream_facts(stream) for stream in shown], now),
        facts=facts_for_outside(shown_facts(call, now)) if outside else shown_facts(call, now),
        streams=[card_for_outside(card) if outside else card for card in cards],
        many=len(streams) > UNFOLDED_STREAMS,
        left_out=len(streams) - len(shown),
        live_streams=sum(stream.state != StreamState.ENDED for stream in streams),
        timeline=timeline,
        state_at=clock(now),
        numbers=(call.from_number, call.to_number),
        removed=removed_of(call),
    )


def shown_of(streams: list[Stream]) -> list[Stream]:
    """In their order. Of very many those that went wrong, the newest of them, and the newest of all."""
    if len(streams) <= SHOWN_STREAMS:
        return streams
    wrong = [stream for stream in streams if stream.degraded_percent or stream.hangup_reason == HangupReason.CONNECTION_ERROR]
    chosen = {stream.pk for stream in wrong[-SHOWN_WRONG:]}
    others = [stream.pk for stream in streams if stream.pk not in chosen]
    chosen |= set(others[len(chosen) - SHOWN_STREAMS :])
    return [stream for stream in streams if stream.pk in chosen]


def _names(streams: list[Stream]) -> dict[int, str]:
    """What the events of each stream are called; one stream alone needs no name."""
    return {stream.pk: f"stream {stream.uuid.hex[:8]}" if len(streams) > 1 else "stream" for stream in streams}


def _card(stream: Stream, now: datetime, events: list[StreamEvent], timeline: Timeline) -> StreamCard:
    own = [event for event in events if event.stream_id == stream.pk]
    return card(stream, now, own, timeline.of(attempts_of(own)))


def _trouble(events: list[StreamEvent], streams: list[Stream]) -> str:
    """What the sentence about the call says went wrong, unless a stream's own sentence says it."""
    own = [event for event in events if event.stream_id is None and isinstance(event.details, dict)]
    problems = [event for event in own if event.level in PROBLEM_LEVELS]
    in_the_way = [words_of(event.kind, event.details) for event in problems if event.kind in TROUBLE]
    ends = [str(event.details.get("words", "")) for event in problems if event.kind == EventKind.CALL_ENDED]
    told_already = {stream.end_details for stream in streams}
    return next((words for words in in_the_way + ends if words not in told_already), "")
