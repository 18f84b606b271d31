"""For every filter of the console: the queries that set it, each with a row that it finds and one that it leaves out.

Owns CASES, where a new filter is given its rows, and how a row of each list is made. In all else a row is a usual one: a filter that
wrongly takes its rows for UNUSUAL does not find it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import time_machine

from cdr import audit
from cdr.admin.filters import alerts as of_alerts
from cdr.admin.filters import audit as of_audit
from cdr.admin.filters import callbacks as of_callbacks
from cdr.admin.filters import calls_and_streams as of_calls
from cdr.admin.filters import refusals as of_refusals
from cdr.admin.filters import stream_facts
from cdr.admin.filters.kinds import Narrowing
from cdr.admin.filters.statement import StatementFilter
from cdr.alert_rows import Alert, AlertMessage, MessageState
from cdr.audit import Actor
from cdr.models import AuditEntry, CallDetail, Charge, Statement, StreamDetail
from cdr.pure.acts import Act
from cdr.pure.alerts.kinds import AlertKind
from cdr.pure.alerts.messages import content_of_test
from cdr.pure.period import LENGTHS
from streams.models import Account, Call, Callback, CallbackState, CallbackTrouble, GatewayRefusal, Stream, StreamConversation
from streams.pure.gateway.refusal import Reason
from streams.pure.lifecycle import ENDINGS, CallbackEvent, CallState, EndCause, HangupReason, StreamState
from tests.cdr.alerts.rows import alert, channel
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import good_call, refused

NOW = datetime(2024, 11, 23, 16, 0, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)

Columns = dict[str, Any]
"""What is not usual about a row. Of a stream, and of its call under call__."""


class Case(NamedTuple):
    query: str
    found: Columns
    left_out: Columns


def _choices(parameter: str, found: dict[str, Columns], left_out: dict[str, Columns] | None = None) -> list[Case]:
    """By value; what is left out is the usual row where nothing else is said."""
    return [Case(f"{parameter}={value.replace(' ', '+')}", columns, (left_out or {}).get(value, {})) for value, columns in found.items()]


def _one_another(parameter: str, found: dict[str, Columns]) -> list[Case]:
    """What one value finds, the next one leaves out."""
    following = dict(zip(found, [*list(found.values())[1:], next(iter(found.values()))], strict=True))
    return _choices(parameter, found, following)


def _periods(*columns: str) -> list[Case]:
    times = {
        "when=5min": (NOW - HOUR / 12 + SECOND, NOW - HOUR / 12 - SECOND),
        "when=hour": (NOW - HOUR + SECOND, NOW - HOUR - SECOND),
        "when=day": (NOW - 24 * HOUR + SECOND, NOW - 24 * HOUR - SECOND),
        "when=today": (MIDNIGHT, MIDNIGHT - SECOND),
        "when=yesterday": (MIDNIGHT - SECOND, MIDNIGHT),
        "when=week": (NOW - 168 * HOUR + SECOND, NOW - 168 * HOUR - SECOND),
        "when=month": (MIDNIGHT.replace(day=1), MIDNIGHT.replace(day=1) - SECOND),
        "when=last-month": (MIDNIGHT.replace(month=10, day=1), MIDNIGHT.replace(day=1)),
        "from=14:03": (MIDNIGHT + timedelta(hours=14, minutes=3), MIDNIGHT + timedelta(hours=14, minutes=2, seconds=59)),
        "to=14:03": (MIDNIGHT + timedelta(hours=14, minutes=3, seconds=59), MIDNIGHT + timedelta(hours=14, minutes=4)),
    }
    return [Case(query, dict.fromkeys(columns, found), dict.fromkeys(columns, left)) for query, (found, left) in times.items()]


def _lengths(prefix: str) -> list[Case]:
    return _one_another(
        "duration",
        {
            word: {f"{prefix}started_at": STARTED, f"{prefix}ended_at": STARTED + length.least, f"{prefix}state": "ended"}
            for word, length in LENGTHS.items()
        },
    )


def _reasons() -> dict[str, Columns]:
    causes = {ending.reason: cause for cause, ending in reversed(ENDINGS.items())}
    return {reason: {"hangup_reason": reason, "end_cause": causes[reason]} for reason in HangupReason}


def _accounts() -> list[Case]:
    """Each that the select offers."""
    make_gateway("pbx-2", "Globex")
    accounts = list(Account.objects.order_by("name"))
    return _one_another("account", {account.auth_id: {"account": account, "call__account": account} for account in accounts})


def _accounts_of_alerts() -> list[Case]:
    """An alert about a gateway is its account's."""
    ours, theirs = make_gateway(), make_gateway("pbx-2", "Globex")
    return [
        Case(f"account={ours.account.auth_id}", {"account": ours.account}, {"account": theirs.account}),
        Case(f"account={theirs.account.auth_id}", {"gateway": theirs}, {"gateway": ours}),
    ]


def _gateways() -> list[Case]:
    other = make_gateway("other")
    return [Case("gateway=OTH", {"call__gateway": other}, {}), Case("gateway=pbx-1", {}, {"call__gateway": other})]


def _applications() -> list[Case]:
    sales = make_gateway("pbx-2", "Globex").application
    sales.name = "sales"
    sales.save()
    return [Case("application=sal", {"call__application": sales}, {}), Case("application=support+bot", {}, {"call__application": sales})]


def _statements() -> list[Case]:
    """In none yet: by account, currency, month, day and application of the charge."""
    key, application = make_gateway().account.auth_id, make_gateway().application_id
    name, month = f"statement={key}.USD.2024-11", {"charge__ended_at": STARTED - timedelta(days=40)}
    return [
        Case(name, {}, {"charge__currency": "EUR"}),
        Case(name, {}, {"charge__account": make_gateway("pbx-2", "Globex").account}),
        Case(f"statement={key}.USD.2024-10", month, {}),
        Case(f"{name}.day-2024-11-23", {}, {"charge__ended_at": STARTED + timedelta(days=1)}),
        Case(f"{name}.application-{application}", {}, {"charge__application": None}),
        Case(f"{name}.application-0", {"charge__application": None}, {}),
    ]


CASES: dict[type[Narrowing], Callable[[], list[Case]]] = {
    # Of calls and streams
    # Alerts and their messages
    of_alerts.OpenedFilter: lambda: _periods("opened_at"),
    of_alerts.AlertStateFilter: lambda: _choices(
        "state",
        found={"open": {"acknowledged_at": NOW}, "unseen": {}, "closed": {"closed_at": NOW}},
        left_out={"open": {"closed_at": NOW}, "unseen": {"acknowledged_at": NOW}},
    ),
    of_alerts.AlertKindFilter: lambda: _one_another("kind", {kind.value: {"kind": kind.value} for kind in AlertKind}),
    of_alerts.AboutAccountFilter: _accounts_of_alerts,
    of_alerts.RuleFilter: lambda: [Case("rule=STREAMS", {"title": "Streams fail"}, {"title": "No streams"})],
    of_alerts.MadeFilter: lambda: _periods("created_at"),
    of_alerts.MessageStateFilter: lambda: _one_another("state", {state.value: {"state": state.value} for state in MessageState}),
    of_alerts.PlaceFilter: lambda: [Case("place=OPS", {"place": "Ops"}, {"place": "Night shift"})],
    of_calls.StartedFilter: lambda: _periods("call__started_at", "call_started_at"),
    of_calls.RequestedFilter: lambda: _periods("requested_at"),
    of_calls.CallStateFilter: lambda: _one_another("state", {state: {"call__state": state} for state in CallState}),
    of_calls.AccountFilter: _accounts,
    of_calls.DurationFilter: lambda: _lengths(""),
    of_calls.CallDurationFilter: lambda: _lengths("call__"),
    of_calls.GatewayFilter: _gateways,
    of_calls.ApplicationFilter: _applications,
    StatementFilter: _statements,
    of_calls.DirectionFilter: lambda: _one_another(
        "direction", {"inbound": {"call__direction": "inbound"}, "outbound": {"call__direction": "outbound"}}
    ),
    # What happened to a stream
    stream_facts.ReasonFilter: lambda: _one_another("reason", _reasons()),
    stream_facts.StreamStateFilter: lambda: _choices(
        "state",
        found={
            "live": {"state": StreamState.STREAMING, "ended_at": None, "call__state": CallState.LIVE},
            "ended": {},
            "never-started": {"started_at": None},
        },
        left_out={"ended": {"state": StreamState.STREAMING, "ended_at": None, "call__state": CallState.LIVE}},
    ),
    stream_facts.EndCauseFilter: lambda: _one_another("cause", {cause: {"end_cause": cause} for cause in EndCause}),
    stream_facts.CloseCodeFilter: lambda: [
        Case("code=1011", {"close_code": 1011, "end_cause": EndCause.CUSTOMER_CLOSED}, {"close_code": 1006, "end_cause": "customer_lost"})
    ],
    stream_facts.AttemptsFilter: lambda: _one_another("attempts", {"several": {"connect_attempts": 2}, "one": {"connect_attempts": 1}}),
    stream_facts.DegradedFilter: lambda: _choices(
        "degraded",
        found={str(percent): {"degraded_percent": percent} for percent in (30, 60, 90)},
        left_out={"60": {"degraded_percent": 30}, "90": {"degraded_percent": 60}},
    ),
    stream_facts.CallbacksFilter: lambda: _choices(
        "callbacks",
        found={"failed": {"callback_trouble": CallbackTrouble.TRY_FAILED}, "given-up": {"callback_trouble": CallbackTrouble.GIVEN_UP}},
        left_out={"given-up": {"callback_trouble": CallbackTrouble.TRY_FAILED}},
    ),
    stream_facts.SlowResponseFilter: lambda: _choices(
        "response",
        found={str(seconds): {"conversation__response_longest_ms": seconds * 1000 + 1} for seconds in (1, 2, 3, 5, 10)},
        left_out={str(seconds): {"conversation__response_longest_ms": seconds * 1000} for seconds in (1, 2, 3, 5, 10)},
    ),
    stream_facts.ServiceHostFilter: lambda: [
        Case("host=wss://BOT.acme.example./in", {"service_host": "bot.acme.example"}, {"service_host": "bot.acme.example.org"}),
        Case("host=bot.acm", {"service_host": "bot.acme.example"}, {}),
        Case(
            "host=bot.acme.example:8443",
            {"service_host": "bot.acme.example", "service_url": "wss://bot.acme.example:8443/"},
            {"service_host": "bot.acme.example"},
        ),
    ],
    # Of callbacks
    of_callbacks.CreatedFilter: lambda: _periods("created_at"),
    of_callbacks.EventFilter: lambda: _one_another("event", {event: {"event": event} for event in CallbackEvent}),
    of_callbacks.StateFilter: lambda: _one_another("state", {state: {"state": state} for state in CallbackState}),
    of_callbacks.HostFilter: lambda: [
        Case("host=API.acme", {"host": "api.acme.example"}, {}),
        Case("host=api.acme.example:443", {"host": "api.acme.example:443"}, {"host": "api.acme.example:4433"}),
    ],
    of_callbacks.TriesFilter: lambda: _choices(
        "tries",
        found={
            "failed": {"tries": 1, "state": CallbackState.PENDING},
            "once": {"tries": 1, "state": CallbackState.DELIVERED},
            "none": {"tries": 0},
        },
        left_out={
            "failed": {"tries": 1, "state": CallbackState.DELIVERED},
            "once": {"tries": 2, "state": CallbackState.DELIVERED},
            "none": {"tries": 1},
        },
    ),
    # Of the audit log
    of_audit.TimeFilter: lambda: _periods("at"),
    of_audit.PersonFilter: lambda: [Case("by=MAR", {"by": "maria"}, {"by": "omar"})],
    of_audit.ActFilter: lambda: _one_another("act", {act: {"act": act} for act in Act}),
    # Of refused attempts
    of_refusals.LastFilter: lambda: _periods("last_at"),
    of_refusals.RefusalReasonFilter: lambda: _one_another("reason", {reason: {"reason": reason} for reason in Reason}),
    of_refusals.NameFilter: lambda: [Case("gateway=PBX", {"name": "pbx-1"}, {"name": "old-pbx-1"})],
}


# How a row is made ---------------------------------------------------------------------------------------------------
def _stream(columns: Columns) -> Stream:
    """Of an ended call in which nothing went wrong."""
    stream = good_call(make_gateway()).streams.get()
    own = {name: value for name, value in columns.items() if not name.startswith("call__")}
    of_call = {name.removeprefix("call__"): value for name, value in columns.items() if name not in own}
    of_charge = {name.removeprefix("charge__"): own.pop(name) for name in list(own) if name.startswith("charge__")}
    of_talk = {name.removeprefix("conversation__"): own.pop(name) for name in list(own) if name.startswith("conversation__")}
    Charge.objects.filter(stream=stream).update(**of_charge) if of_charge else None
    StreamConversation.objects.filter(stream=stream).update(**of_talk) if of_talk else None
    Stream.objects.filter(pk=stream.pk).update(**own) if own else None
    Call.objects.filter(pk=stream.call_id).update(**of_call) if of_call else None
    return stream


def _callback(columns: Columns) -> int:
    callback = Callback.objects.filter(stream=_stream({}))
    callback.update(**{name: value for name, value in columns.items() if not name.startswith("call__")})
    return callback.first().pk


def _statement(columns: Columns) -> int:
    """Of a month of its own: an account has one for each."""
    month = date(2000 + Statement.objects.count(), 1, 1)
    facts = {"currency": "USD", "month": month, "zone_name": "UTC", "ends_at": NOW, "closed_at": NOW, "closed_by": "clara", "sums": {}}
    figures = {"streams": 0, "seconds": 0, "billed_seconds": 0, "charged": 0, "corrected": 0}
    return Statement.objects.create(account=columns.get("account", make_gateway().account), **facts, **figures).pk


def _entry(columns: Columns) -> int:
    """Nobody changes one: it is written at its time."""
    with time_machine.travel(columns.get("at", NOW), tick=False):
        entry = audit.write(Actor(columns.get("by", "maria"), None), Act(columns.get("act", Act.CHANGE)), Account.objects.first())
    return entry.pk


def _refusal(columns: Columns) -> int:
    """Under a name of its own: attempts that are alike are one row."""
    refusal = refused(f"gateway-{GatewayRefusal.objects.count()}")
    GatewayRefusal.objects.filter(pk=refusal.pk).update(**columns)
    return refusal.pk


def _alert(columns: Columns) -> int:
    return alert(**columns).pk


def _message(columns: Columns) -> int:
    place = columns.pop("place", "place")
    values = {"message_id": uuid4().hex, "content": content_of_test("maria", "now"), "created_at": NOW, **columns}
    return AlertMessage.objects.create(channel=channel(name=f"{place} {uuid4().hex}"), **values).pk


MAKE: dict[type, Callable[[Columns], int]] = {
    CallDetail: lambda columns: _stream(columns).call_id,
    StreamDetail: lambda columns: _stream(columns).pk,
    Callback: _callback,
    AuditEntry: _entry,
    GatewayRefusal: _refusal,
    Statement: _statement,
    Alert: _alert,
    AlertMessage: _message,
}
"""A row of each list that has filters; its key."""
