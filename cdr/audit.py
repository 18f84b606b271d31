"""Writes the audit log: who did what in the console, to what, when, and from which address.

Owns how an act becomes an entry; write it in the transaction of the act. Must not know pages or requests."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Model

from cdr.models import AuditEntry
from cdr.pure.acts import Act

LONGEST_SUBJECT = 200


class Actor(NamedTuple):
    """Who acts: a user's name, and the address the request came from (None: not known)."""

    name: str
    address: str | None


def write(actor: Actor, act: Act, subject: Model, **details: Any) -> AuditEntry:
    """One entry. `details` are JSON values without secrets; the entry stays when its subject or its actor is deleted."""
    return AuditEntry.objects.create(**_columns(actor, act, subject, details))


def write_each(actor: Actor, act: Act, subjects: Iterable[tuple[Model, dict[str, Any]]]) -> None:
    """The same act on many, each with details of its own: an entry for each, in few statements."""
    AuditEntry.objects.bulk_create(AuditEntry(**_columns(actor, act, subject, details)) for subject, details in subjects)


def _columns(actor: Actor, act: Act, subject: Model, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "by": actor.name,
        "address": actor.address,
        "act": act,
        "kind": str(subject._meta.verbose_name),
        "subject": str(subject)[:LONGEST_SUBJECT],
        "details": details,
    }
