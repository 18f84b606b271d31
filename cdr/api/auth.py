"""Who asks: HTTP Basic with an account's auth id and auth token, and the same auth id in the path.

Owns the counting of wrong tokens. Must not know what is asked for."""

from django.db.models.functions import Now
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBasicAuth

from cdr.addresses import counted_address
from cdr.api.throttle import FAILED_LOGINS, REQUESTS, counters
from streams import tokens
from streams.models import Account, AuthToken


class AccountRequest(HttpRequest):
    """A request whose account is known, and by which of its tokens."""

    auth: Account
    token: AuthToken


class AccountAuth(HttpBasicAuth):
    """Every refusal looks the same, whether the account, the token or the path is wrong."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> Account:
        token = token_of(username, password)
        if token is None:
            # Wrong ones only: behind one address there are many, and who has the right token did not guess.
            address = counted_address(request) or "unknown"
            counters.refuse_exhausted(FAILED_LOGINS, address)
            counters.count(FAILED_LOGINS, address)
            raise AuthenticationError
        account = token.account
        counters.admit(REQUESTS, account.auth_id)
        if _auth_id_in_path(request) != account.auth_id:
            raise AuthenticationError
        tokens.note_token_use(token, token.asked_at)
        vars(request)["token"] = token
        return account


def token_of(auth_id: str, secret: str) -> AuthToken | None:
    """The token of that account which counts now, with its account; None when there is none. It is looked for by a keyed digest, of
    which a stranger can compute nothing: how long that takes tells nothing about the token."""
    # isalnum keeps characters from the database that it cannot compare (NUL).
    return tokens.find_token(auth_id, secret, Now()) if auth_id.isalnum() else None


def _auth_id_in_path(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs.get("auth_id", "")) if match else ""
