"""Makes messages of what is to be told: for each place one for all that waits, so that a storm of alerts is one message.

Owns which notices share a message, and how many a place gets. A pager gets an incident for each alert, while they are few. Must not know
how anything is sent."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from cdr.alert_rows import AlertChannel, AlertMessage, AlertNotice, ChannelKind
from cdr.pure.alerts.messages import MOST_LINES, RESOLVE, TRIGGER, Content, MessageLine, content_of, content_of_test
from cdr.pure.alerts.wording import AlertStep
from streams.database_clock import database_now
from streams.ready_statement import ReadyStatement

MOST_MESSAGES, WITHIN = 6, timedelta(minutes=10)
"""To one place; what is to be told beyond waits, and then shares one."""
MOST_UNSENT = 10
MOST_ENDED = 5000
MOST_INCIDENTS = 5
"""Of one look: beyond, one incident stands for all."""


def _with_a_notice(now: datetime) -> QuerySet[Any, Any]:
    waiting = AlertNotice.objects.filter(channel=OuterRef("pk"), message=None, due_at__lte=now)
    return AlertChannel.objects.filter(Exists(waiting)).values_list("pk")


_CHANNELS_TO_TELL = ReadyStatement(_with_a_notice, datetime)
"""Looked for every two seconds, and most of the time there are none."""


def gather() -> int:
    """How many messages were made."""
    now = database_now()
    return sum(_gather_for(key, now) for (key,) in _CHANNELS_TO_TELL.ask(now))


def _gather_for(key: int, now: datetime) -> int:
    with transaction.atomic():
        channel = AlertChannel.objects.select_for_update().filter(pk=key).first()  # one worker at a time makes messages for a place
        waiting = AlertNotice.objects.filter(channel=key, message=None, due_at__lte=now)
        if channel is None or not waiting.exists():
            return 0
        if not channel.enabled:
            waiting.delete()
            return 0
        if _has_enough(channel, now):
            return 0
        if channel.kind == ChannelKind.PAGERDUTY:
            return len(list(_incidents(channel, waiting, now)))
        _message(channel, waiting, now)
        return 1


def _has_enough(channel: AlertChannel, now: datetime) -> bool:
    """Lately, or because it takes none: else one that comes back after a day would get all of the day's."""
    lately = channel.messages.filter(created_at__gt=now - WITHIN, notices__isnull=False).distinct()  # no tests
    return lately.count() >= MOST_MESSAGES or channel.messages.filter(finished_at=None).count() >= MOST_UNSENT


def _message(channel: AlertChannel, notices: QuerySet[AlertNotice], now: datetime, incident: str = "") -> AlertMessage:
    """One for all of these notices. They are taken first and read then: what comes in between is the next one's."""
    message = write_message(channel, content_of([], {}), now)
    notices.update(message=message)
    taken = AlertNotice.objects.filter(message=message).order_by("pk")
    first = list(taken.select_related("alert")[:MOST_LINES])
    counts = dict(taken.order_by().values("step").annotate(count=Count("pk")).values_list("step", "count"))
    in_order = {step.value: counts[step] for step in AlertStep if step in counts}
    message.content = content_of(lines_of(first), in_order, TRIGGER, incident or message.message_id)
    AlertMessage.objects.filter(pk=message.pk).update(content=message.content)
    return message


def _incidents(channel: AlertChannel, waiting: QuerySet[AlertNotice], now: datetime) -> Iterator[AlertMessage]:
    """An incident for each alert, or one for all of them; and the end of those whose alerts are all closed."""
    opened = waiting.exclude(step=AlertStep.CLOSED)
    few = list(opened.order_by("pk")[: MOST_INCIDENTS + 1])
    if len(few) <= MOST_INCIDENTS:
        for notice in few:
            yield _message(channel, AlertNotice.objects.filter(pk=notice.pk), now, f"streamdesk-alert-{notice.alert_id}")
    else:
        yield _message(channel, opened, now)
    yield from _ends(channel, list(waiting.filter(step=AlertStep.CLOSED).values_list("pk", flat=True)[:MOST_ENDED]), now)


def _ends(channel: AlertChannel, keys: list[int], now: datetime) -> Iterator[AlertMessage]:
    """What is told of none of them is of an incident that goes on for others, or of one that was never told."""
    closed = AlertNotice.objects.filter(pk__in=keys)
    for content in list(_ended_incidents(channel, closed)):
        message = write_message(channel, content, now)
        closed.filter(message=None).update(message=message)
        yield message
    closed.filter(message=None).delete()


def _ended_incidents(channel: AlertChannel, closed: QuerySet[AlertNotice]) -> Iterator[Content]:
    alerts = closed.order_by().values("alert")
    about = AlertMessage.objects.filter(channel=channel, notices__alert__in=alerts).exclude(notices__step=AlertStep.CLOSED)
    going_on = AlertNotice.objects.filter(message=OuterRef("pk"), alert__closed_at=None)
    for content in {one.content["incident"]: one.content for one in about.exclude(Exists(going_on)).distinct()}.values():
        yield Content(lines=content["lines"], counts=content["counts"], action=RESOLVE, incident=content["incident"], test=False)


def lines_of(notices: Iterable[AlertNotice]) -> list[MessageLine]:
    return [
        MessageLine(
            alert=notice.alert_id,
            step=notice.step,
            headline=notice.headline,
            rule=notice.alert.title,
            at=f"{notice.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
            path=f"/admin/cdr/alert/{notice.alert_id}/change/",  # a worker has no pages, and addresses are stable
        )
        for notice in notices
    ]


def write_message(channel: AlertChannel, content: Content, now: datetime) -> AlertMessage:
    return AlertMessage.objects.create(channel=channel, message_id=f"msg_{uuid4().hex}", content=content, created_at=now, due_at=now)


def ask_for_test(channel: AlertChannel, by: str) -> AlertMessage:
    now = database_now()
    return write_message(channel, content_of_test(by, f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"), now)
