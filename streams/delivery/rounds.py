"""Works off the outbox in rounds: what came of the tries that are over is written, what is due is claimed, and threads send it.

One round does for all that has happened meanwhile: the busier it is, the less of the database each callback costs. Owns the order within a
round, and what it looks for. No transaction is open while a customer is waited for. Must not know who runs it (courier), nor Celery."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError

from streams import jobs, tokens
from streams.database_clock import RunningClock, database_now
from streams.delivery import after_try, claims, counted_tries, outbox, slow_endpoints
from streams.delivery.outbox import Chosen, Look
from streams.delivery.sending import SendResult, send_once
from streams.delivery.slow_endpoints import Endpoint
from streams.log_subject import speak_of_call, speak_of_stream
from streams.models import Callback
from streams.pure.callback.auth_tokens import Tokens

log = logging.getLogger(__name__)


class SentTry(NamedTuple):
    chosen: Chosen
    callback: Callback
    result: SendResult


@dataclass
class ToDo:
    """What the next round is for. `streams` have something that may be tried, or may have."""

    sent: list[SentTry] = field(default_factory=list)
    unsent: list[Callback] = field(default_factory=list)
    """Claimed, and then the database went away before they could be sent."""
    streams: set[int] = field(default_factory=set)
    all_that_wait: bool = False
    place_is_free: bool = False

    def __bool__(self) -> bool:
        return bool(self.sent or self.unsent or self.streams or self.all_that_wait)


class Rounds:
    """Of one process. `to_do` may be added to from any thread (under `lock`); rounds are one thread's at a time. `told`: there is something
    to do."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.lock = Lock()
        self.to_do = ToDo()
        self.sending = 0
        self.all_back = Event()
        """Nothing is being sent."""
        self.all_back.set()
        self.no_more = False
        """From now on nothing is begun, only ended."""
        self._told = told
        self._refused: set[Endpoint] = set()
        """Those for which others wait that could not be begun here, until one of their account's is over."""
        self._threads = ThreadPoolExecutor(settings.CELERY_WORKER_CONCURRENCY, thread_name_prefix="callbacks")

    def hint(self, stream_id: int) -> None:
        with self.lock:
            self.to_do.streams.add(stream_id)
        self._told()

    def sweep(self) -> None:
        with self.lock:
            self.to_do.all_that_wait = True
        self._told()

    def round(self) -> None:
        """Raises DatabaseError; then what came of tries is kept for the next round, and that one looks at all that wait."""
        with self.lock:
            now, self.to_do = self.to_do, ToDo()
        try:
            while now.unsent:
                jobs.give_back(now.unsent[-1])
                now.unsent.pop()
            if now.sent:
                self._write(now)
            if not self.no_more:
                self._begin(now)
        except BaseException:
            with self.lock:
                self.to_do.sent[:0] = now.sent
                self.to_do.unsent += now.unsent
                self.to_do.all_that_wait = True
            raise

    @property
    def idle(self) -> bool:
        """Nothing is being sent, and nothing that was is still to be written."""
        with self.lock:
            return not self.sending and not self.to_do.sent

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _write(self, now: ToDo) -> None:
        at = database_now()
        counted_tries.count_tries(claims.settle([after_try.ended_try(sent.callback, sent.result, at) for sent in now.sent]), at)
        accounts = {sent.chosen.account_id for sent in now.sent}
        self._refused = {endpoint for endpoint in self._refused if endpoint[0] not in accounts}
        now.place_is_free = True
        now.sent.clear()

    def _begin(self, now: ToDo) -> None:
        if not (now.all_that_wait or now.streams or now.place_is_free):
            return
        clock = RunningClock()
        look = Look(now.streams, oldest=True, all=now.all_that_wait, without=frozenset() if now.all_that_wait else self._refused)
        choice = outbox.choose(clock.began, settings.CELERY_WORKER_CONCURRENCY - self.sending, look)
        self._refused = choice.refused.union(look.without)
        if choice.chosen:
            self._try(choice.chosen, clock)

    def _try(self, chosen: list[Chosen], clock: RunningClock) -> None:
        places, unsent = {each.pk: each for each in chosen}, dict[int, Callback]()
        try:
            claimed = claims.claim(list(places), clock.began)
            again = [callback for callback in claimed.lost if callback.tries == 1]
            unsent = {callback.pk: callback for callback in (*claimed.new, *again)}
            claims.settle(after_try.put_off([callback for callback in claimed.lost if callback.tries > 1], clock.began))
            for callback in _too_many(list(unsent.values()), clock):
                jobs.give_back(callback)
                del unsent[callback.pk]
            signing = _tokens_of({callback.account_id for callback in unsent.values()}, clock)
            for callback in list(unsent.values()):
                self._send(places.pop(callback.pk), callback, signing.get(callback.account_id), clock)
                del unsent[callback.pk]
        finally:
            with self.lock:
                self.to_do.unsent += unsent.values()
            for each in places.values():
                each.leave()

    def _send(self, chosen: Chosen, callback: Callback, signing: Tokens | None, clock: RunningClock) -> None:
        """In a thread, which needs no database."""
        with self.lock:
            self.sending += 1
            self.all_back.clear()
        work = self._threads.submit(_send_beside, callback, signing, clock)
        work.add_done_callback(lambda sent: self._sent(chosen, callback, sent.result()))

    def _sent(self, chosen: Chosen, callback: Callback, result: SendResult) -> None:
        chosen.leave(quick=not result.timed_out and result.attempt.duration_ms <= slow_endpoints.SLOW_SECONDS * 1000)
        with self.lock:
            self.sending -= 1
            self.to_do.sent.append(SentTry(chosen, callback, result))
            if not self.sending:
                self.all_back.set()
        self._told()


def _send_beside(callback: Callback, signing: Tokens | None, clock: RunningClock) -> SendResult:
    speak_of_call(None)
    speak_of_stream(callback.stream.uuid)
    return send_once(callback, signing, clock)


def _too_many(mine: list[Callback], clock: RunningClock) -> list[Callback]:
    """Several workers may have seen the same room and claimed together. Whoever counts after its claim sees all of them, and gives back
    of its own what is too many."""
    if not mine:
        return []
    taken, too_many = outbox.tries_under_way(clock.now()), []
    for callback in mine:
        if not taken.has_share(callback.account_id, callback.host, own=1):
            too_many.append(callback)
            taken.add(callback.account_id, callback.host, -1)
    return too_many


def _tokens_of(accounts: Collection[int], clock: RunningClock) -> dict[int, Tokens]:
    """What their callbacks are signed with. An account whose tokens cannot be read is left out, and keeps back no other."""
    try:
        return tokens.of_accounts(accounts, clock.began)
    except DatabaseError:
        raise
    except Exception:
        if len(accounts) > 1:
            return {account: each for one in accounts for account, each in _tokens_of([one], clock).items()}
        log.exception("The auth tokens of account %s could not be read: its callbacks are not sent.", *accounts)
        return {}
