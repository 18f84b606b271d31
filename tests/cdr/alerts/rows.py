"""Rules, and what happens that they look for, as rows: quick to make by the dozen."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone

from cdr.alert_rows import Alert, AlertChannel, AlertEvent, AlertRule
from cdr.models import Charge
from cdr.pure.alerts.kinds import AlertKind, AlertScope
from streams.models import Call, Callback, CallbackState, Gateway, GatewayRefusal, Stream
from streams.pure.customer.service_url import host_of
from streams.pure.lifecycle import CallState, HangupReason, StreamState
from tests.cdr.call_script import make_gateway

HOST = "bot.example.com"


def only(kind: AlertKind, threshold: float = 5, **columns: Any) -> AlertRule:
    """The one rule there is: those of the beginning are taken away."""
    AlertRule.objects.all().delete()
    return rule(kind, threshold, **columns)


def rule(kind: AlertKind, threshold: float = 5, **columns: Any) -> AlertRule:
    values = {"name": f"rule {uuid4().hex[:6]}", "window_minutes": 10, "scope": AlertScope.ALL.value, "repeat_minutes": 60}
    return AlertRule.objects.create(kind=kind, threshold=Decimal(str(threshold)), **{**values, **columns})


def look_at_days() -> None:
    """So that what a rule would have said is asked of two moments, and not of ninety."""
    AlertRule.objects.filter(window_minutes__gt=0).update(window_minutes=1440)


def channel(kind: str = "webhook", **columns: Any) -> AlertChannel:
    values = {"name": f"place {uuid4().hex[:6]}", "url": "http://127.0.0.1:1029/"}
    return AlertChannel.objects.create(kind=kind, **{**values, **columns})


def alert(headline: str = "bot.example.com: 5 streams ended with a connection error within 10 minutes", **columns: Any) -> Alert:
    """One that is open, of a rule of its own that tells a place, with its first event."""
    watched, now = rule(AlertKind.CONNECTION_ERRORS), timezone.now()
    watched.channels.add(channel())
    values = {"opened_at": now, "seen_at": now, "told_at": now, "threshold": 5, "value": 5, "worst": 5, "noted": 5, "window_minutes": 10}
    known = {"rule": watched, "title": watched.name, "kind": watched.kind, "subject": "host:bot.example.com", "host": HOST}
    made = Alert.objects.create(headline=headline, **{**values, **known, **columns})
    AlertEvent.objects.create(alert=made, at=now, step="opened", words="5; the threshold is 5.")
    return made


def calls(count: int = 1, *, gateway: Gateway | None = None, ago: timedelta = timedelta(minutes=1), live: bool = False) -> list[Call]:
    """At that time, each a second before the other."""
    gateway = gateway or make_gateway()
    now = timezone.now()
    state = CallState.LIVE if live else CallState.ENDED
    return Call.objects.bulk_create(
        Call(
            account_id=gateway.account_id,
            gateway=gateway,
            application_id=gateway.application_id,
            state=state,
            started_at=now - ago - timedelta(seconds=number),
        )
        for number in range(count)
    )


def streams(
    count: int = 1,
    *,
    failed: int = 0,
    degraded: int = 0,
    gateway: Gateway | None = None,
    host: str = HOST,
    ago: timedelta = timedelta(minutes=1),
) -> list[Stream]:
    """Of one call. `failed` and `degraded` of them are so."""
    (call,) = calls(gateway=gateway, ago=ago)
    url = f"wss://{host}/in"
    return Stream.objects.bulk_create(
        Stream(
            call=call,
            account_id=call.account_id,
            call_started_at=call.started_at,
            requested_at=timezone.now() - ago,
            started_at=timezone.now() - ago,
            ended_at=timezone.now(),
            state=StreamState.ENDED,
            service_url=url,
            service_host=host_of(url),
            hangup_reason=HangupReason.CONNECTION_ERROR if number < failed else HangupReason.CALL_HANGUP,
            end_cause="connect_failed" if number < failed else "call_ended",
            degraded_percent=30 if count - number <= degraded else 0,
        )
        for number in range(count)
    )


def given_up(
    count: int, *, host: str = "hooks.example.com:443", ago: timedelta = timedelta(minutes=1), gateway: Gateway | None = None
) -> None:
    (stream,) = streams(gateway=gateway)
    now = timezone.now()
    Callback.objects.bulk_create(
        Callback(
            stream=stream,
            account_id=stream.account_id,
            number=number + 1,
            event="StartStream",
            url=f"https://{host}/",
            host=host,
            message_id=uuid4().hex,
            parameters=[],
            created_at=now - ago - timedelta(hours=18),
            finished_at=now - ago,
            state=CallbackState.GIVEN_UP,
        )
        for number in range(count)
    )


def refused(count: int, *, gateway: Gateway | None = None, first: timedelta, last: timedelta) -> GatewayRefusal:
    """So many attempts in a row, from so long ago until so long ago."""
    now = timezone.now()
    times = {"hour": now.replace(minute=0, second=0, microsecond=0), "first_at": now - first, "last_at": now - last}
    return GatewayRefusal.objects.create(gateway=gateway, name=uuid4().hex[:8], reason="wrong_password", count=count, **times)


def charged(amount: str, *, currency: str = "USD", gateway: Gateway | None = None, ago: timedelta = timedelta(minutes=1)) -> Charge:
    (stream,) = streams(gateway=gateway, ago=ago)
    values = {"seconds": 60, "billed_seconds": 60, "rate": Decimal(amount), "interval_seconds": 60, "currency": currency}
    charge = Charge.objects.create(stream=stream, account_id=stream.account_id, amount=Decimal(amount), **values)
    Charge.objects.filter(pk=charge.pk).update(created_at=timezone.now() - ago)
    return charge


def due(*, at: datetime | None = None) -> None:
    """Every rule is to be looked at; `at`: as if so long had passed since its last look."""
    AlertRule.objects.update(due_at=at)


def open_alerts() -> list[str]:
    """Their headlines."""
    return list(Alert.objects.filter(closed_at=None).order_by("headline").values_list("headline", flat=True))
