"""Which of an account's auth tokens count, and in which order what we send is signed with them.

Owns that rule. Must not know who asks, nor what is signed or opened with them."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

Tokens = tuple[str, ...]
"""What counts, the newest first. Empty: nothing is signed."""


class KnownToken(NamedTuple):
    """`ends_at`: None for one that nobody has revoked."""

    secret: str
    ends_at: datetime | None = None


def counts(ends_at: datetime | None, now: datetime) -> bool:
    """At `ends_at` a token has ended, by itself."""
    return ends_at is None or now < ends_at


def in_force(known: Iterable[KnownToken], now: datetime) -> Tokens:
    """Those of `known`, the newest first, that count."""
    return tuple(token.secret for token in known if token.secret and counts(token.ends_at, now))
