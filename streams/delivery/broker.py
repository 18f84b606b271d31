"""Wakes a worker through Celery. A hint and no more: lost, late or doubled it changes nothing, because the rows are swept.

Owns what a broker that is away may cost. Must not know callbacks."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string
from kombu.pools import producers

from streams.outages import Outage
from streams.process_wide import ProcessWide
from streams.pure.allowance import Allowance, Budget

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.8
REST_SECONDS = 2.0
MOST_WAITING = 1000
"""Messages that nobody has taken yet, past which no more are sent: the sweep would send the same again each second. None expires: when
it does would be written by one machine's clock and read by another's."""
HINTS = Allowance(a_second=10, at_once=50)
"""Of one account, from one process: a queue is a pool as well, and who fills it with hints makes those of others late. A worker that
is at it finds what is new without; otherwise it is swept a second later."""
HINTS_OF_ALL = Allowance(a_second=50, at_once=100)
"""From one process. A worker that hears of so many looks, with each, at what waits longest, and finds the others' new ones there: to be
told of all would cost it as much as delivering them."""

# Celery's own connection retries for 6 s when Redis is down and waits 10 s when Redis hangs (measured with Celery 5.7).
_IMPATIENT = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "socket_timeout": PATIENCE_SECONDS,
    "socket_connect_timeout": PATIENCE_SECONDS,
}


class Broker:
    """Whether the broker answered last time; while it is away it is asked once in REST_SECONDS."""

    def __init__(self, what: str, meanwhile: str) -> None:
        self.outage = Outage(log, what)
        self.meanwhile = meanwhile
        self.rest_until = 0.0
        self._hints: defaultdict[int, Budget] = defaultdict(lambda: Budget(HINTS))
        self._hints_of_all = Budget(HINTS_OF_ALL)

    def may_hint(self, account_id: int, now: float) -> bool:
        budgets = self._hints[account_id], self._hints_of_all
        if min(budget.left(now) for budget in budgets) < 1:
            return False
        for budget in budgets:
            budget.spend(1)
        return True

    @property
    def away(self) -> bool:
        return self.outage.away

    def ask(self, question: Callable[[Any], T], else_: T) -> T:
        """The answer to a question to a producer; `else_` while there is none. Never raises."""
        if time.monotonic() < self.rest_until:
            return else_
        try:
            with _producers().acquire(block=True, timeout=PATIENCE_SECONDS) as producer:
                answer = question(producer)
        except Exception as error:  # noqa: BLE001 - kombu, redis-py and the socket each have their own; none may reach the caller
            self.rest_until = time.monotonic() + REST_SECONDS
            self.outage.failed(error, self.meanwhile)
            return else_
        self.outage.worked()
        return answer


def new_broker() -> Broker:
    return Broker("Sending to the broker", "callbacks wait in the database until it is back")


_broker = new_broker()


def _application() -> Any:
    """Celery's, which is not typed."""
    return import_string(settings.TASK_APPLICATION)


@ProcessWide
def _producers() -> Any:  # kombu's pool, which is not typed
    return producers[_application().connection_for_write(transport_options=_IMPATIENT)]


def send_unless(producer: Any, most_waiting: int, task: str, *arguments: Any) -> None:
    """Sends a task, unless so many messages wait already."""
    if waiting(producer) < most_waiting:
        _application().send_task(task, list(arguments), producer=producer, retry=False)


def waiting(producer: Any) -> int:
    """How many messages nobody has taken yet."""
    return int(producer.channel.client.llen(_application().conf.task_default_queue))


def nudge(stream_id: int) -> None:
    """Asks a worker to deliver what `stream_id` (the row's key) owes. Never raises; costs at most about a second, and once only."""
    wake("streams.tasks.deliver_stream", stream_id)


def wake(task: str, *arguments: int) -> None:
    """Asks a worker to run a task. Never raises; costs as `nudge` does."""
    _broker.ask(lambda producer: send_unless(producer, MOST_WAITING, task, *arguments), None)


def hint(stream_id: int, account_id: int) -> None:
    """The same for something new, as often as the account may."""
    if _broker.may_hint(account_id, time.monotonic()):
        nudge(stream_id)
