"""What the console shows of a message of alerts: where it goes, what it says, and each try.

Owns which facts stand on the page. Must not know requests or templates."""

from dataclasses import dataclass

from django.conf import settings

from cdr.alert_rows import AlertMessage, ChannelKind, MessageState
from cdr.pages.alert import message_badge
from cdr.pages.callback import AttemptLine
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.alerts.messages import RESOLVE, subject, text
from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING, clock_ms, day, spoken_ms
from streams.pure.foreign_text import cleaned


@dataclass(frozen=True, slots=True)
class AlertMessagePage:
    pk: int
    badge: Badge
    subject: str
    facts: tuple[Fact, ...]
    text: str
    attempts: list[AttemptLine]
    numbers: tuple[str, ...] = ()


def alert_message_page(key: str) -> AlertMessagePage | None:
    """In two queries; None when there is no such message."""
    rows = AlertMessage.objects.select_related("channel")
    message = rows.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) <= 18 else None
    if message is None:
        return None
    ends = message.content["action"] == RESOLVE
    waits = message.state == MessageState.WAITING
    facts = (
        Fact("Place", cleaned(message.channel.name)),
        Fact("By", ChannelKind(message.channel.kind).label),
        utc_fact("Made", message.created_at),
        Fact("Tries", str(message.tries)),
        utc_fact("Next try", message.due_at if waits else None),
        utc_fact("Finished", message.finished_at),
        Fact("Message id", message.message_id, code=True, wide=True),
    )
    return AlertMessagePage(
        pk=message.pk,
        badge=message_badge(message.state),
        subject=f"The end of the incident {message.content['incident']}" if ends else subject(message.content),
        facts=facts,
        text=text(message.content, settings.PUBLIC_URL),
        attempts=[
            AttemptLine(
                number=one.number,
                at=f"{day(one.started_at)} {clock_ms(one.started_at)}",
                took=spoken_ms(one.duration_ms),
                address=one.address or NOTHING,
                status=str(one.status) if one.status is not None else NOTHING,
                result=cleaned(one.error) or "taken",
                failed=bool(one.error),
                answer=cleaned(one.answer, 4096),
            )
            for one in message.attempts.order_by("number", "pk")
        ],
    )
