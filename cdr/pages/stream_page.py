"""The page of one stream: its call's sentence and its own, its card, and the time line of what happened to it.

Owns which of it stands there. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from cdr.pages.call_facts import call_facts
from cdr.pages.conversation import ConversationPart, conversation_of
from cdr.pages.costs import note_costs
from cdr.pages.for_outside import card_for_outside, find_for_outside, stream_for_outside
from cdr.pages.log.timeline import Timeline, drawn, find
from cdr.pages.removed_data import removed_of
from cdr.pages.stream import stream_facts
from cdr.pages.stream_card import StreamCard, attempts_of, card, find_shown
from cdr.pure.figures import clock
from cdr.pure.story import tell
from streams.models import Callback, Stream, StreamEvent


@dataclass(frozen=True, slots=True)
class StreamPage:
    """`state_at`: the time of day (UTC) of which all this is true. `numbers`: those of its call. `removed`: what retention took
    of it. `talk`: how its service and the caller conversed, None where that was not measured."""

    card: StreamCard
    story: list[str]
    timeline: Timeline
    talk: ConversationPart | None
    state_at: str
    numbers: tuple[str, ...]
    removed: str


def stream_page(key: str, now: datetime) -> StreamPage | None:
    """In three queries, and one more of a live stream; None when there is no such stream."""
    stream = find_shown(key)
    return page_of_stream(stream, now) if stream else None


def page_of_stream(stream: Stream, now: datetime, *, outside: bool = False) -> StreamPage:
    """Of one that was found by `shown_streams`. `outside`: for who is none of the operator's people."""
    note_costs([stream], now)
    if outside:
        stream = stream_for_outside(stream)
    events = StreamEvent.objects.filter(Q(stream=stream) | Q(stream=None), call=stream.call)
    read = find_for_outside if outside else find
    found = read(events, Callback.objects.filter(stream=stream))
    timeline = drawn(found, [stream], {stream.pk: "stream"}, stream.started_at or stream.requested_at)
    own = [event for event in found.events if event.stream_id == stream.pk]
    talk = conversation_of(stream, timeline.lines)
    story = tell(call_facts(stream.call), [stream_facts(stream)], now)
    shown = card(stream, now, own, timeline.of(attempts_of(own)))
    return StreamPage(
        card=card_for_outside(shown) if outside else shown,
        story=[*story, talk.sentence] if talk else story,
        timeline=timeline,
        talk=talk,
        state_at=clock(now),
        numbers=(stream.call.from_number, stream.call.to_number),
        removed=removed_of(stream.call),
    )
