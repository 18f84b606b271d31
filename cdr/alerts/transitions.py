"""What follows for the alerts of a rule from what it found: opened, opened again, repeated, worse, clearing, closed; with what is to be
told.

Owns those rows. All of one look are written in one transaction, by whoever holds the claim of the rule: no alert twice, none half. Must not
know how figures are found, nor how messages are sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from cdr.alert_rows import Alert, AlertChannel, AlertEvent, AlertNotice, AlertRule
from cdr.alerts.grouping import Found
from cdr.pure.alerts.judging import REOPENED_WITHIN, OpenAlert, Seen, Step, Subject, Terms, is_over, next_step
from cdr.pure.alerts.kinds import KINDS, AlertKind, amount_words
from cdr.pure.alerts.quiet_hours import QuietHours
from cdr.pure.alerts.wording import TOLD_STEPS, AlertStep, headline, seen_words
from cdr.pure.figures import counted
from streams.models import Account, Gateway
from streams.pure.foreign_text import cleaned

MOST_OPEN = 500
"""Open alerts of one rule: of more subjects those with the highest figures have one."""
TOO_MANY = f"over the threshold: only the {MOST_OPEN} highest have an alert."
WORSE_BY = Decimal("1.25")
FIGURES = ("seen_at", "clear_since", "told_at", "value", "worst", "noted", "closed_at", "closed_why")
"""What a look changes of an open alert. Never what a person writes meanwhile."""
RULE_GONE = "The rule was switched off or removed."
RULE_CHANGED = "The rule was changed, and watches something else."
RECOVERED = "The condition was gone for long enough."
MANY_ROWS = 500
KEPT, MOST_REMOVED = timedelta(days=400), 5000

Event = tuple[Alert, AlertStep, str]


class RuleLook:
    """One look at a rule, as of `moment`; `now` is when it is written."""

    def __init__(self, rule: AlertRule, found: Found, moment: datetime, now: datetime) -> None:
        self.rule, self.found, self.moment, self.now = rule, found, moment, now
        self.kind = AlertKind(rule.kind)
        self.terms = Terms(self.kind, rule.threshold, rule.least_count)
        self.by_key = {subject.key: seen for subject, seen in found.items()}
        self.events: list[Event] = []
        self.more = 0
        """Subjects over the threshold that have no alert, because there are MOST_OPEN."""

    def write(self) -> None:
        """In a transaction, by who holds the rule."""
        known = {alert.subject: alert for alert in Alert.objects.filter(rule=self.rule, closed_at=None)}
        before = {key: _figures(alert) for key, alert in known.items()}
        for key, alert in known.items():
            self._go_on(alert, self.by_key.get(key))
        self._save([alert for key, alert in known.items() if _figures(alert) != before[key]], known.values())
        self._open([subject for subject in self._over() if subject.key not in known], MOST_OPEN - len(known))
        write_events(self.events, self.moment)
        write_notices(self.rule, self.events, self.moment, self.now)

    def _save(self, changed: list[Alert], known: Iterable[Alert]) -> None:
        """Of those only that nobody has closed meanwhile, with their rule."""
        still_open, other = Alert.objects.filter(closed_at=None), {alert.pk for alert in changed}
        met = [alert.pk for alert in known if alert.pk not in other and alert.seen_at == self.moment]
        still_open.filter(pk__in=met).update(seen_at=self.moment)
        still_open.bulk_update(changed, FIGURES, batch_size=100)

    # New ones ------------------------------------------------------------------------------------------------------------
    def _over(self) -> list[Subject]:
        """The highest figures first."""
        over = [subject for subject, seen in self.found.items() if is_over(self.terms, seen)]
        return sorted(over, key=lambda subject: (-self.found[subject].value, subject.key))

    def _open(self, subjects: Sequence[Subject], room: int) -> None:
        room = max(room, 0)
        self.more = max(len(subjects) - room, 0)
        subjects = subjects[:room]
        if not subjects:
            return
        closed = self._closed_lately()
        names = names_of(subjects)
        new = [self._new(subject, names) for subject in subjects if subject.key not in closed]
        Alert.objects.bulk_create(new, batch_size=MANY_ROWS)
        self.events += [(alert, AlertStep.OPENED, self._words(self.by_key[alert.subject])) for alert in new]
        for subject in subjects:
            if subject.key in closed:
                self._reopen(closed[subject.key], self.found[subject], names[subject])

    def _closed_lately(self) -> dict[str, Alert]:
        rows = Alert.objects.filter(rule=self.rule, closed_at__gt=self.moment - REOPENED_WITHIN, closed_at__lte=self.moment)
        return {alert.subject: alert for alert in rows.order_by("closed_at", "pk")}

    def _new(self, subject: Subject, names: dict[Subject, str]) -> Alert:
        seen, rule = self.found[subject], self.rule
        return Alert(
            rule=rule,
            title=rule.name,
            kind=rule.kind,
            subject=subject.key,
            account_id=subject.account_id,
            gateway_id=subject.gateway_id,
            host=subject.host,
            headline=headline(self.kind, seen, rule.window_minutes, names[subject]),
            window_minutes=rule.window_minutes,
            threshold=rule.threshold,
            value=seen.value,
            worst=seen.value,
            noted=seen.value,
            opened_at=self.moment,
            seen_at=self.moment,
            told_at=self.moment,
        )

    def _reopen(self, alert: Alert, seen: Seen, name: str) -> None:
        """Whoever had it in hand had ended with it."""
        alert.closed_at, alert.closed_why, alert.clear_since = None, "", None
        alert.acknowledged_at, alert.acknowledged_by, alert.note = None, "", ""
        alert.reopened = min(alert.reopened + 1, 1000)
        alert.seen_at = alert.told_at = self.moment
        self._note(alert, seen)
        alert.headline = headline(self.kind, seen, self.rule.window_minutes, name)
        alert.save()
        self.events.append((alert, AlertStep.REOPENED, self._words(seen)))

    # Open ones -----------------------------------------------------------------------------------------------------------
    def _go_on(self, alert: Alert, seen: Seen | None) -> None:
        before = OpenAlert(alert.told_at, alert.clear_since, alert.reopened, alert.acknowledged_at is not None)
        step = next_step(self.terms, before, seen, self.moment, self.rule.repeat_minutes)
        if step in (Step.CLEARS, Step.CLOSES):
            self._clear(alert, seen, closes=step == Step.CLOSES)
            return
        assert seen is not None
        if alert.clear_since is not None:
            self.events.append((alert, AlertStep.BACK, self._words(seen)))
            self._note(alert, seen)
        if step == Step.REPEATS:
            alert.told_at = self.moment
            self.events.append((alert, AlertStep.REPEATED, self._words(seen)))
            self._note(alert, seen)
        elif seen.value >= alert.noted * WORSE_BY:
            self.events.append((alert, AlertStep.WORSE, self._words(seen)))
            self._note(alert, seen)
        alert.seen_at, alert.clear_since, alert.value = self.moment, None, seen.value
        alert.worst = max(alert.worst, seen.value)

    def _note(self, alert: Alert, seen: Seen) -> None:
        alert.value = alert.noted = seen.value
        alert.worst = max(alert.worst, seen.value)

    def _clear(self, alert: Alert, seen: Seen | None, *, closes: bool) -> None:
        alert.value = seen.value if seen else Decimal()
        if closes:
            alert.closed_at, alert.closed_why = self.moment, RECOVERED
            self.events.append((alert, AlertStep.CLOSED, RECOVERED))
        elif alert.clear_since is None:
            alert.clear_since = self.moment
            self.events.append((alert, AlertStep.CLEARED, self._words(seen) if seen else ""))

    def _words(self, seen: Seen) -> str:
        if self.kind in (AlertKind.PLATFORM, AlertKind.SPENDING_LIMIT):
            return cleaned(seen.words, 500)
        return f"{_capital(seen_words(self.kind, seen))}; the threshold is {amount_words(self.rule.threshold, KINDS[self.kind].unit)}."


def _figures(alert: Alert) -> tuple[object, ...]:
    """What may be different after a look, beside when it was."""
    return tuple(getattr(alert, name) for name in FIGURES if name != "seen_at")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# What happened, and what is told ---------------------------------------------------------------------------------------------------
def write_events(events: Iterable[Event], at: datetime) -> None:
    AlertEvent.objects.bulk_create(
        (AlertEvent(alert=alert, at=at, step=step, words=words) for alert, step, words in events), batch_size=MANY_ROWS
    )


def write_notices(rule: AlertRule, events: Iterable[Event], at: datetime, now: datetime) -> None:
    """To each place of the rule that is switched on; in quiet hours for when they are over."""
    told = [(alert, step) for alert, step, _ in events if step in TOLD_STEPS]
    channels: list[AlertChannel] = list(rule.channels.filter(enabled=True)) if told else []
    due_at = quiet_until(rule, now) or now
    AlertNotice.objects.bulk_create(
        (
            AlertNotice(alert=alert, channel=channel, step=step, at=at, headline=alert.headline, due_at=due_at)
            for channel in channels
            for alert, step in told
        ),
        batch_size=MANY_ROWS,
    )


def quiet_until(rule: AlertRule, now: datetime) -> datetime | None:
    if rule.quiet_from is None or rule.quiet_to is None:
        return None
    return QuietHours(rule.quiet_from, rule.quiet_to, rule.time_zone).until(now)


def close_those_without_a_rule(now: datetime) -> int:
    """Of rules that were switched off, or removed with the account or the gateway that they watched."""
    return _close(Alert.objects.filter(Q(rule=None) | Q(rule__enabled=False)), RULE_GONE, now)


def end_alerts(rule: AlertRule, why: str, now: datetime) -> int:
    """All that are open of this rule: it is about to be removed, or watches something else from now on."""
    return _close(Alert.objects.filter(rule=rule), why, now)


def _close(alerts: QuerySet[Alert], why: str, now: datetime) -> int:
    """Where it was told that they are open, it is told that they are closed, as far as their rule is still there."""
    closed = 0
    for alert in alerts.filter(closed_at=None).select_related("rule")[:MANY_ROWS]:
        if Alert.objects.filter(pk=alert.pk, closed_at=None).update(closed_at=now, closed_why=why):
            event: Event = (alert, AlertStep.CLOSED, why)
            write_events([event], now)
            if alert.rule is not None:
                write_notices(alert.rule, [event], now, now)
            closed += 1
    return closed


def forget_closed(now: datetime) -> int:
    """Those that closed long ago, with what happened to them."""
    old = Alert.objects.filter(closed_at__lt=now - KEPT).order_by("pk").values("pk")[:MOST_REMOVED]
    return Alert.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def names_of(subjects: Iterable[Subject]) -> dict[Subject, str]:
    """As a headline begins with them; "" of what is about all. Two queries at most."""
    subjects = list(subjects)
    accounts = dict(Account.objects.filter(pk__in={one.account_id for one in subjects if one.account_id}).values_list("pk", "name"))
    gateways = dict(Gateway.objects.filter(pk__in={one.gateway_id for one in subjects if one.gateway_id}).values_list("pk", "name"))

    def name(one: Subject) -> str:
        if one.account_id:
            return cleaned(accounts.get(one.account_id, "an account that was removed"), 100)
        if one.gateway_id:
            return f"gateway {cleaned(gateways.get(one.gateway_id, 'that was removed'), 80)}"
        return cleaned(one.host, 120)

    return {one: name(one) for one in subjects}


def too_many_words(more: int) -> str:
    """What a rule says of subjects that have no alert; "" where all have one."""
    if not more:
        return ""
    return f"{counted(more, 'subject')} more {TOO_MANY}"
