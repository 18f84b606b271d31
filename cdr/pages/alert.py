"""What the console shows of an alert: what was found when, who has it in hand, who was told, and the list behind the figure.

Owns which facts stand on the page. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from cdr.alert_rows import Alert, AlertMessage
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.alerts.judging import hold_length
from cdr.pure.alerts.kinds import KINDS, AlertKind, amount_words
from cdr.pure.alerts.wording import STEP_WORDS, alert_badge, lasted_words
from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING, counted, moment
from streams.pure.foreign_text import cleaned

SHOWN_EVENTS = SHOWN_MESSAGES = 100
BEHIND = timedelta(minutes=1)
"""A list is asked for by whole seconds; a little more than the window costs nothing."""
OF_STREAMS, OF_CALLS = "admin:cdr_streamdetail_changelist", "admin:cdr_calldetail_changelist"
OF_CALLBACKS, OF_ATTEMPTS = "admin:streams_callback_changelist", "admin:streams_gatewayrefusal_changelist"
MESSAGE_BADGES = {
    "waiting": Badge("○", "waiting", "live"),
    "sent": Badge("✓", "sent", "quiet"),
    "given_up": Badge("✕", "given up", "bad"),
}


class ListBehind(NamedTuple):
    """The rows that a figure was counted from: `path` names their list."""

    words: str
    path: str
    query: str


class AlertLine(NamedTuple):
    at: str
    what: str
    words: str


class Told(NamedTuple):
    """A message about it. `bad`: nobody has it, and nobody tries."""

    pk: int
    at: str
    place: str
    badge: Badge
    tries: str
    last: str
    bad: bool


@dataclass(frozen=True, slots=True)
class AlertPage:
    """`story`: how it stands, in sentences. `waiting`: what is to be told and is not yet."""

    pk: int
    headline: str
    badge: Badge
    story: list[str]
    facts: tuple[Fact, ...]
    rule: int | None
    rule_name: str
    behind: ListBehind
    events: list[AlertLine]
    told: list[Told]
    waiting: str
    is_open: bool
    in_hand: bool
    numbers: tuple[str, ...] = ()


def find_alert(key: str) -> Alert | None:
    rows = Alert.objects.select_related("rule", "account", "gateway")
    return rows.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) <= 18 else None


def alert_page(key: str) -> AlertPage | None:
    """In four queries; None when there is no such alert."""
    alert = find_alert(key)
    if alert is None:
        return None
    events = list(alert.events.order_by("-at", "-pk")[:SHOWN_EVENTS])
    return AlertPage(
        pk=alert.pk,
        headline=alert.headline,
        badge=badge_of(alert),
        story=_story(alert),
        facts=_facts(alert),
        rule=alert.rule_id,
        rule_name=cleaned(alert.title),
        behind=behind(alert),
        events=[AlertLine(moment(one.at), STEP_WORDS.get(one.step, cleaned(one.step)), cleaned(one.words)) for one in events],
        told=[told_line(one) for one in _messages(alert)],
        waiting=_waiting(alert),
        is_open=alert.closed_at is None,
        in_hand=alert.acknowledged_at is not None,
    )


def badge_of(alert: Alert) -> Badge:
    acknowledged, clearing = alert.acknowledged_at is not None, alert.clear_since is not None
    return alert_badge(is_open=alert.closed_at is None, acknowledged=acknowledged, clearing=clearing)


def _story(alert: Alert) -> list[str]:
    said = []
    if alert.closed_at is not None:
        said.append(f"It lasted {lasted_words(alert.opened_at, alert.closed_at)}. {cleaned(alert.closed_why)}")
    elif alert.clear_since is not None:
        closes = moment(alert.clear_since + hold_length(alert.reopened))
        said.append(f"The condition has been gone since {moment(alert.clear_since)}; it closes at {closes} (UTC) if it stays so.")
    if alert.acknowledged_at is not None:
        note = f": “{cleaned(alert.note)}”" if alert.note else ""
        said.append(f"{cleaned(alert.acknowledged_by)} has had it in hand since {moment(alert.acknowledged_at)}{note}.")
    elif alert.closed_at is None:
        said.append("Nobody has it in hand yet.")
    return said


def _facts(alert: Alert) -> tuple[Fact, ...]:
    kind = AlertKind(alert.kind)
    unit = KINDS[kind].unit
    return (
        utc_fact("Opened", alert.opened_at),
        utc_fact("Met last", alert.seen_at),
        utc_fact("Closed", alert.closed_at),
        Fact("Found last", amount_words(alert.value, unit)),
        Fact("Highest", amount_words(alert.worst, unit)),
        Fact("Threshold", amount_words(alert.threshold, unit)),
        Fact("Account", str(alert.account or NOTHING), of="account", key=alert.account_id),
        Fact("Gateway", str(alert.gateway or NOTHING), of="gateway", key=alert.gateway_id),
        Fact("Host", cleaned(alert.host, 80) or NOTHING),
        Fact("Opened again", counted(alert.reopened, "time") if alert.reopened else NOTHING),
    )


# Who was told ---------------------------------------------------------------------------------------------------------------------
def _messages(alert: Alert) -> list[AlertMessage]:
    rows = AlertMessage.objects.filter(notices__alert=alert).select_related("channel").prefetch_related("attempts")
    return list(rows.distinct().order_by("-created_at", "-pk")[:SHOWN_MESSAGES])


def told_line(message: AlertMessage) -> Told:
    attempts = list(message.attempts.all())
    last = (cleaned(attempts[-1].error) or "taken") if attempts else "not tried yet"
    badge = message_badge(message.state)
    tries = counted(message.tries, "try", "tries")
    return Told(message.pk, moment(message.created_at), cleaned(message.channel.name), badge, tries, last, message.state == "given_up")


def message_badge(state: str) -> Badge:
    return MESSAGE_BADGES.get(state) or Badge("?", cleaned(state, 20), "quiet")


def _waiting(alert: Alert) -> str:
    """What is still to be told, because of quiet hours or because a place has had enough messages for now."""
    waits = alert.notices.filter(message=None).order_by("due_at").first()
    return f"What happened since is told at {moment(waits.due_at)} (UTC) or soon after." if waits else ""


# The list behind the figure -----------------------------------------------------------------------------------------------------------
def behind(alert: Alert) -> ListBehind:
    since = alert.opened_at - timedelta(minutes=alert.window_minutes) - BEHIND
    period = {"from": _second(since), "to": _second(alert.seen_at + BEHIND)}
    gateway = {"gateway": alert.gateway.name} if alert.gateway else {}
    whose = {"account": alert.account.auth_id} if alert.account else gateway
    streams = {**period, **whose, **({"q": alert.host} if alert.host else {})}
    failed = ListBehind("The streams", OF_STREAMS, urlencode({"reason": "Connection error", **streams}))
    degraded = ListBehind("The streams", OF_STREAMS, urlencode({"degraded": "30", **streams}))
    slow = ListBehind("The streams", OF_STREAMS, urlencode({"response": "3", **streams}))
    calls = ListBehind("The last calls", OF_CALLS, urlencode(whose))
    given_up = {"state": "given_up", **({"host": alert.host} if alert.host else {})}
    return {
        AlertKind.CONNECTION_ERROR_SHARE: failed,
        AlertKind.CONNECTION_ERRORS: failed,
        AlertKind.DEGRADED_SHARE: degraded,
        AlertKind.DEGRADED_STREAMS: degraded,
        AlertKind.SLOW_RESPONSE_SHARE: slow,
        AlertKind.SPEND: ListBehind("The streams", OF_STREAMS, urlencode(streams)),
        AlertKind.SPENDING_LIMIT: ListBehind("The streams", OF_STREAMS, urlencode(whose)),
        AlertKind.CALLBACKS_GIVEN_UP: ListBehind("The callbacks", OF_CALLBACKS, urlencode(given_up)),
        AlertKind.OLDEST_CALLBACK: ListBehind("The callbacks that wait", OF_CALLBACKS, "state=pending"),
        AlertKind.REFUSED_ATTEMPTS: ListBehind("The attempts", OF_ATTEMPTS, urlencode({**period, **gateway})),
        AlertKind.NO_CALLS: calls,
        AlertKind.GATEWAY_SILENT: calls,
        AlertKind.PLATFORM: ListBehind("Health", "admin:health", ""),
    }[AlertKind(alert.kind)]


def _second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
