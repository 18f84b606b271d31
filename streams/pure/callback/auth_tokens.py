"""Which of an account's auth tokens count: the present one, and while a rotation overlaps the one before it.

Owns that rule. Must not know who asks, nor what is signed or opened with them."""

from datetime import datetime

Tokens = tuple[str, ...]
"""The present token first, then the old one while it still counts."""


def in_force(present: str, old: str, old_until: datetime | None, now: datetime) -> Tokens:
    """At `old_until` the old token has ended, by itself."""
    return (present, old) if old and old_until is not None and now < old_until else (present,)
