"""What a stranger may write into any text column, written into every one: of every model that has one, whatever columns it gets later."""

from typing import Any

from django.apps import apps
from django.db import models

from cdr import audit
from cdr.audit import Actor
from cdr.models import AuditEntry
from cdr.pure.acts import Act
from streams.models import Account, Callback

MARKER = "hostileRan"
"""A variable of the page's window that is there when something was executed."""
HOSTILE = f"\"><script>{MARKER}=1</script><img src=x onerror={MARKER}=1>'{{{{7*7}}}}javascript:\u202e"
SHORT = '"><xss>'
KEPT = {
    *("kind", "state", "section", "format", "dialect", "currency", "scope", "role"),
    *("password", "codename", "app_label", "model", "session_key", "session_data", "object_id"),
}
"""Words of ours that decide which page shows the row, and keys. (A row with an unknown word has a test of its own.)"""
NOT_SHOWN = {
    *("Session", "ContentType", "AccessFailureLog", "AccessLog", "TOTPDevice", "StaticDevice", "StaticToken", "Heartbeat"),
    *(
        "AccessAttemptExpiration",
        "CallMeasure",
        "StreamMeasure",
        "StreamConversation",
        "RetentionMark",
        "AuthenticatorApp",
        "SecretsKey",
        "OutsideIdentity",
    ),
}
"""Of these no page shows a text, or they hold numbers only."""


def hostile_value(field: models.Field, key: Any, value: Any) -> object:
    if isinstance(field, models.JSONField):
        return hostile_json(value)
    room = field.max_length or 10_000
    text = HOSTILE if room > len(HOSTILE) + 4 else SHORT[:room]
    return f"{text}{key}" if field.unique else text


def hostile_json(value: Any) -> Any:
    """The same shape with a hostile text for each text, and under a hostile key what stands under the first."""
    if isinstance(value, dict):
        hostile = {key: hostile_json(inner) for key, inner in value.items()}
        return {**hostile, HOSTILE: next(iter(hostile.values()))} if hostile else {}
    if isinstance(value, list):
        return [hostile_json(inner) for inner in value]
    return HOSTILE if isinstance(value, str) else value


def poison(model: type[models.Model], kept: set[str] = KEPT) -> None:
    """Fills every text column of every row."""
    columns = [
        field
        for field in model._meta.fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField) and field.name not in kept and not field.primary_key
    ]
    for row in model._default_manager.all():
        values = {field.name: hostile_value(field, row.pk, getattr(row, field.name)) for field in columns}
        model._default_manager.filter(pk=row.pk).update(**values)


def shown_models() -> list[type[models.Model]]:
    """Those whose rows pages show. An entry of the audit log cannot be changed: `poison_everything` adds one."""
    return [model for model in apps.get_models() if not model._meta.proxy and model.__name__ not in NOT_SHOWN and model is not AuditEntry]


def poison_everything() -> list[str]:
    """Returns the models that had no row to write into."""
    audit.write(Actor(HOSTILE, None), Act.CHANGE, Account.objects.first(), **{HOSTILE: [HOSTILE, HOSTILE]})
    AuditEntry.objects.create(by=HOSTILE[:150], act=Act.DELETE, kind=HOSTILE[:30], subject=HOSTILE, details={})
    for model in shown_models():
        poison(model, KEPT - {"kind"} if model is Callback else KEPT)
    for callback in Callback.objects.order_by("pk")[:3]:
        Callback.objects.filter(pk=callback.pk).update(parameters={HOSTILE: HOSTILE})
    return [model.__name__ for model in shown_models() if not model._default_manager.exists()]
