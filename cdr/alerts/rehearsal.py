"""What a rule would have found in the last day, had it been there: looked at again and again, as of earlier moments.

Owns those moments and their bound. Writes nothing."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from cdr.alert_rows import AlertRule
from cdr.alerts.measures import measured
from cdr.alerts.transitions import names_of
from cdr.pure.alerts.judging import Seen, Subject, Terms, is_clear, is_over
from cdr.pure.alerts.kinds import KINDS, AlertKind
from cdr.pure.alerts.wording import seen_words

DAY = timedelta(days=1)
MOST_MOMENTS = 288
LONGEST_SECONDS = 10.0
MOST_SHOWN = 100


class Rehearsed(NamedTuple):
    """One alert that there would have been: from its first moment over the threshold until it was well below it again."""

    about: str
    first: datetime
    last: datetime
    highest: str


class Rehearsal(NamedTuple):
    """`every`: between two moments. `whole`: the day was looked through, and not cut short."""

    found: list[Rehearsed]
    every: timedelta
    since: datetime
    whole: bool


def can_rehearse(rule: AlertRule) -> bool:
    """What is about now leaves no trace in rows."""
    return KINDS[AlertKind(rule.kind)].by_rows


def rehearse(rule: AlertRule, now: datetime) -> Rehearsal:
    """The newest first; for at most LONGEST_SECONDS."""
    every = max(timedelta(minutes=rule.window_minutes), DAY / MOST_MOMENTS)
    kind, began = AlertKind(rule.kind), time.monotonic()
    moments = [now - every * number for number in range(int(DAY / every), -1, -1)]
    seen: dict[datetime, dict[Subject, Seen]] = {}
    for moment in reversed(moments):
        if time.monotonic() - began > LONGEST_SECONDS:
            break
        seen[moment] = measured(kind, [rule], moment).get(rule.pk, {})
    since = min(seen, default=now)
    spans = sorted(_spans(Terms(kind, rule.threshold, rule.least_count), seen), key=lambda span: span[1], reverse=True)[:MOST_SHOWN]
    names = names_of({subject for subject, *_ in spans})
    found = [Rehearsed(names[subject], first, last, seen_words(kind, highest)) for subject, first, last, highest in spans]
    return Rehearsal(found, every, since, len(seen) == len(moments))


def _spans(terms: Terms, seen: dict[datetime, dict[Subject, Seen]]) -> Iterator[tuple[Subject, datetime, datetime, Seen]]:
    going: dict[Subject, tuple[datetime, datetime, Seen]] = {}
    for moment in sorted(seen):
        found = seen[moment]
        for subject in [subject for subject in going if is_clear(terms, found.get(subject))]:
            yield subject, *going.pop(subject)
        for subject, one in found.items():
            if is_over(terms, one):
                first, _, highest = going.get(subject, (moment, moment, Seen(Decimal(-1))))
                going[subject] = (first, moment, max(highest, one, key=lambda each: each.value))
    yield from ((subject, *span) for subject, span in going.items())
