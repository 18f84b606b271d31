"""Joins the ledger to the end of a stream, and the audit log to what a provisioning file does, each inside the same transaction."""

from collections.abc import Sequence
from typing import Any

from cdr import audit, ledger
from cdr.audit import Actor
from cdr.pure.acts import HIDDEN, Act, is_secret
from cdr.pure.secret_text import as_audited
from streams.models import Stream
from streams.rate_plans import Change
from streams.signals import account_planned, provisioned, stream_ended

BY_FILE = Actor("provisioning file", None)


def charge_ended_streams(sender: Any, streams: Sequence[Stream], **kwargs: Any) -> None:
    ledger.charge(streams)


def audit_provisioned(sender: Any, changes: Sequence[Change], **kwargs: Any) -> None:
    for change in changes:
        if change.row is not None:
            values = {key: [_printed(key, value) for value in both] for key, both in change.values.items()}
            audit.write(BY_FILE, Act.ADD if change.action == "created" else Act.CHANGE, change.row, **values)


def plan_account(sender: Any, account: Any, entry: Any, plan: Any, **kwargs: Any) -> None:
    from cdr.provisioned_members import plan_members  # noqa: PLC0415 - seldom needed, and not by what only connects this

    plan_members(account, entry, plan, BY_FILE)


def _printed(key: str, value: Any) -> str:
    if is_secret(key):
        return HIDDEN if value else ""
    return as_audited(key, value)


def connect() -> None:
    account_planned.connect(plan_account, dispatch_uid="plan_account")
    provisioned.connect(audit_provisioned, dispatch_uid="audit_provisioned")
    stream_ended.connect(charge_ended_streams, dispatch_uid="charge_ended_streams")
