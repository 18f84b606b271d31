"""Who asks: HTTP Basic with an account's auth id and auth token, and the same auth id in the path.

Owns the comparison of tokens and the counting of wrong ones. Must not know what is asked for."""

import hmac

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthenticationError
from ninja.security import HttpBasicAuth

from cdr.addresses import counted_address
from cdr.api.throttle import FAILED_LOGINS, REQUESTS, counters
from streams.models import Account


class AccountRequest(HttpRequest):
    """A request whose account is known."""

    auth: Account


class AccountAuth(HttpBasicAuth):
    """Every refusal looks the same, whether the account, the token or the path is wrong."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> Account:
        account = account_of(username, password)
        if account is None:
            # Wrong ones only: behind one address there are many, and who has the right token did not guess.
            address = counted_address(request) or "unknown"
            counters.refuse_exhausted(FAILED_LOGINS, address)
            counters.count(FAILED_LOGINS, address)
            raise AuthenticationError
        counters.admit(REQUESTS, account.auth_id)
        if _auth_id_in_path(request) != account.auth_id:
            raise AuthenticationError
        return account


def account_of(auth_id: str, auth_token: str) -> Account | None:
    """The account with that id and that token, compared in constant time; None when there is none. While a rotation overlaps, the
    old token counts as well; always two are compared, so that the time does not tell whether there is an overlap."""
    # isalnum keeps characters from the database that it cannot compare (NUL).
    account = Account.objects.filter(auth_id=auth_id).first() if auth_id.isalnum() else None
    tokens = account.tokens(timezone.now()) if account else ("",)
    same = [hmac.compare_digest(auth_token.encode(), token.encode()) for token in (tokens[0], tokens[-1])]
    return account if any(same) and auth_token else None


def _auth_id_in_path(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs.get("auth_id", "")) if match else ""
