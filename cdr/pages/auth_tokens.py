"""What the console shows of an account's auth tokens: everything but the tokens.

Owns which of them are listed, and in which words. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime

from cdr.pure.figures import NOTHING, moment
from streams.models import Account, AuthToken
from streams.pure.callback.auth_tokens import counts

MOST_ENDED = 10


@dataclass(frozen=True, slots=True)
class TokenLine:
    """`ends`: until when it counts, or when it ended. `signs_v2`: the one V2 signature is its own."""

    pk: int
    name: str
    made: str
    by: str
    used: str
    ends: str
    counts: bool
    signs_v2: bool


def token_lines(account: Account, now: datetime) -> list[TokenLine]:
    """Those that count, newest first, and then the last few that have ended; in one query, and none is opened."""
    rows = list(account.auth_tokens.defer("secret", "digest"))
    counting = [row for row in rows if counts(row.ends_at, now)]
    ended = sorted((row for row in rows if row not in counting), key=lambda row: row.ends_at or now, reverse=True)
    lines = [_line(row, True, row is counting[-1]) for row in counting]
    return lines + [_line(row, False, False) for row in ended[:MOST_ENDED]]


def counting_lines(account: Account, now: datetime) -> list[TokenLine]:
    return [line for line in token_lines(account, now) if line.counts]


def _line(token: AuthToken, counting: bool, signs_v2: bool) -> TokenLine:
    until = f"counts until {moment(token.ends_at)}" if token.ends_at else "counts until it is revoked"
    return TokenLine(
        pk=token.pk,
        name=token.name,
        made=moment(token.created_at),
        by=token.created_by or NOTHING,
        used=moment(token.last_used_at) if token.last_used_at else "never",
        ends=until if counting else f"ended {moment(token.ends_at)}",
        counts=counting,
        signs_v2=signs_v2,
    )
