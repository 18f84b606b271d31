"""Joins the ledger to the end of a stream, and the audit log to provisioning, inside the same transactions."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from cdr import audit, ledger
from cdr.audit import Actor
from cdr.pure.acts import Act
from streams.models import Stream
from streams.signals import provisioned, stream_ended

PROVISIONING = Actor("manage.py provision", None)


def charge_ended_streams(sender: Any, streams: Sequence[Stream], **kwargs: Any) -> None:
    ledger.charge(streams)


def audit_provisioned_row(sender: Any, row: Model, is_new: bool, keys: Sequence[str], **kwargs: Any) -> None:
    """What was changed, by its name alone: a provisioning file has passwords and tokens in it."""
    details = {} if is_new else {"changed": ", ".join(keys)}
    audit.write(PROVISIONING, Act.ADD if is_new else Act.CHANGE, row, **details)


def connect() -> None:
    provisioned.connect(audit_provisioned_row, dispatch_uid="audit_provisioned_row")
    stream_ended.connect(charge_ended_streams, dispatch_uid="charge_ended_streams")
