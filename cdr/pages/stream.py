"""A stream as rows: found with what its pages need, its callbacks counted, and the facts its sentences are made from.

Owns those queries. What stands on a page is cdr.pages.stream_card's. Must not know requests or templates."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cdr.models import Charge
from cdr.pages.row_key import only_one
from cdr.pure.figures import elapsed_seconds, moment
from cdr.pure.secret_text import SecretText
from cdr.pure.story import StreamFacts
from streams.models import Callback, CallbackState, Stream

STATES = (CallbackState.DELIVERED, CallbackState.PENDING, CallbackState.GIVEN_UP)
"""In the order of the fields of Owed."""


class Fact(NamedTuple):
    """One labelled value. `code`: shown in a monospaced face. `wide`: needs the room of two. `of`, `key`: what has a page of its own,
    "account", "application", "gateway" or "stream": a link for who may see that. `at`: of a time, which the reader's own clock tells as
    well."""

    label: str
    value: str
    code: bool = False
    wide: bool = False
    of: str = ""
    key: int | UUID | None = None
    at: datetime | None = None


def utc_fact(label: str, at: datetime | None, words: str = "") -> Fact:
    """A time in UTC, as its label says; `words`: where there is none."""
    return Fact(f"{label} (UTC)", moment(at) if at or not words else words, at=at)


class Owed(NamedTuple):
    """How many callbacks of a stream are in which state."""

    delivered: int = 0
    pending: int = 0
    given_up: int = 0


def find_stream(key: str) -> Stream | None:
    """The stream with its call, account and charge, in one query."""
    return only_one(Stream.objects.select_related("call", "account", "charge").order_by(), key)


def shown_streams(streams: QuerySet[Stream] | None = None) -> QuerySet[Stream]:
    """Streams (of all, or of some) with all that their cards show, in one query: call, charge, timing, and how many callbacks are in which
    state."""
    counts: dict[str, Any] = {f"owed_{state.value}": Coalesce(_count_of(state), 0) for state in STATES}
    rows = Stream.objects.all() if streams is None else streams
    return rows.select_related("call__measure", "account", "charge", "measure").annotate(**counts)


def _count_of(state: CallbackState) -> Subquery:
    rows = Callback.objects.filter(stream=OuterRef("pk"), state=state).order_by().values("stream")
    return Subquery(rows.annotate(count=Count("pk")).values("count"), output_field=IntegerField())


def owed_of(stream: Stream) -> Owed:
    """The callbacks of a stream that was found by `shown_streams`."""
    return Owed(*(getattr(stream, f"owed_{state.value}") for state in STATES))


def charge_of(stream: Stream) -> Charge | None:
    """The charge of a stream that was selected with it; None while there is none."""
    return getattr(stream, "charge", None)


def charges_of(streams: Iterable[Stream]) -> list[Charge]:
    return [charge for stream in streams if (charge := charge_of(stream))]


def lasted_seconds(stream: Stream, now: datetime) -> float | None:
    """The billed duration; of a stream that is not billed yet, what has passed since its first packet."""
    charge = charge_of(stream)
    return charge.seconds if charge else elapsed_seconds(stream.started_at, stream.ended_at or now)


def stream_facts(stream: Stream) -> StreamFacts:
    """What the sentences at the top of a page are made from; of a stream that was found by `shown_streams`."""
    owed = owed_of(stream)
    return StreamFacts(
        service_url=SecretText(stream.service_url),
        requested_at=stream.requested_at,
        started_at=stream.started_at,
        ended_at=stream.ended_at,
        reason=stream.hangup_reason,
        end_cause=stream.end_cause,
        end_details=stream.end_details,
        connect_attempts=stream.connect_attempts,
        given_up=owed.given_up,
        waiting=owed.pending,
    )
