"""Somebody takes an alert in hand: with a note, in the audit log, and it is told no more until it closes.

Owns that act. Must not know pages."""

from django.db import transaction

from cdr import audit
from cdr.alert_rows import Alert, AlertEvent
from cdr.audit import Actor
from cdr.pure.acts import Act
from cdr.pure.alerts.wording import AlertStep
from streams.database_clock import database_now

LONGEST_NOTE = 500


class HasClosed(Exception):
    """Nobody has to take it in hand any more."""


def acknowledge(alert: Alert, actor: Actor, note: str) -> None:
    """Also of one that somebody else has in hand: it is taken over, with the new note. Raises HasClosed."""
    now = database_now()
    with transaction.atomic():
        open_one = Alert.objects.filter(pk=alert.pk, closed_at=None)
        if not open_one.update(acknowledged_at=now, acknowledged_by=actor.name, note=note[:LONGEST_NOTE]):
            raise HasClosed
        said = f"{actor.name}: {note}" if note else actor.name
        AlertEvent.objects.create(alert=alert, at=now, step=AlertStep.ACKNOWLEDGED, words=said[:LONGEST_NOTE])
        audit.write(actor, Act.ACKNOWLEDGE, alert, note=note)
