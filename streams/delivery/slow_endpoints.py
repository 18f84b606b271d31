"""Which of this worker's threads a try may have, by how its endpoint has answered here: most are kept from those that hang.

Within its share each account may hang, and four that do are all the threads of a worker, 15 s at a time. So only endpoints that answered
quickly may have every thread; those that nobody knows yet at most half of them together, and those that hang a quarter. Owns
what this process has seen of endpoints; it forgets with the process. Must not know claims: these bound an account in all processes."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from enum import StrEnum
from threading import Lock

from django.conf import settings

from streams.shares import Shares

SLOW_SECONDS = 4.0
"""An endpoint of which two tries in a row took longer, or all their time, counts as one that hangs; after the first it is as good as not
known."""
KNOWN_AT_MOST = 20_000
QUICK_AGAIN = 5
"""So many quick answers in a row make a quick one of it again: one that hangs now and then hangs."""
NEWCOMERS_PART = 8
"""Of the threads, this part more is for accounts that have no such try under way yet: a few that hang must not keep out who is new."""
ENDPOINT_AT_ONCE = 2
"""Tries at one endpoint that is not known to be quick: it must not take the whole share of its account, which may have others."""
HANGING_AT_MOST = 3
"""Endpoints of one account; with more of them, whatever it names next counts as one that hangs as well."""

Endpoint = tuple[int, str]


class Lane(StrEnum):
    QUICK = "answered quickly"
    UNKNOWN = "not tried yet"
    HANGING = "hangs"


def shares_of(lane: Lane, threads: int) -> Shares | None:
    """None: as many as there are threads."""
    if lane is Lane.QUICK:
        return None
    places = max(threads // (2 if lane is Lane.UNKNOWN else 4), 2)
    return Shares(f"callbacks to an endpoint that is {lane}", places, max(places // 4, 1))


class SlowEndpoints:
    """Of one process. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._quick_answers_needed: OrderedDict[Endpoint, int] = OrderedDict()
        """Until it is quick again: 0, it is; 1, as of one that is not known; more, it hangs."""
        self._hanging: Counter[int] = Counter()
        self._taken: dict[Lane, Counter[int]] = {lane: Counter() for lane in Lane}
        self._tried: Counter[Endpoint] = Counter()

    def begin(self, account_id: int, host: str) -> Lane | None:
        """The lane in which a try may begin now, or None. Whoever has one says how it went (`end`)."""
        with self._lock:
            lane = self._lane_of((account_id, host))
            if not self._has_room(lane, (account_id, host)):
                return None
            self._taken[lane][account_id] += 1
            self._tried[account_id, host] += 1
            return lane

    def _has_room(self, lane: Lane, endpoint: Endpoint) -> bool:
        threads, taken = settings.CELERY_WORKER_CONCURRENCY, self._taken[lane]
        shares = shares_of(lane, threads)
        if shares is None:
            return True
        newcomer = lane is Lane.UNKNOWN and not taken[endpoint[0]] and taken.total() < threads // 2 + threads // NEWCOMERS_PART
        return self._tried[endpoint] < ENDPOINT_AT_ONCE and (newcomer or shares.has_room(taken, endpoint[0]))

    def end(self, lane: Lane, account_id: int, host: str, quick: bool | None) -> None:
        """`quick`: whether it answered quickly; None: there was no try."""
        with self._lock:
            self._taken[lane] -= Counter({account_id: 1})
            self._tried -= Counter({(account_id, host): 1})
            if quick is not None:
                self._note((account_id, host), quick)

    def count(self) -> Counter[Lane]:
        """How many endpoints are known to be in each lane."""
        with self._lock:
            needed = list(self._quick_answers_needed.values())
        return Counter(Lane.QUICK if not each else Lane.UNKNOWN if each == 1 else Lane.HANGING for each in needed)

    def _lane_of(self, endpoint: Endpoint) -> Lane:
        needed = self._quick_answers_needed.get(endpoint, 1)
        if needed == 1:
            return Lane.HANGING if self._hanging[endpoint[0]] >= HANGING_AT_MOST else Lane.UNKNOWN
        return Lane.HANGING if needed else Lane.QUICK

    def _note(self, endpoint: Endpoint, quick: bool) -> None:
        before = self._forget(endpoint)
        needed = _needed_after(before, quick)
        self._quick_answers_needed[endpoint] = needed
        self._hanging += Counter({endpoint[0]: int(needed > 1)})
        if len(self._quick_answers_needed) > KNOWN_AT_MOST:
            self._forget(next(iter(self._quick_answers_needed)))

    def _forget(self, endpoint: Endpoint) -> int:
        needed = self._quick_answers_needed.pop(endpoint, 0)
        self._hanging -= Counter({endpoint[0]: int(needed > 1)})
        return needed


def _needed_after(needed: int, quick: bool) -> int:
    return max(needed - 1, 0) if quick else QUICK_AGAIN if needed else 1


def lane_after(answers: Iterable[bool]) -> Lane:
    """Of an endpoint by its answers, in order, whether each was quick; as a process would have seen it that made all of these tries."""
    needed: int | None = None
    for quick in answers:
        needed = _needed_after(needed or 0, quick)
    return Lane.UNKNOWN if needed in (None, 1) else Lane.HANGING if needed else Lane.QUICK


endpoints = SlowEndpoints()
