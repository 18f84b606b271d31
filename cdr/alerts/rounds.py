"""A round: the rules that are due are claimed, looked at, and given back with the time of their next look.

Owns claims and what is said of a rule that cannot be looked at. A worker that dies in between loses nothing: the claim runs out, and the
rule catches up on what was missed. Must not know what figures mean."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Q

from cdr.alert_rows import AlertRule
from cdr.alerts.grouping import Found
from cdr.alerts.measures import measured
from cdr.alerts.transitions import RuleLook, close_those_without_a_rule, too_many_words
from cdr.pure.alerts.judging import LEAST_PAUSE, moments, pause
from cdr.pure.alerts.kinds import KINDS, AlertKind
from streams import jobs
from streams.database_clock import database_now
from streams.pure.foreign_text import cleaned

log = logging.getLogger(__name__)

HELD = timedelta(minutes=3)
"""Longer than a round takes; of a worker that died, so long until another one looks."""


def look_at_what_is_due() -> int:
    """How many rules were looked at."""
    now = database_now()
    close_those_without_a_rule(now)
    due = AlertRule.objects.filter(Q(due_at=None) | Q(due_at__lte=now), enabled=True)
    new, lost = jobs.claim_together(due, now, HELD)
    by_kind: defaultdict[str, list[AlertRule]] = defaultdict(list)
    for rule in (*new, *(rule for rule, _ in lost)):
        by_kind[rule.kind].append(rule)
    for kind, rules in by_kind.items():
        if kind in KINDS:
            _look_at(AlertKind(kind), rules, now)
        else:  # of another version of the platform
            for rule in rules:
                jobs.give_back(rule, due_at=now + LEAST_PAUSE, problem=f"This version does not know what “{kind}” is.")
    return len(new) + len(lost)


def _look_at(kind: AlertKind, rules: Sequence[AlertRule], now: datetime) -> None:
    """Those that nobody missed together; one that has to catch up by itself, for each window that was missed."""
    together: list[AlertRule] = []
    for rule in rules:
        *missed, _ = moments(kind, rule.window_minutes, rule.evaluated_at, now)
        for moment in missed:
            if not _look(kind, [rule], moment, now, last=False):
                break
        else:
            together.append(rule)
    _look(kind, together, now, now)


def _look(kind: AlertKind, rules: Sequence[AlertRule], moment: datetime, now: datetime, *, last: bool = True) -> bool:
    """False when it could not be done: then the rules say so, and are looked at again when they are due."""
    if not rules:
        return True
    try:
        figures = measured(kind, rules, moment)
        for rule in rules:
            _write(rule, figures.get(rule.pk, {}), moment, now, last=last)
    except Exception as error:
        for rule in rules:  # raises where the database is away, which is told for all tasks alike
            _note_problem(rule, error, now)
        log.exception("%d alert rules of the kind %s could not be looked at.", len(rules), kind)
        return False
    return True


def _write(rule: AlertRule, found: Found, moment: datetime, now: datetime, *, last: bool) -> None:
    """What follows, and that it was done: both or neither, and only while the claim is ours."""
    with transaction.atomic():
        if not jobs.still_claimed([rule]):
            return
        look = RuleLook(rule, found, moment, now)
        look.write()
        changes = {"evaluated_at": moment, "problem": too_many_words(look.more)}
        if last:
            jobs.give_back(rule, due_at=now + pause(AlertKind(rule.kind), rule.window_minutes), **changes)
        else:
            jobs.extend(rule, HELD, **changes)


def _note_problem(rule: AlertRule, error: Exception, now: datetime) -> None:
    what = "The database refused the question" if isinstance(error, DatabaseError) else "A fault of the platform"
    words = str(error).strip().splitlines() or [type(error).__name__]
    problem = cleaned(f"{what}: {words[0].rstrip('.')}. A worker's log has the rest.", 300)
    jobs.give_back(rule, due_at=now + pause(AlertKind(rule.kind), rule.window_minutes), problem=problem)
