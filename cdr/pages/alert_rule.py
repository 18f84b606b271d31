"""What the console shows of an alert rule: the sentence it is, whether it works, what is open, who is told and whether they can be.

Owns those facts. Must not know requests or templates."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, Prefetch, Q, QuerySet

from cdr.alert_rows import Alert, AlertChannel, AlertRule
from cdr.pages.alert import badge_of
from cdr.pure.alerts.kinds import SCOPE_WORDS, AlertKind, AlertScope, rule_words
from cdr.pure.badges import Badge
from cdr.pure.figures import counted, moment
from streams.pure.foreign_text import cleaned

SHOWN_ALERTS = 20


class OpenAlertLine(NamedTuple):
    pk: int
    at: str
    badge: Badge
    headline: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """`problems`: why it does not work as it should, a sentence each. `tells`: what it does."""

    pk: int
    name: str
    badge: Badge
    sentence: str
    tells: str
    looked: str
    problems: list[str]
    alerts: list[OpenAlertLine]


def with_state(rules: QuerySet[AlertRule]) -> QuerySet[AlertRule]:
    """Each with its places, and with `open_alerts`; two queries for all."""
    open_ones = Count("alerts", filter=Q(alerts__closed_at=None))
    places = Prefetch("channels", AlertChannel.objects.order_by("name").defer("url", "secret"))
    return rules.select_related("account", "gateway").prefetch_related(places).annotate(open_alerts=open_ones)


def rule_page(key: int) -> RulePage:
    """Of a rule that is there, in three queries."""
    rule = with_state(AlertRule.objects.all()).get(pk=key)
    alerts = Alert.objects.filter(rule=rule).order_by("-opened_at", "-pk")[:SHOWN_ALERTS]
    return RulePage(
        pk=rule.pk,
        name=cleaned(rule.name),
        badge=rule_badge(rule),
        sentence=sentence_of(rule),
        tells=tells_words(rule),
        looked=moment(rule.evaluated_at),
        problems=rule_problems(rule),
        alerts=[OpenAlertLine(one.pk, moment(one.opened_at), badge_of(one), one.headline) for one in alerts],
    )


def sentence_of(rule: AlertRule) -> str:
    named: dict[str, str] = {
        **{scope.value: words for scope, words in SCOPE_WORDS.items()},
        AlertScope.ACCOUNT: f"the account {cleaned(rule.account, 100)}",
        AlertScope.GATEWAY: f"the gateway {cleaned(rule.gateway, 80)}",
        AlertScope.HOST: f"the host {cleaned(rule.host, 120)}",
    }
    whose = named.get(rule.scope) or cleaned(rule.scope)
    return rule_words(AlertKind(rule.kind), rule.threshold, rule.window_minutes, whose, least_count=rule.least_count)


def tells_words(rule: AlertRule) -> str:
    """`tell Ops and Night shift, again every 60 minutes; not from 22:00 to 07:00 (Europe/Berlin)`."""
    places = [cleaned(place.name, 60) for place in rule.channels.all()]
    told = f"tell {_listed(places)}" if places else "show it in the bell"
    again = f", again every {counted(rule.repeat_minutes, 'minute')}" if places and rule.repeat_minutes else ""
    if not places or rule.quiet_from is None or rule.quiet_to is None:
        return told + again
    return f"{told}{again}; not from {rule.quiet_from:%H:%M} to {rule.quiet_to:%H:%M} ({rule.time_zone})"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def rule_problems(rule: AlertRule) -> list[str]:
    found = [rule.problem] if rule.problem else []
    for place in rule.channels.all():
        if not place.enabled:
            found.append(f"{cleaned(place.name, 60)} is switched off: nobody is told there.")
        elif place.failing_since is not None:
            since = moment(place.failing_since)
            found.append(f"{cleaned(place.name, 60)} has taken no message since {since} (UTC): {cleaned(place.last_error)}")
        elif place.last_error:
            found.append(f"{cleaned(place.name, 60)}: the last message was {cleaned(place.last_error)}.")
    return found


def rule_badge(rule: AlertRule) -> Badge:
    if not rule.enabled:
        return Badge("", "off", "plain")
    if rule.problem:
        many = "more over the threshold" in rule.problem
        return Badge("▲", "very many", "warn") if many else Badge("✕", "cannot be looked at", "bad")
    if rule_problems(rule):
        return Badge("▲", "not told everywhere", "warn")
    count = getattr(rule, "open_alerts", 0)
    return Badge("✕", f"{count} open", "bad") if count else Badge("✓", "quiet", "quiet")
