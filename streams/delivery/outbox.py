"""The callback rows as a queue: which are next.

Owns order within a stream and fairness between accounts and their hosts. Must not know HTTP or Celery, nor what a claim is made of."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, Window
from django.db.models.functions import Cast, Concat, RowNumber

from streams import host_blocks, jobs
from streams.database_clock import database_now
from streams.delivery import slow_endpoints
from streams.delivery.slow_endpoints import Endpoint, Lane
from streams.models import Callback, CallbackAttempt, CallbackState, CallbackTrouble, Stream
from streams.ready_statement import IsOneOf, ReadyStatement
from streams.shares import Shares

HOLD_TRIES = 3
HOLD_TIME = timedelta(minutes=2)
"""A callback holds back the later ones of its stream until it has had this many tries, or its first is this long ago."""

WaitingRow = tuple[int, int, int, str]
"""Its key, its stream, its account, its host."""
LOOK_AT_ONCE = 100
"""So many of those that wait longest are looked at while a worker goes from one to the next; each sweep looks at all."""


class Chosen(NamedTuple):
    """To be tried next by this process, which has a thread of that lane for it."""

    pk: int
    stream_id: int
    account_id: int
    host: str
    lane: Lane

    def leave(self, quick: bool | None = None) -> None:
        """The thread is free again. `quick`: whether the endpoint answered quickly; None: it was not asked."""
        slow_endpoints.endpoints.end(self.lane, self.account_id, self.host, quick)


class Look(NamedTuple):
    """At which of those that wait: those of some streams; those that have waited longest; or all, so that every account and host is seen
    however much waits before it. `without`: it is known of these that they have no room."""

    streams: Collection[int] = ()
    oldest: bool = False
    all: bool = False
    without: AbstractSet[Endpoint] = frozenset()


class NextTries(NamedTuple):
    """`refused`: accounts and hosts that wait and have no room now."""

    chosen: list[Chosen]
    refused: set[Endpoint]


def deliverable(now: datetime) -> QuerySet[Callback]:
    """What is due, is not being tried, and is not held back by an earlier callback of its stream."""
    return _deliverable(now, now - HOLD_TIME)


def _deliverable(now: datetime, long_ago: datetime) -> QuerySet[Callback]:
    waiting = Callback.objects.filter(jobs.free(now), state=CallbackState.PENDING, due_at__lte=now)
    return waiting.alias(held_back_by=_first(_holding_back(long_ago))).filter(held_back_by=None)


def _holding_back(long_ago: datetime) -> QuerySet[Callback]:
    tried_long_ago = CallbackAttempt.objects.filter(callback=OuterRef("pk"), started_at__lte=long_ago)
    earlier = Callback.objects.filter(stream=OuterRef("stream"), number__lt=OuterRef("number"), tries__lt=HOLD_TRIES)
    # Not "is pending": an index of those that are would be scanned as a whole, for each row.
    unfinished = earlier.exclude(state__in=(CallbackState.DELIVERED, CallbackState.GIVEN_UP))
    return unfinished.alias(tried_long_ago=_first(tried_long_ago)).filter(tried_long_ago=None)


def _first(rows: QuerySet[Any]) -> Subquery:
    """To be compared with None, where NOT EXISTS says the same. That PostgreSQL makes a join, and since its statistics know a queue as it
    was when it was empty, one of each waiting row with every other (400: 250 ms). This looks up a row's own stream by its index."""
    return Subquery(rows.order_by().values("pk")[:1])


def choose(now: datetime, places: int, look: Look) -> NextTries:
    """What this process may try now, at most `places`: no account with more than its free share, in all and to one host; the accounts and
    their hosts taking turns. Each has its thread (`Chosen.leave`)."""
    if look.all and not _OF_ALL_DUE.ask(now):
        return NextTries([], set())
    narrowed = look.oldest and not look.all
    taken = tries_under_way(now) if narrowed else None
    rows = _rows_in(look, now, taken)
    if not rows and taken is None:
        return NextTries([], set())
    taken = taken or tries_under_way(now)
    chosen: list[Chosen] = []
    refused: set[Endpoint] = set()
    for pk, stream_id, account_id, host in _in_turns(rows):
        if len(chosen) == places:
            break
        if not taken.has_share(account_id, host) or (lane := slow_endpoints.endpoints.begin(account_id, host)) is None:
            refused.add((account_id, host))
            continue
        chosen.append(Chosen(pk, stream_id, account_id, host, lane))
        taken.add(account_id, host)
    return NextTries(chosen, refused)


_OF_ALL_DUE = ReadyStatement(
    lambda now: Callback.objects.filter(state=CallbackState.PENDING, due_at__lte=now).order_by().values_list("pk")[:1], datetime
)
"""One. Most of the time there is none: each sweep asks, once a second, and to look at all of them costs much more."""


def _rows_in(look: Look, now: datetime, taken: "TriesUnderWay | None") -> list[WaitingRow]:
    """Each once; those of the streams first, for they are new."""
    if look.all:
        turn = Window(RowNumber(), partition_by=[F("account"), F("host")], order_by=(F("due_at").asc(), F("pk").asc()))
        turns = deliverable(now).annotate(turn=turn).filter(turn__lte=endpoint_shares().each)
        return _told(turns.order_by("turn", "due_at", "pk"))
    oldest = _oldest(now, taken, look.without) if taken is not None else []
    if not look.streams or (taken is not None and len(oldest) < LOOK_AT_ONCE):  # nobody else waits
        return oldest
    of_streams = _told(deliverable(now).filter(stream__in=look.streams).order_by("due_at", "pk")[:LOOK_AT_ONCE])
    return list(dict.fromkeys((*of_streams, *oldest)))


def _oldest(now: datetime, taken: "TriesUnderWay", refused: AbstractSet[Endpoint]) -> list[WaitingRow]:
    return _not_blocked(_OLDEST.ask(now, now - HOLD_TIME, *_left_out(taken, refused)))


def _left_out(taken: "TriesUnderWay", refused: AbstractSet[Endpoint] = frozenset()) -> tuple[str, str]:
    """The accounts that are at their share, and the endpoints that are at theirs, or where there was no room: as `_without` takes them."""
    accounts = callback_shares().at_their_share(taken.by_account)
    endpoints = {*refused, *endpoint_shares().at_their_share(taken.by_endpoint)}
    return json.dumps([str(account) for account in accounts]), json.dumps([f"{account} {host}" for account, host in endpoints])


def _without(rows: QuerySet[Callback], accounts: str, endpoints: str) -> QuerySet[Callback]:
    account = Cast("account_id", CharField())
    return rows.exclude(IsOneOf(account, accounts)).exclude(IsOneOf(Concat(account, Value(" "), "host"), endpoints))


def _waiting_longest(waiting: QuerySet[Callback]) -> QuerySet[Callback]:
    """By the index of what is due, and nothing else: a second column would have all that wait sorted."""
    return waiting.order_by("due_at")[:LOOK_AT_ONCE]


def _with_columns(rows: QuerySet[Callback]) -> QuerySet[Callback, tuple[int, int, int, str, bool]]:
    return rows.annotate(blocked=host_blocks.is_blocked()).values_list("pk", "stream_id", "account_id", "host", "blocked")


_OLDEST = ReadyStatement(
    lambda now, long_ago, accounts, endpoints: _with_columns(_waiting_longest(_without(_deliverable(now, long_ago), accounts, endpoints))),
    datetime,
    datetime,
    str,
    str,
)


def _told(rows: QuerySet[Callback]) -> list[WaitingRow]:
    return _not_blocked(list(_with_columns(rows)))


def _not_blocked(found: Sequence[Any]) -> list[WaitingRow]:
    """Without those whose host is blocked: they are made to wait, and so are seen once."""
    if blocked := [row[0] for row in found if row[4]]:
        host_blocks.keep_waiting(blocked)
    return [row[:4] for row in found if not row[4]]


def _in_turns(rows: Sequence[WaitingRow]) -> list[WaitingRow]:
    """The first of each account and host, then the second of each."""
    seen: Counter[Endpoint] = Counter()
    turns = []
    for row in rows:
        seen[row[2:]] += 1
        turns.append(seen[row[2:]])
    return [row for _, row in sorted(zip(turns, rows, strict=True), key=lambda pair: pair[0])]


def callback_shares() -> Shares:
    """A quarter of a worker's threads, so that many dead hosts of one customer leave room for the others."""
    threads: int = settings.CELERY_WORKER_CONCURRENCY
    return Shares("callbacks", places=max(threads, 2), each=max(threads // 4, 1))


def endpoint_shares() -> Shares:
    """Of an account at one host. Others' callbacks to the same host are not counted: its own are what an account can make hang."""
    callbacks = callback_shares()
    return Shares("callbacks to a host", callbacks.places, min(settings.CALLBACKS_AT_ONCE_PER_HOST, callbacks.each))


def callback_due_since(now: datetime) -> datetime | None:
    """Since when the callback has been due that a worker should try now: not one whose account, or host of it, is at its share."""
    rows = _without(deliverable(now), *_left_out(tries_under_way(now)))
    due_at: datetime | None = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return due_at


class TriesUnderWay(NamedTuple):
    """How many processes work on callbacks is not known here: the whole is bounded by their threads."""

    by_account: Counter[int]
    by_endpoint: Counter[Endpoint]

    def has_share(self, account_id: int, host: str, *, own: int = 0) -> bool:
        """Whether the account has fewer than its share, and to this host; `own` of those are the caller's."""
        return callback_shares().has_share(self.by_account, account_id, own=own) and endpoint_shares().has_share(
            self.by_endpoint, (account_id, host), own=own
        )

    def add(self, account_id: int, host: str, tries: int = 1) -> None:
        self.by_account[account_id] += tries
        self.by_endpoint[account_id, host] += tries


def tries_under_way(now: datetime) -> TriesUnderWay:
    """Tries that hold a claim, in all processes. By the index of what is claimed: one of those that wait would be read as a whole, if
    "is pending" were asked as well."""
    rows = _UNDER_WAY.ask(now)
    return TriesUnderWay(Counter(account_id for account_id, _ in rows), Counter(rows))


_UNDER_WAY = ReadyStatement(lambda now: Callback.objects.filter(jobs.under_way(now)).order_by().values_list("account_id", "host"), datetime)


class NotWhole(Exception):
    """A part of the callback was removed by retention: what could be sent is not what was sent."""


def resend(callback: Callback) -> None:
    """Makes `callback` due now, whatever became of it: the same message id, one more try, its attempts so far untouched.
    Raises NotWhole."""
    if not resend_each([callback.pk]):
        raise NotWhole


def resend_each(keys: Collection[int]) -> list[Callback]:
    """The same for many, in few statements; returns those that are due now, with their streams. What is not whole is left as it is."""
    with transaction.atomic():
        # Who removes parts of a callback locks it as well; so it is asked afterwards whether they are whole.
        locked = list(Callback.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))
        whole = {"stream__call__numbers_removed_at": None, "stream__call__payloads_removed_at": None}
        rows = list(Callback.objects.filter(pk__in=locked, **whole).select_related("stream").order_by("pk"))
        jobs.reopen_together(rows, state=CallbackState.PENDING, due_at=database_now())
        _note_given_up_no_more({row.stream_id for row in rows})
    return rows


def _note_given_up_no_more(streams: Collection[int]) -> None:
    """Unless another of the stream's callbacks is."""
    given_up = Callback.objects.filter(stream=OuterRef("pk"), state=CallbackState.GIVEN_UP)
    noted = Stream.objects.filter(pk__in=streams, callback_trouble=CallbackTrouble.GIVEN_UP)
    noted.filter(~Exists(given_up)).update(callback_trouble=CallbackTrouble.TRY_FAILED)
