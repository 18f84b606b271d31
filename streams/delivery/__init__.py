"""The outbox of status callbacks: `journal` puts rows in and nudges, workers send what is due and write down what came of it.

The row is the truth and a Celery message only a hint. Must not know why a callback is owed."""

from streams.delivery.broker import hint, nudge
from streams.delivery.outbox import NotWhole, callback_due_since, resend, resend_each

__all__ = ["NotWhole", "callback_due_since", "hint", "nudge", "resend", "resend_each"]
