"""Gives an account a new auth token while the old one counts for a while yet, and ends the old one early.

Owns those two changes of the row. What the tokens open and sign is said elsewhere; must not know who asked."""

from datetime import datetime, timedelta

from streams.models import Account
from streams.models.tenants import new_auth_token


class Overtaken(Exception):
    """Somebody else changed the token meanwhile; nothing was done."""


def rotate(account: Account, overlap: timedelta, now: datetime) -> str:
    """The new token. The present one becomes the old one and ends after `overlap`; one that was old already ends now.
    Raises Overtaken when the row's token is no longer that of `account`."""
    token, until = new_auth_token(), now + overlap
    as_read = Account.objects.filter(pk=account.pk, auth_token=account.auth_token)
    if not as_read.update(auth_token=token, old_auth_token=account.auth_token, old_auth_token_until=until):
        raise Overtaken
    return token


def end_old_token(account: Account, now: datetime) -> None:
    """Raises Overtaken when the old token has ended already, or is another one now."""
    as_read = Account.objects.filter(pk=account.pk, old_auth_token=account.old_auth_token, old_auth_token_until__gt=now)
    if not as_read.update(old_auth_token_until=now):
        raise Overtaken
