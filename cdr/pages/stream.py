"""What the console shows of one stream: on its call's page as a card, on its own page, and when somebody is about to stop it.

Owns which facts stand on a card, and in which order. Must not know requests or templates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count

from cdr.models import Charge
from cdr.pages.keys import key_of
from cdr.pure.badges import Badge, degraded_badge, reason_badge, stream_badge, unplayed_badge
from cdr.pure.figures import NOTHING, duration, elapsed_seconds, moment, money, seconds_count
from cdr.pure.story import StreamFacts
from streams.models import Callback, CallbackState, Stream
from streams.pure.close_codes import code_words
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import StreamState

STATES = (CallbackState.DELIVERED, CallbackState.PENDING, CallbackState.GIVEN_UP)
"""In the order of the fields of Owed."""


class Fact(NamedTuple):
    """One labelled value. `code`: shown in a monospaced face. `wide`: needs the room of two."""

    label: str
    value: str
    code: bool = False
    wide: bool = False


class Owed(NamedTuple):
    """How many callbacks of a stream are in which state."""

    delivered: int = 0
    pending: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class StreamCard:
    """`main`: what Plivo's console shows of a stream; `more`: what explains it. `keeps_call`: its end is the call's end.
    `numbers`: those of its call."""

    uuid: UUID
    call_uuid: UUID
    state: Badge
    reason: Badge | None
    degraded: Badge | None
    unplayed: Badge | None
    live: bool
    keeps_call: bool
    service_url: str
    main: tuple[Fact, ...]
    more: tuple[Fact, ...]
    end_details: str
    numbers: tuple[str, ...]


def find_stream(key: str) -> Stream | None:
    """The stream with its call, account and charge, in one query."""
    lookup = key_of(key)
    if lookup is None:
        return None
    return Stream.objects.select_related("call", "account", "charge").filter(**lookup).first()


def stream_card(key: str, now: datetime) -> StreamCard | None:
    """The card of one stream, in two queries."""
    stream = find_stream(key)
    return card(stream, owed_by_stream([stream]).get(stream.pk, Owed()), now) if stream else None


def owed_by_stream(streams: Iterable[Stream]) -> dict[int, Owed]:
    """The callbacks of some streams, counted in one query."""
    owed = Callback.objects.filter(stream__in=[stream.pk for stream in streams]).order_by()
    rows = owed.values("stream_id", "state").annotate(count=Count("pk"))
    counts: dict[int, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["stream_id"], {})[row["state"]] = row["count"]
    return {stream: Owed(*(states.get(state, 0) for state in STATES)) for stream, states in counts.items()}


def charge_of(stream: Stream) -> Charge | None:
    """The charge of a stream that was selected with it; None while there is none."""
    return getattr(stream, "charge", None)


def lasted_seconds(stream: Stream, now: datetime) -> float | None:
    """The billed duration; of a stream that is not billed yet, what has passed since its first packet."""
    charge = charge_of(stream)
    return charge.seconds if charge else elapsed_seconds(stream.started_at, stream.ended_at or now)


def card(stream: Stream, owed: Owed, now: datetime) -> StreamCard:
    """Everything about a stream whose call and charge were selected with it."""
    return StreamCard(
        uuid=stream.uuid,
        call_uuid=stream.call.uuid,
        state=stream_badge(stream.state, stream.started_at is not None),
        reason=reason_badge(stream.hangup_reason),
        degraded=degraded_badge(stream.degraded_percent),
        unplayed=unplayed_badge(stream.play_failures),
        live=stream.state != StreamState.ENDED,
        keeps_call=stream.keep_call_alive,
        service_url=stream.service_url,
        main=_main_facts(stream, now),
        more=_more_facts(stream, owed),
        end_details=cleaned(stream.end_details),
        numbers=(stream.call.from_number, stream.call.to_number),
    )


def _main_facts(stream: Stream, now: datetime) -> tuple[Fact, ...]:
    charge = charge_of(stream)
    return (
        Fact("Start time (UTC)", moment(stream.started_at) if stream.started_at else "never started" if stream.ended_at else "not yet"),
        Fact("End time (UTC)", moment(stream.ended_at)),
        Fact("Duration", _duration(stream, now)),
        Fact("Rounded bill duration", seconds_count(charge.billed_seconds) if charge else NOTHING),
        Fact("Billed amount", money(charge.amount, charge.currency) if charge else NOTHING),
        Fact("Hangup reason", stream.hangup_reason or NOTHING),
    )


def _duration(stream: Stream, now: datetime) -> str:
    seconds = lasted_seconds(stream, now)
    if seconds is None:
        return NOTHING
    clock = f" ({duration(seconds)})" if seconds >= 60 else ""
    return f"{round(seconds)} s{clock}{'' if stream.ended_at else ' so far'}"


def _more_facts(stream: Stream, owed: Owed) -> tuple[Fact, ...]:
    callback_url = f"{stream.status_callback_method} {stream.status_callback_url}" if stream.status_callback_url else NOTHING
    return (
        Fact("Service URL", stream.service_url, code=True, wide=True),
        Fact("Requested (UTC)", moment(stream.requested_at)),
        Fact("Connect attempts", str(stream.connect_attempts)),
        Fact("WebSocket close code", code_words(stream.close_code) if stream.close_code is not None else NOTHING),
        Fact("Highest buffer level", f"{stream.degraded_percent} % passed" if stream.degraded_percent else "below 30 %"),
        Fact("Status callbacks", _owed_words(stream, owed)),
        Fact("Audio", f"{stream.audio_track} track, {stream.content_type}{', bidirectional' if stream.bidirectional else ''}", wide=True),
        Fact("Stream timeout", f"{stream.stream_timeout_seconds} s"),
        Fact("Status callback URL", callback_url, code=True, wide=True),
    )


def _owed_words(stream: Stream, owed: Owed) -> str:
    if not any(owed):
        return "none yet" if stream.status_callback_url else "none asked for"
    words = zip(owed, ("delivered", "pending", "given up"), strict=True)
    return ", ".join(f"{count} {word}" for count, word in words if count)


def stream_facts(stream: Stream, owed: Owed) -> StreamFacts:
    """What the sentences at the top of the call's page are made from."""
    return StreamFacts(
        service_url=stream.service_url,
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
