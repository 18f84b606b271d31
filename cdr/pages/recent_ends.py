"""How many streams of an account or of an application ended for which reason of late, each figure with the list of the rows it counts.

Owns those lines. The windows are recent_hosts'. Must not know requests or templates."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet

from cdr.pages.hosts import IN_WORDS, STREAMS, HostFigure
from cdr.pages.recent_hosts import WINDOWS, HostTally, Since
from cdr.pure.badges import Badge, reason_badge
from cdr.pure.figures import counted
from streams.models import Stream
from streams.pure.lifecycle import HangupReason

ORDER = (HangupReason.CONNECTION_ERROR, HangupReason.STREAM_TIMEOUT, HangupReason.API_REQUEST, HangupReason.CALL_HANGUP)
"""What somebody must look at stands first."""


class EndLine(NamedTuple):
    """One reason, and how many streams ended for it within each window."""

    reason: Badge | None
    figures: tuple[HostFigure, ...]


class RecentEnds(NamedTuple):
    """`tallies`: of all streams, and of those with a connection error, by window."""

    lines: tuple[EndLine, ...]
    tallies: tuple[HostTally, ...]


def recent_ends(streams: QuerySet[Stream], since: Since, now: datetime, query: dict[str, str]) -> RecentEnds:
    """In one query. `query`: what the list of streams is narrowed by, to show these."""
    columns = {word: Count("pk", filter=Q(requested_at__gte=now - length)) for word, length in WINDOWS.items()}
    rows = streams.filter(requested_at__gte=since.at).order_by().values("hangup_reason").annotate(**columns)
    counts = {reason: tuple(each) for reason, *each in rows.values_list("hangup_reason", *WINDOWS)}
    none = (0,) * len(WINDOWS)
    lines = tuple(_line(reason, counts.get(reason, none), query) for reason in ORDER)
    everything = [sum(each) for each in zip(none, *counts.values(), strict=True)]
    failed = counts.get(HangupReason.CONNECTION_ERROR, none)
    return RecentEnds(lines, tuple(HostTally(*pair) for pair in zip(everything, failed, strict=True)))


def _line(reason: HangupReason, counts: tuple[int, ...], query: dict[str, str]) -> EndLine:
    bad = reason == HangupReason.CONNECTION_ERROR
    return EndLine(
        reason_badge(reason),
        tuple(
            HostFigure(
                f"{count:,}",
                f"{counted(count, 'stream')} of {IN_WORDS[word]}: {reason}",
                STREAMS,
                urlencode({**query, "reason": reason.value, "when": word}),
                bad and count > 0,
            )
            for word, count in zip(WINDOWS, counts, strict=True)
        ),
    )
