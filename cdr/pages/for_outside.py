"""Pages for who is none of the operator's people, a customer at his desk: without who of the operator did something, and without the
operator's gateways.

Owns what is left out of records before a page is made of them. What of an event may be read is cdr.pure.log.for_customers'."""

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import QuerySet

from cdr.pages.log.timeline import FoundEvents, find
from cdr.pages.stream import Fact
from cdr.pages.stream_card import StreamCard
from cdr.pure.log.for_customers import details_for_customers, words_for_customers
from streams.models import Callback, Stream, StreamEvent

OF_THE_GATEWAY = ("Gateway", "Gateway's audio", "Gateway's call id")


def find_for_outside(events: QuerySet[StreamEvent], callbacks: QuerySet[Callback]) -> FoundEvents:
    found = find(events, callbacks)
    for event in found.events:
        event.details = details_for_customers(event.kind, event.details)
    return found


def stream_for_outside(stream: Stream) -> Stream:
    """The same row, which is shown and never saved."""
    stream.end_details = words_for_customers(stream.end_details)
    return stream


def card_for_outside(card: StreamCard) -> StreamCard:
    """Its call is named by its uuid: a number of the table would tell how many calls there are."""
    return replace(card, call_key=str(card.call_uuid))


def facts_for_outside(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Without links: what they lead to is the console's."""
    return tuple(fact._replace(of="", key=None) for fact in facts if fact.label not in OF_THE_GATEWAY)
