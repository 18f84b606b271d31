"""Rows of counts, added up for each rule by whom it watches: an account, a gateway, a host, or all together.

Owns who a group counts for. Must not know what is counted."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from cdr.alert_rows import AlertRule
from cdr.pure.alerts.judging import Seen, Subject
from cdr.pure.alerts.kinds import AlertScope

Found = dict[Subject, Seen]
Figures = dict[int, Found]
"""By the rule's key."""
Rules = Sequence[AlertRule]
Row = dict[str, Any]

MINUTE = timedelta(minutes=1)
EVERYTHING = Subject()
PORT = re.compile(r":[0-9]+\Z")

WHOSE = {
    AlertScope.EACH_ACCOUNT: "account",
    AlertScope.ACCOUNT: "account",
    AlertScope.EACH_GATEWAY: "gateway",
    AlertScope.GATEWAY: "gateway",
    AlertScope.EACH_HOST: "host",
    AlertScope.HOST: "host",
}


def grouped_by(rules: Rules, columns: dict[str, str]) -> dict[str, str]:
    """Of `columns` (by account, gateway, host) those that a rule asks for: without them there are fewer groups."""
    asked = {WHOSE[AlertScope(rule.scope)] for rule in rules if rule.scope != AlertScope.ALL}
    return {whose: column for whose, column in columns.items() if whose in asked}


def longest(rules: Rules) -> timedelta:
    return MINUTE * max(rule.window_minutes for rule in rules)


def windows(rules: Rules) -> set[int]:
    return {rule.window_minutes for rule in rules}


def subject_in(rule: AlertRule, row: Row, columns: dict[str, str]) -> Subject | None:
    """Whom a group counts for; None: not for this rule."""
    scope = AlertScope(rule.scope)
    if scope == AlertScope.ALL:
        return EVERYTHING
    value = row[columns[WHOSE[scope]]]
    if scope in (AlertScope.EACH_ACCOUNT, AlertScope.ACCOUNT):
        return Subject(account_id=value) if scope == AlertScope.EACH_ACCOUNT or value == rule.account_id else None
    if value is None or value == "":
        return None
    if scope in (AlertScope.EACH_GATEWAY, AlertScope.GATEWAY):
        return Subject(gateway_id=value) if scope == AlertScope.EACH_GATEWAY or value == rule.gateway_id else None
    host = PORT.sub("", value)
    return Subject(host=host) if scope == AlertScope.EACH_HOST or host == rule.host else None


def added_up(rules: Rules, rows: Iterable[Row], columns: dict[str, str], *, share: bool = False) -> Figures:
    """`n<window>` of each row, by rule and subject; of a share, of `all<window>`."""
    sums: dict[int, dict[Subject, list[Any]]] = {rule.pk: defaultdict(lambda: [0, 0]) for rule in rules}
    for row in rows:
        for rule in rules:
            if (subject := subject_in(rule, row, columns)) is not None:
                one = sums[rule.pk][subject]
                one[0] += row[f"n{rule.window_minutes}"] or 0
                one[1] += row.get(f"all{rule.window_minutes}") or 0
    return {key: {subject: seen_of(part, whole, share) for subject, (part, whole) in found.items()} for key, found in sums.items()}


def seen_of(part: Any, whole: int, share: bool) -> Seen:
    if not share:
        return Seen(Decimal(part))
    return Seen(round(Decimal(100 * part) / whole, 1) if whole else Decimal(), part, whole)


def in_groups(rows: "QuerySet[Any]", columns: dict[str, str], counts: dict[str, Any]) -> Iterator[Row]:
    """Without columns there is one group; its row is there also when it holds nothing."""
    ungrouped = rows.order_by()
    yield from ungrouped.values(*columns.values()).annotate(**counts) if columns else [ungrouped.aggregate(**counts)]
