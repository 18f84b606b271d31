"""What one account may have of a pool that all accounts share, so that none can fill it: the one mechanism for every such pool.

Owns the counting, and who is next when somebody waits. Must not know what the places are for. `whose` is an account's key, or a person's
where persons ask. A pool of a process is Places (or SharedThreads, or DatabaseThreads with Places); where places are claims on rows,
streams.jobs counts them by the same Shares."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Shares:
    """`places`: what the pool does at once; `each`: how many of those one account may have."""

    pool: str
    places: int
    each: int

    def __post_init__(self) -> None:
        if not 0 < self.each < self.places:
            raise ValueError(f"Of the {self.places} places of {self.pool} one account may have {self.each}: it has to be fewer, and some.")

    def has_room(self, taken: Mapping[K, int], whose: K, *, own: int = 0) -> bool:
        """Whether one more may be begun; `own` of those taken are the asker's."""
        return self.has_share(taken, whose, own=own) and sum(taken.values()) - own < self.places

    def has_share(self, taken: Mapping[K, int], whose: K, *, own: int = 0) -> bool:
        """The same without a look at the whole pool: where several processes bring places of their own, its size is not known."""
        return taken.get(whose, 0) - own < self.each

    def at_their_share(self, taken: Mapping[K, int]) -> list[K]:
        """Those that may begin no more now."""
        return [whose for whose in taken if not self.has_share(taken, whose)]


class StreamPlaces:
    """For how many live streams a process does something that takes much, where nobody waits: a stream begins now, and goes on without it.
    `count` comes from an operator, by `setting`; one account may have half of them, and always one. `does`: what, before "2 streams"."""

    def __init__(self, count: int, does: str, setting: str) -> None:
        self._count, self._each, self._does, self._setting = count, max(count // 2, 1), does, setting
        self._shares = Shares(setting, count, self._each) if count > 1 else None

    def no_room(self, taken: Mapping[int, int], account_id: int) -> str:
        """Why there is none for one more stream of the account, in words that go on a sentence; "" where there is."""
        if not self._count:
            return f"a process {self._does} no stream here ({self._setting})."
        if self._shares is not None and not self._shares.has_share(taken, account_id):
            return f"a process {self._does} {_streams(self._each)} of one account at once (half of {self._setting}), and this one does."
        if sum(taken.values()) >= self._count:
            return f"a process {self._does} {_streams(self._count)} at once ({self._setting}), and this one does."
        return ""


def _streams(count: int) -> str:
    return "1 stream" if count == 1 else f"{count} streams"


class Places:
    """The places of this process. Who finds none waits; when one is free, of those that wait whoever has the fewest is next. May be
    used from threads and from event loops."""

    def __init__(self, shares: Shares) -> None:
        self.shares = shares
        self.taken: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[Future[None]]] = {}
        self._lock = Lock()

    def ask(self, whose: Hashable) -> "Future[None]":
        """Done as soon as there is a place. Whoever has one says when it is free again (`leave`); a wait may be cancelled."""
        asked: Future[None] = Future()
        with self._lock:
            self._waiting.setdefault(whose, deque()).append(asked)
        self._give()
        return asked

    def leave(self, whose: Hashable) -> None:
        with self._lock:
            self.taken[whose] -= 1
            if not self.taken[whose]:
                del self.taken[whose]
        self._give()

    async def take(self, whose: Hashable) -> None:
        """Waits for a place."""
        asked = self.ask(whose)
        try:
            await asyncio.wrap_future(asked)
        except asyncio.CancelledError:
            if not asked.cancel():  # it was given in the same moment
                self.leave(whose)
            raise

    def _give(self) -> None:
        """Told outside of the lock: who is told may ask for something at once."""
        while given := self._next():
            given.set_result(None)

    def _next(self) -> "Future[None] | None":
        with self._lock:
            while able := [whose for whose in self._waiting if self.shares.has_room(self.taken, whose)]:
                whose = min(able, key=self.taken.__getitem__)
                waiting = self._waiting.pop(whose)
                asked = waiting.popleft()
                if waiting:
                    self._waiting[whose] = waiting  # at the end of the line
                if asked.set_running_or_notify_cancel():
                    self.taken[whose] += 1
                    return asked
        return None


class SharedThreads:
    """Threads for what blocks, as many as there are places."""

    def __init__(self, shares: Shares) -> None:
        self.places = Places(shares)
        self._threads = ThreadPoolExecutor(shares.places, thread_name_prefix=shares.pool)

    async def run(self, whose: Hashable, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The result of the function, run in one of the threads; raises what it raises. The place is taken until the thread is done, also
        when nobody waits for it any more: a thread cannot be interrupted."""
        await self.places.take(whose)
        try:
            work = self._threads.submit(function, *arguments, **options)
        except BaseException:
            self.places.leave(whose)
            raise
        work.add_done_callback(lambda _: self.places.leave(whose))
        return await asyncio.wrap_future(work)

    def close(self) -> None:
        """Waits for the threads."""
        self._threads.shutdown(wait=True)
