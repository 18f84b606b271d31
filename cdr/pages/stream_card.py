"""What the console shows of one stream: on its call's page as a card, on its own page, and when somebody is about to stop it.

Owns which facts stand on a card, and in which order. Must not know requests or templates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cdr.pages.costs import cost_so_far, note_costs
from cdr.pages.row_key import only_one
from cdr.pages.stream import Fact, Owed, charge_of, lasted_seconds, owed_of, shown_streams, utc_fact
from cdr.pages.timing import chart_of, noise_of, timing_facts
from cdr.pure.badges import Badge, degraded_badge, reason_badge, stream_badge, unplayed_badge
from cdr.pure.bill_words import Charged, explained
from cdr.pure.closing import close_words, closed_by
from cdr.pure.figures import NOTHING, duration, money, seconds_count, short_host
from cdr.pure.level_chart import LevelChart
from cdr.pure.log.lines import Line
from cdr.pure.noise_words import noise_words
from cdr.pure.secret_text import SecretText
from streams.models import Stream, StreamEvent
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import EndCause, EventKind, StreamState

DIALS = (EventKind.CONNECT_STARTED, EventKind.CONNECTED, EventKind.CONNECT_FAILED)
CLOSES = (EventKind.STREAM_ENDED, EventKind.SOCKET_CLOSED)


@dataclass(frozen=True, slots=True)
class StreamCard:
    """`main`: what Plivo's console shows of a stream; `more`: what explains it. `keeps_call`: its end is the call's end. `bill` is ""
    until it is charged; `attempts` are lines of the time line beside. `numbers`: those of its call."""

    uuid: UUID
    call_key: str
    call_uuid: UUID
    state: Badge
    reason: Badge | None
    degraded: Badge | None
    unplayed: Badge | None
    live: bool
    keeps_call: bool
    service_url: str
    host: str
    main: tuple[Fact, ...]
    bill: str
    chart: LevelChart | None
    timing: tuple[Fact, ...]
    attempts: tuple[Line, ...]
    more: tuple[Fact, ...]
    end_details: str
    numbers: tuple[str, ...]
    account_key: int

    @property
    def key(self) -> str:
        return str(self.uuid)


def find_shown(key: str) -> Stream | None:
    """The stream with all that its card shows, and how its conversation went, in one query."""
    return only_one(shown_streams().select_related("conversation").order_by(), key)


def stream_card(key: str, now: datetime) -> StreamCard | None:
    """The card of one stream, without what only its time line knows, in one query."""
    stream = find_shown(key)
    if stream is None:
        return None
    note_costs([stream], now)
    return card(stream, now)


def card(stream: Stream, now: datetime, events: Sequence[StreamEvent] = (), attempts: Sequence[Line] = ()) -> StreamCard:
    """Everything about a stream that was found by `shown_streams`, and told to `note_costs`. `events` are its own,
    `attempts` the lines of its dials."""
    return StreamCard(
        uuid=stream.uuid,
        call_key=str(stream.call_id),
        call_uuid=stream.call.uuid,
        state=stream_badge(stream.state, stream.started_at is not None),
        reason=reason_badge(stream.hangup_reason),
        degraded=degraded_badge(stream.degraded_percent),
        unplayed=unplayed_badge(stream.play_failures),
        live=stream.state != StreamState.ENDED,
        keeps_call=stream.keep_call_alive,
        service_url=SecretText(stream.service_url),
        host=short_host(stream.service_url),
        main=_main_facts(stream, now),
        bill=_bill(stream),
        chart=chart_of(stream),
        timing=timing_facts(stream),
        attempts=tuple(attempts),
        more=(*_close_facts(stream, events), *_more_facts(stream)),
        end_details=SecretText(cleaned(stream.end_details)),
        numbers=(stream.call.from_number, stream.call.to_number),
        account_key=stream.account_id,
    )


def attempts_of(events: Iterable[StreamEvent]) -> list[StreamEvent]:
    """What became of each attempt to connect; of one that still goes on, that it began."""
    dials = [event for event in events if event.kind in DIALS]
    return [event for event in dials if event.kind != EventKind.CONNECT_STARTED or event is dials[-1]]


def _main_facts(stream: Stream, now: datetime) -> tuple[Fact, ...]:
    charge = charge_of(stream)
    return (
        utc_fact("Stream start time", stream.started_at, _not_started(stream)),
        utc_fact("Stream end time", stream.ended_at),
        Fact("Duration", _duration(stream, now)),
        Fact("Rounded bill duration", seconds_count(charge.billed_seconds) if charge else NOTHING),
        Fact("Billed amount", money(charge.amount, charge.currency) if charge else cost_so_far(stream) or NOTHING),
        Fact("Hangup reason", stream.hangup_reason or NOTHING),
    )


def _not_started(stream: Stream) -> str:
    return "never started" if stream.ended_at else "not yet"


def _duration(stream: Stream, now: datetime) -> str:
    seconds = lasted_seconds(stream, now)
    if seconds is None:
        return NOTHING
    clock = f" ({duration(seconds)})" if seconds >= 60 else ""
    return f"{round(seconds)} s{clock}{'' if stream.ended_at else ' so far'}"


def _bill(stream: Stream) -> str:
    charge = charge_of(stream)
    if charge is None:
        return ""
    seconds, plan = (charge.seconds, charge.billed_seconds), (charge.interval_seconds, charge.rate)
    unbilled = (charge.minimum_seconds, charge.free_seconds)
    return explained(Charged(*seconds, *plan, charge.amount, charge.currency, stream.started_at is not None, *unbilled))


def _close_facts(stream: Stream, events: Sequence[StreamEvent]) -> tuple[Fact, ...]:
    """The code of the end, or of the socket that we closed after it; the reason that came with it is in the event only."""
    closes = [event.details for event in events if event.kind in CLOSES and isinstance(event.details, dict)]
    code = next((code for details in closes if isinstance(code := details.get("close_code"), int)), stream.close_code)
    # Of a connection that was lost it is our own system's word, and stands in the end's words.
    said = closes if stream.end_cause != EndCause.CUSTOMER_LOST else []
    reason = next((str(details["close_reason"]) for details in said if details.get("close_reason")), "")
    opened = stream.started_at is not None or code is not None
    return (
        Fact("Closed by", closed_by(stream.end_cause, opened=opened)),
        Fact("WebSocket close code", close_words(code, reason), wide=bool(reason)),
    )


def _more_facts(stream: Stream) -> tuple[Fact, ...]:
    callback_url = f"{stream.status_callback_method} {stream.status_callback_url}" if stream.status_callback_url else NOTHING
    return (
        Fact("Connect attempts", str(stream.connect_attempts)),
        utc_fact("Requested", stream.requested_at),
        Fact("Highest buffer level", f"{stream.degraded_percent} % passed" if stream.degraded_percent else "below 30 %"),
        Fact("Status callbacks", _owed_words(stream, owed_of(stream))),
        Fact("Service URL", SecretText(stream.service_url), code=True, wide=True),
        Fact("Status callback URL", SecretText(callback_url), code=True, wide=True),
        Fact("Audio", f"{stream.audio_track} track, {stream.content_type}{', bidirectional' if stream.bidirectional else ''}", wide=True),
        Fact("Stream timeout", f"{stream.stream_timeout_seconds} s"),
        *_noise_facts(stream),
    )


def _noise_facts(stream: Stream) -> tuple[Fact, ...]:
    """Of a stream that asked for it."""
    if not stream.noise_cancellation:
        return ()
    return (Fact("Noise cancellation", noise_words(stream.noise_cancellation_level, noise_of(stream)), wide=True),)


def _owed_words(stream: Stream, owed: Owed) -> str:
    if not any(owed):
        return "none yet" if stream.status_callback_url else "none asked for"
    words = zip(owed, ("delivered", "pending", "given up"), strict=True)
    return ", ".join(f"{count} {word}" for count, word in words if count)
