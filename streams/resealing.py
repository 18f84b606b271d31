"""Everything that is sealed in the database, sealed anew with the newest key: then older ones can be taken out of SECRETS_KEY.

Owns the going through all sealed columns, whichever model has them, and the digests of auth tokens. Must not know who asked."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Model, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from streams.models import AuthToken, SecretsKey
from streams.pure.seal import CannotOpen
from streams.sealed import SealedTextField, register_key, seal

ROWS_AT_ONCE = 500


def sealed_columns() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedTextField) and not model._meta.proxy:
                yield model, field.name


def reseal_all() -> dict[str, int]:
    """How many texts, by column. In batches, each a transaction of its own, with its rows locked: a run that was cut is begun anew.
    The older keys are forgotten at the end. Raises WrongKey where a text cannot be read, and then forgets none."""
    register_key(connection)
    done = {f"{model._meta.verbose_name}: {name.replace('_', ' ')}": _reseal(model, name) for model, name in sealed_columns()}
    with transaction.atomic():
        SecretsKey.objects.exclude(fingerprint=seal().fingerprints[0]).delete()
        SecretsKey.objects.get_or_create(fingerprint=seal().fingerprints[0], defaults={"used_since": timezone.now()})
    return done


def lose_unreadable() -> dict[str, int]:
    """When a key is lost: what cannot be opened is taken out, so that the rest goes on, and the lost key is forgotten. A row that is
    nothing without its secret (an auth token, the app of a second factor) goes with it; of others the text becomes empty."""
    lost: dict[str, int] = {}
    for model, name in sealed_columns():
        kept = model._default_manager.exclude(**{name: ""}).annotate(as_kept=Cast(F(name), TextField())).values_list("pk", "as_kept")
        unreadable = [pk for pk, text in kept.order_by("pk").iterator() if not _opens(text)]
        for start in range(0, len(unreadable), ROWS_AT_ONCE):
            rows = model._default_manager.filter(pk__in=unreadable[start : start + ROWS_AT_ONCE])
            rows.update(**{name: ""})  # first of all: a row that is deleted is read
            if not model._meta.get_field(name).blank:  # type: ignore[union-attr]
                rows.delete()
        lost[f"{model._meta.verbose_name}: {name.replace('_', ' ')}"] = len(unreadable)
    SecretsKey.objects.exclude(fingerprint__in=seal().fingerprints).delete()
    return lost


def _opens(sealed: str) -> bool:
    try:
        return bool(seal().open(sealed))
    except CannotOpen:
        return False


def _reseal(model: type[Model], name: str) -> int:
    count, last = 0, 0
    while True:
        with transaction.atomic():
            rows: QuerySet[Model] = model._default_manager.select_for_update(of=("self",)).exclude(**{name: ""})
            batch = list(rows.filter(pk__gt=last).order_by("pk").only("pk", name)[:ROWS_AT_ONCE])
            if not batch:
                return count
            model._default_manager.bulk_update(batch, [name])
            if model is AuthToken:
                _find_anew(batch)
        count, last = count + len(batch), batch[-1].pk


def _find_anew(batch: list[Model]) -> None:
    tokens = [token for token in batch if isinstance(token, AuthToken)]
    for token in tokens:
        token.digest = seal().digests(token.secret)[0]
    AuthToken.objects.bulk_update(tokens, ["digest"])
