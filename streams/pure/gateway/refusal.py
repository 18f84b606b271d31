"""A gateway that was not let in, or whose call was not taken: why, in stored words, and how many such attempts are kept.

Owns the reasons and the bounds. Has no clock and no rows: times come in, what is to be written goes out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from streams.pure.allowance import Allowance, Budget

WAITING_AT_MOST = 200
"""How many different attempts wait to be written at most, of known gateways and of others each; any more are only counted."""
WRITES = Allowance(a_second=1.0, at_once=30.0)
"""What a process writes at most: an attacker fills neither the table nor the database's time."""


class Reason(StrEnum):
    """Before the upgrade (first block), or once the gateway was in (second block). UNLISTED: attempts that were only counted."""

    UNKNOWN_GATEWAY = "unknown_gateway"
    WRONG_PASSWORD = "wrong_password"
    TOO_MANY_GUESSES = "too_many_guesses"
    NO_SIGNATURE = "no_signature"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_DIALECT = "wrong_dialect"
    NO_SUCH_PATH = "no_such_path"
    NO_TLS = "no_tls"
    STOPPING = "stopping"
    NOT_LOADED = "not_loaded"

    UNSUPPORTED_MEDIA = "unsupported_media"
    NO_MEDIA = "no_media"
    CALL_LIVE = "call_live"
    CALL_USED = "call_used"
    TOO_MANY_CALLS = "too_many_calls"

    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One attempt. `name`, `dialect` and `address` as they came, cleaned; `words` a sentence; `call_uuid` the call it was about.

    `known`: a gateway of that name exists. Such attempts are written first, so that strangers do not hide them."""

    reason: Reason
    words: str
    name: str = ""
    dialect: str = ""
    address: str = ""
    known: bool = False
    call_uuid: UUID | None = None


UNLISTED = Refusal(Reason.UNLISTED, "More attempts were refused than are listed one by one.", known=True)


class Key(NamedTuple):
    """Attempts that are alike."""

    name: str
    dialect: str
    address: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts that are alike: the last of them, how many there were, and when (seconds since the epoch)."""

    last: Refusal
    count: int
    first_at: float
    last_at: float

    @property
    def key(self) -> Key:
        return Key(self.last.name, self.last.dialect, self.last.address, self.last.reason)

    def joined(self, other: "Attempts") -> "Attempts":
        later = max(self, other, key=lambda attempts: attempts.last_at)
        return replace(later, count=self.count + other.count, first_at=min(self.first_at, other.first_at))


class Tally:
    """The attempts that are not written yet."""

    def __init__(self) -> None:
        self._known: dict[Key, Attempts] = {}
        self._others: dict[Key, Attempts] = {}
        self._budget = Budget(WRITES)

    def __bool__(self) -> bool:
        return bool(self._known or self._others)

    def add(self, refusal: Refusal, at: float) -> None:
        self._join(Attempts(refusal, 1, at, at))

    def take(self, now: float) -> list[Attempts]:
        """What may be written at `now` (monotonic); the rest waits, and goes on being counted."""
        chosen = [*self._known.values(), *self._others.values()][: int(self._budget.left(now))]
        self._budget.spend(len(chosen))
        for attempts in chosen:
            (self._known if attempts.key in self._known else self._others).pop(attempts.key)
        return chosen

    def give_back(self, unwritten: Iterable[Attempts]) -> None:
        for attempts in unwritten:
            self._join(attempts)

    def _join(self, attempts: Attempts) -> None:
        waiting = self._known if attempts.last.known else self._others
        if attempts.key not in waiting and len(waiting) >= WAITING_AT_MOST:
            attempts = replace(attempts, last=UNLISTED)
            waiting = self._known
        present = waiting.get(attempts.key)
        waiting[attempts.key] = present.joined(attempts) if present else attempts
