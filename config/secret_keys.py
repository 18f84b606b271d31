"""SECRETS_KEY: what secrets in the database are sealed with. Owns what a key has to be, and the sentences for when it is not."""

from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

from streams.pure.seal import SHORTEST_KEY

HOW_TO_MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes one."


def checked_keys(keys: Sequence[str], secret_key: str) -> tuple[str, ...]:
    """The keys, newest first. Raises ImproperlyConfigured."""
    if not keys:
        raise ImproperlyConfigured(
            "SECRETS_KEY is not set. It seals auth tokens and other secrets in the database: set it to 50 or more random characters, and "
            f"keep a copy apart from the database, because without it they cannot be read again. {HOW_TO_MAKE_ONE}"
        )
    for number, key in enumerate(keys, 1):
        if len(key) < SHORTEST_KEY:
            raise ImproperlyConfigured(
                f"SECRETS_KEY: key {number} of {len(keys)} has {len(key)} characters. A key has at least {SHORTEST_KEY}, best 50 or more "
                f"random ones without blanks and commas, which separate keys. {HOW_TO_MAKE_ONE}"
            )
    if secret_key in keys:
        raise ImproperlyConfigured(
            "SECRETS_KEY is the same as SECRET_KEY. Give each a value of its own: one may be replaced without the other."
        )
    if len(set(keys)) < len(keys):
        raise ImproperlyConfigured("SECRETS_KEY has the same key twice. Write each once, the newest first.")
    return tuple(keys)
