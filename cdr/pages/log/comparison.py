"""Two streams side by side: their facts, and their debug logs step by step. And the stream that offers itself as a yardstick.

Owns what is compared and how much of it. How steps are aligned is cdr.pure.log.comparison's. Must not know requests or templates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from cdr.pages.log.subject import log_of_stream
from cdr.pages.masked_page import hiding
from cdr.pages.stream_card import StreamCard, card, find_shown
from cdr.pure.figures import NOTHING, moment, short_host
from cdr.pure.log.comparison import ComparisonStep, aligned
from cdr.pure.log.lines import Line
from streams.models import Stream
from streams.pure.lifecycle import HangupReason, StreamState

MOST_LINES = 500
"""Of each log; what comes after is in the logs themselves."""
LOOKED_THROUGH = 2000
"""How many earlier streams of the account are looked through for a yardstick."""
OWN_TO_EACH = ("Stream start time (UTC)", "Stream end time (UTC)", "Requested (UTC)")
"""Facts in which no two streams are alike: that they differ says nothing."""


class FactPair(NamedTuple):
    label: str
    a: str
    b: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """`parting`: the step at which they part, None when they do not. `cut`: one of the logs goes on."""

    a: StreamCard
    b: StreamCard
    facts: list[FactPair]
    steps: list[ComparisonStep]
    parting: ComparisonStep | None
    cut: bool


class Yardstick(NamedTuple):
    uuid: UUID
    requested: str
    host: str


def compared(a: Stream, b: Stream, now: datetime, *, whole_numbers: bool) -> Comparison:
    """Both streams, found with `both_found`, in six queries."""
    numbers = [number for stream in (a, b) for number in (stream.call.from_number, stream.call.to_number)]
    hide = hiding(numbers, whole_numbers)
    cards = [hide(card(stream, now)) for stream in (a, b)]
    (lines_a, cut_a), (lines_b, cut_b) = (_first_lines(stream, hide) for stream in (a, b))
    steps = aligned(lines_a, lines_b)
    return Comparison(
        a=cards[0],
        b=cards[1],
        facts=_fact_pairs(*cards),
        steps=steps,
        parting=next((step for step in steps if step.parts), None),
        cut=cut_a or cut_b,
    )


def yardstick_of(stream: Stream) -> Yardstick | None:
    """The last good stream before this one, of the same account and to the same host, in one query; None when there is none near."""
    host = short_host(stream.service_url)
    before = Stream.objects.filter(account=stream.account_id, requested_at__lt=stream.requested_at)
    near = before.order_by("-requested_at", "-pk").values("pk")[:LOOKED_THROUGH]
    good = Stream.objects.filter(
        _to_host(host), pk__in=near, state=StreamState.ENDED, started_at__isnull=False, degraded_percent=0, play_failures=0
    ).exclude(hangup_reason=HangupReason.CONNECTION_ERROR)
    found = good.order_by("-requested_at", "-pk").values_list("uuid", "requested_at").first()
    return Yardstick(found[0], moment(found[1]), host) if found else None


def better_first(streams: list[Stream]) -> list[Stream]:
    """The one that did not end in an error as A; of two alike the older."""
    return sorted(streams, key=lambda stream: (stream.hangup_reason == HangupReason.CONNECTION_ERROR, stream.requested_at))


def both_found(keys: tuple[str, str]) -> list[Stream | None]:
    """In two queries."""
    return [find_shown(key.strip()) for key in keys]


def _first_lines(stream: Stream, hide: Callable[[Any], Any]) -> tuple[list[Line], bool]:
    log = log_of_stream(stream)
    rows = log.rows.after(None, MOST_LINES + 1)
    return log.lines(rows[:MOST_LINES], hide), len(rows) > MOST_LINES


def _fact_pairs(a: StreamCard, b: StreamCard) -> list[FactPair]:
    facts_a, facts_b = ({fact.label: fact.value for fact in (*side.main, *side.more)} for side in (a, b))
    pairs = [(label, facts_a.get(label, NOTHING), facts_b.get(label, NOTHING)) for label in {**facts_a, **facts_b}]
    pairs.append(("End", a.end_details or NOTHING, b.end_details or NOTHING))
    return [FactPair(*pair, differs=pair[1] != pair[2] and pair[0] not in OWN_TO_EACH) for pair in pairs]


def _to_host(host: str) -> Q:
    """By the beginning of the URL, with nothing but a path or a query behind the host."""
    either = Q()
    for scheme in ("ws", "wss"):
        either |= Q(service_url=f"{scheme}://{host}")
        for end in "/?":
            either |= Q(service_url__startswith=f"{scheme}://{host}{end}")
    return either
