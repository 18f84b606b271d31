"""An account's auth tokens: made, found, revoked at once or after a time, and noted as used.

Owns those changes of the rows. What tokens sign is said in streams.pure.callback.signature; must not know who asked."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from streams.models import Account, AuthToken
from streams.models.tenants import new_auth_token
from streams.pure.callback.auth_tokens import KnownToken, Tokens, in_force
from streams.sealed import seal

MOST_AT_ONCE = 5
"""So many of one account count at once, at most: what we send is signed with each of them."""
USE_WRITTEN = timedelta(hours=1)
MAIN = "main"
"""The name of the token that a provisioning file's `auth_token` is."""


class NotMade(ValueError):
    """The message says what stands in the way."""


class Overtaken(Exception):
    """Somebody else revoked the token meanwhile, or it has ended; nothing was done."""


def counting(now: datetime | Now) -> Q:
    return Q(ends_at=None) | Q(ends_at__gt=now)


def of_account(account: Account, now: datetime) -> Tokens:
    """What the account's API takes and what we sign with, newest first; in one query."""
    rows = account.auth_tokens.filter(counting(now)).values_list("secret", "ends_at")
    return in_force((KnownToken(*row) for row in rows), now)


def of_accounts(accounts: Collection[int], now: datetime) -> dict[int, Tokens]:
    """The same of several accounts, by their keys."""
    known: dict[int, list[KnownToken]] = {account: [] for account in accounts}
    for account, secret, ends_at in AuthToken.objects.filter(counting(now), account__in=accounts).values_list(
        "account", "secret", "ends_at"
    ):
        known[account].append(KnownToken(secret, ends_at))
    return {account: in_force(those, now) for account, those in known.items()}


def make(account: Account, name: str, by: str, now: datetime, brought: str = "") -> AuthToken:
    """A token that opens the API at once; `brought` is one that somebody brings along. Raises NotMade."""
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        there = list(account.auth_tokens.filter(counting(now)))
        if any(token.name == name and token.ends_at is None for token in there):
            raise NotMade(f"{account} has a token named {name!r} already. Give this one another name, or revoke that one first.")
        if len(there) >= MOST_AT_ONCE:
            raise NotMade(f"{account} has {len(there)} tokens that count, and at most {MOST_AT_ONCE} may. Revoke one first.")
        return AuthToken.objects.create(account=account, name=name, created_by=by, created_at=now, secret=brought or new_auth_token())


def revoke(token: AuthToken, after: timedelta, now: datetime) -> datetime:
    """When it ends: `after` from now, or earlier where that was said before. Raises Overtaken when it has ended."""
    ends_at = min(now + after, token.ends_at or now + after)
    as_read = AuthToken.objects.filter(counting(now), pk=token.pk, ends_at=token.ends_at)
    if not as_read.update(ends_at=ends_at):
        raise Overtaken
    return ends_at


def replace_main(account: Account, secret: str, by: str, now: datetime) -> None:
    """`secret` becomes the account's main token; the one before ends at once, and so does one of that name that was still ending."""
    with transaction.atomic():
        account.auth_tokens.filter(counting(now), name=MAIN).update(ends_at=now)
        make(account, MAIN, by, now, secret)


def find_token(auth_id: str, secret: str, now: datetime | Now) -> AuthToken | None:
    """The token with its account, in one query by an index and without opening any."""
    if not secret:
        return None
    digests = seal().digests(secret)
    found = AuthToken.objects.filter(counting(now), account__auth_id=auth_id, digest__in=digests).annotate(database_time=Now())
    token = found.select_related("account").defer("secret").first()
    if token is not None:
        token.asked_at = token.database_time
    return token


def counts_still(token: AuthToken, **account: object) -> bool:
    """Whether it counts now; `account`: and what has to be so of its account."""
    return AuthToken.objects.filter(counting(Now()), pk=token.pk, **{f"account__{name}": value for name, value in account.items()}).exists()


def known_as(account: Account, secret: str) -> AuthToken | None:
    """A token of the account, whether it counts or has ended; those that count first."""
    rows: Iterable[AuthToken] = account.auth_tokens.filter(digest__in=seal().digests(secret)) if account.pk else ()
    return min(rows, key=lambda token: (token.ends_at is not None, -token.pk), default=None)


def note_token_use(token: AuthToken, now: datetime) -> None:
    """Written at most once in USE_WRITTEN. A database that is busy is not waited for twice: the answer does not hang on it."""
    if token.last_used_at is None or now - token.last_used_at >= USE_WRITTEN:
        with suppress(DatabaseError):
            AuthToken.objects.filter(pk=token.pk, last_used_at=token.last_used_at).update(last_used_at=now)
