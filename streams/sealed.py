"""Columns whose text is sealed: plain in Python, unreadable in the database, its files and its backups.

Owns the column, and that nothing is written with a key the database does not know while what is there was sealed with another. Must
not know which models have such columns."""

import threading
from functools import lru_cache, partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from streams.pure.seal import CannotOpen, Seal

KEYS_TABLE = "streams_secretskey"
"""The fingerprints of the keys that something in this database is sealed with: streams.models.SecretsKey."""
KEPT_OPEN, LONGEST_KEPT = 4096, 4096
"""What is read each second (gateways, tokens) is opened once: so many texts, of at most so many sealed characters."""


class WrongKey(ImproperlyConfigured):
    """SECRETS_KEY lacks a key that the database needs; the message says what to do."""


def seal() -> Seal:
    """Of the keys that are set."""
    return _seal_of(tuple(settings.SECRETS_KEYS))


def opened(sealed: str) -> str:
    """Raises WrongKey."""
    keys = tuple(settings.SECRETS_KEYS)
    try:
        return _opened_once(keys, sealed) if len(sealed) <= LONGEST_KEPT else _seal_of(keys).open(sealed)
    except CannotOpen as error:
        raise WrongKey(
            "A secret in the database cannot be read with SECRETS_KEY: it was sealed with another key, or was changed. Set SECRETS_KEY to "
            "the key it was written with; with several, the newest first."
        ) from error


@lru_cache(maxsize=8)
def _seal_of(keys: tuple[str, ...]) -> Seal:
    return Seal(keys)


@lru_cache(maxsize=KEPT_OPEN)
def _opened_once(keys: tuple[str, ...], sealed: str) -> str:
    return _seal_of(keys).open(sealed)


# Which keys a database knows ---------------------------------------------------------------------------------------------
_known: set[tuple[str, tuple[str, ...]]] = set()
"""Databases that were looked at, with the keys that were right. A process looks once: keys do not change while it lives."""
_looking = threading.Lock()


def require_known_keys(connection: BaseDatabaseWrapper) -> None:
    """Looks whether all that is sealed in this database can be read with the keys that are set. Raises WrongKey."""
    used = _used_fingerprints(connection)
    if missing := used - set(seal().fingerprints):
        have = ", ".join(seal().fingerprints)
        raise WrongKey(
            f"SECRETS_KEY is not the key that the secrets in this database were sealed with: it needs the one with the fingerprint "
            f"{', '.join(sorted(missing))}, and SECRETS_KEY has {have}. Set it to that key (a new one goes in front, after it a comma). "
            "Nothing was written."
        )


def register_key(connection: BaseDatabaseWrapper) -> None:
    """Notes that the newest key is used from now on, once a process and before the first text is sealed. Raises WrongKey."""
    mark = (str(connection.settings_dict["NAME"]), seal().fingerprints)
    if mark in _known:
        return
    with _looking:
        require_known_keys(connection)
        if seal().fingerprints[0] not in _used_fingerprints(connection):
            _note_key(connection, seal().fingerprints[0])
    # A transaction that is rolled back takes the note with it.
    transaction.on_commit(partial(_known.add, mark), using=connection.alias)


def forget_looked_at() -> None:
    """As a process that has just begun."""
    _known.clear()


def _used_fingerprints(connection: BaseDatabaseWrapper) -> set[str]:
    if KEYS_TABLE not in connection.introspection.table_names():
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT fingerprint FROM streams_secretskey")
        return {row[0] for row in cursor.fetchall()}


def _note_key(connection: BaseDatabaseWrapper, fingerprint: str) -> None:
    if KEYS_TABLE in connection.introspection.table_names():
        with connection.cursor() as cursor:
            words = "INSERT INTO streams_secretskey (fingerprint, used_since) VALUES (%s, CURRENT_TIMESTAMP) ON CONFLICT DO NOTHING"
            cursor.execute(words, [fingerprint])


# The column --------------------------------------------------------------------------------------------------------------
class SealedTextField(models.TextField):  # type: ignore[type-arg]  # Django's generic classes take no parameters at run time
    """A text that is sealed in the database. "" is written as it is: whether there is a secret may be asked, nothing else about it."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return opened(value) if value else value

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if not value or hasattr(value, "as_sql"):  # an expression: what is in it comes here by itself
            return super().get_db_prep_save(value, connection)
        register_key(connection)
        return seal().close(str(value))

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Of a look-up: only "" can be asked for."""
        if value:
            raise TypeError(f"{self.name} is sealed in the database: rows are not found by it.")
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "isnull") else None
