"""The callback rows as a queue: which one is next, who may take it, what is written when its try is over.

Owns claims, order within a stream and fairness between accounts and their hosts. Must not know HTTP or Celery."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from streams import jobs
from streams.database_clock import database_now
from streams.delivery.slow_endpoints import endpoints
from streams.models import Call, Callback, CallbackAttempt, CallbackState, CallbackTrouble, Stream
from streams.shares import Shares

HOLD_TRIES = 3
HOLD_TIME = timedelta(minutes=2)
"""A callback holds back the later ones of its stream until it has had this many tries, or its first is this long ago."""

CLAIM_MARGIN_SECONDS = 15
"""A claim outlives the deadline of its try by this, so that only a worker that died, or was paused, loses one."""

LOST = "The worker that made this try went away before it could write down the outcome; the callback may have arrived."


def deliverable(now: datetime) -> QuerySet[Callback]:
    """What is due, is not being tried, and is not held back by an earlier callback of its stream."""
    waiting = Callback.objects.filter(jobs.free(now), state=CallbackState.PENDING, due_at__lte=now)
    return waiting.alias(held_back_by=_first(_holding_back(now))).filter(held_back_by=None)


def _holding_back(now: datetime) -> QuerySet[Callback]:
    tried_long_ago = CallbackAttempt.objects.filter(callback=OuterRef("pk"), started_at__lte=now - HOLD_TIME)
    earlier = Callback.objects.filter(stream=OuterRef("stream"), number__lt=OuterRef("number"), tries__lt=HOLD_TRIES)
    # Not "is pending": an index of those that are would be scanned as a whole, for each row.
    unfinished = earlier.exclude(state__in=(CallbackState.DELIVERED, CallbackState.GIVEN_UP))
    return unfinished.alias(tried_long_ago=_first(tried_long_ago)).filter(tried_long_ago=None)


def _first(rows: QuerySet[Any]) -> Subquery:
    """To be compared with None, where NOT EXISTS says the same. That PostgreSQL makes a join, and since its statistics know a queue as it
    was when it was empty, one of each waiting row with every other (400: 250 ms). This looks up a row's own stream by its index."""
    return Subquery(rows.order_by().values("pk")[:1])


def next_of(stream_id: int, now: datetime) -> Callback | None:
    return deliverable(now).filter(stream_id=stream_id).select_related("account", "stream").order_by("number").first()


def has_room(callback: Callback, now: datetime, *, own: int = 0) -> bool:
    """Whether its account has fewer tries under way than its share, and to this host; `own` of those are the caller's."""
    return _has_share(_under_way(now), callback.account_id, callback.host, own)


def callback_shares() -> Shares:
    """A quarter of a worker's threads, so that many dead hosts of one customer leave room for the others."""
    threads: int = settings.CELERY_WORKER_CONCURRENCY
    return Shares("callbacks", places=max(threads, 2), each=max(threads // 4, 1))


def endpoint_shares() -> Shares:
    """Of an account at one host. Others' callbacks to the same host are not counted: its own are what an account can make hang."""
    callbacks = callback_shares()
    return Shares("callbacks to a host", callbacks.places, min(settings.CALLBACKS_AT_ONCE_PER_HOST, callbacks.each))


def _has_share(taken: "TriesUnderWay", account_id: int, host: str, own: int = 0) -> bool:
    """How many processes work on callbacks is not known here: the whole is bounded by their threads."""
    return callback_shares().has_share(taken.by_account, account_id, own=own) and endpoint_shares().has_share(
        taken.by_endpoint, (account_id, host), own=own
    )


def claim(callback: Callback, now: datetime) -> bool:
    """Takes `callback` as it was read; False when another worker was quicker, or somebody has put its try off or had it sent again.

    A claim that ran out is a try that was lost with its worker: it gets its line among the attempts."""
    held = timedelta(seconds=settings.CALLBACK_TIMEOUT_SECONDS + CLAIM_MARGIN_SECONDS)
    lost, ran_out_at = bool(callback.claimed_by), callback.claimed_until or now
    with transaction.atomic():
        claimed = jobs.claim(callback, now, held, also=Q(state=CallbackState.PENDING, due_at=callback.due_at))
        if claimed and lost:
            _write_lost_try(callback, ran_out_at - held)
    return claimed


def settle(callback: Callback, attempt: CallbackAttempt, state: CallbackState, due_at: datetime | None) -> bool:
    """Writes the attempt and what follows from it, if the claim is still ours; otherwise writes nothing and returns False."""
    end_try = jobs.retry_later if state == CallbackState.PENDING else jobs.finish
    with transaction.atomic():
        ours = end_try(callback, state=state, due_at=due_at)
        if ours:
            attempt.callback, attempt.number = callback, callback.tries
            attempt.save(force_insert=True)
        if ours and attempt.error:
            _note_trouble(callback, CallbackTrouble.GIVEN_UP if state == CallbackState.GIVEN_UP else CallbackTrouble.TRY_FAILED)
    return ours


class NotWhole(Exception):
    """A part of the callback was removed by retention: what could be sent is not what was sent."""


def resend(callback: Callback) -> None:
    """Makes `callback` due now, whatever became of it: the same message id, one more try, its attempts so far untouched.
    Raises NotWhole."""
    with transaction.atomic():
        row = Callback.objects.select_for_update().get(pk=callback.pk)  # who removes parts of it locks it as well
        whole = Call.objects.filter(streams=row.stream_id, numbers_removed_at=None, payloads_removed_at=None)
        if not whole.exists():
            raise NotWhole
        jobs.reopen(row, state=CallbackState.PENDING, due_at=database_now())
        _note_given_up_no_more(row)


def due_streams(limit: int) -> list[int]:
    """At most `limit` streams that have something deliverable, no account with more than its free share, in all and to one host; the
    accounts and their hosts taking turns."""
    now = database_now()
    turn = Window(RowNumber(), partition_by=[F("account"), F("host")], order_by=(F("due_at").asc(), F("pk").asc()))
    turns = deliverable(now).annotate(turn=turn).filter(turn__lte=endpoint_shares().each).order_by("turn", "due_at")
    rows = list(turns.values_list("stream_id", "host", "account_id"))
    return _within_shares(rows, now, limit) if rows else []


def callback_due_since(now: datetime) -> datetime | None:
    """Since when the callback has been due that a worker should try now: not one whose account, or host of it, is at its share."""
    taken = _under_way(now)
    accounts = callback_shares().at_their_share(taken.by_account)
    rows = deliverable(now).exclude(account__in=accounts) if accounts else deliverable(now)
    for account_id, host in endpoint_shares().at_their_share(taken.by_endpoint):
        rows = rows.exclude(account=account_id, host=host)
    due_at: datetime | None = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return due_at


def waiting_beside(stream_id: int) -> list[int]:
    """Other streams of the account whose callbacks wait for the same host as this one's, as many as have a free share now."""
    now, most = database_now(), endpoint_shares().each
    rows: list[tuple[int, str, int]] = []
    for account_id, host in set(Callback.objects.filter(stream_id=stream_id).values_list("account_id", "host")):
        waiting = deliverable(now).filter(account_id=account_id, host=host).exclude(stream_id=stream_id).order_by("due_at")
        rows += waiting.values_list("stream_id", "host", "account_id")[:most]
    return _within_shares(rows, now, most) if rows else []


def _within_shares(rows: Iterable[tuple[int, str, int]], now: datetime, limit: int) -> list[int]:
    """Nor those that this worker could not begin now: its messages would keep others waiting. Another worker finds them in its turn."""
    taken = _under_way(now)
    chosen: dict[int, None] = {}
    for stream_id, host, account_id in rows:
        if stream_id in chosen or not _has_share(taken, account_id, host) or not endpoints.has_room(account_id, host):
            continue
        if len(chosen) == limit:
            break
        chosen[stream_id] = None
        taken.by_account[account_id] += 1
        taken.by_endpoint[account_id, host] += 1
    return list(chosen)


class TriesUnderWay(NamedTuple):
    by_account: Counter[int]
    by_endpoint: Counter[tuple[int, str]]


def _under_way(now: datetime) -> TriesUnderWay:
    """Tries that hold a claim."""
    claimed = Callback.objects.filter(jobs.under_way(now), state=CallbackState.PENDING).order_by()
    rows = list(claimed.values_list("account_id", "host"))
    return TriesUnderWay(Counter(account_id for account_id, _ in rows), Counter(rows))


def _write_lost_try(callback: Callback, started_at: datetime) -> None:
    CallbackAttempt.objects.create(callback=callback, number=callback.tries, started_at=started_at, duration_ms=0, error=LOST)
    _note_trouble(callback, CallbackTrouble.TRY_FAILED)


def _note_trouble(callback: Callback, trouble: CallbackTrouble) -> None:
    """Lists look for it on the stream. Written for a failure only, and once for each degree of it."""
    Stream.objects.filter(pk=callback.stream_id, callback_trouble__lt=trouble).update(callback_trouble=trouble)


def _note_given_up_no_more(callback: Callback) -> None:
    """Unless another of the stream's callbacks is."""
    given_up = Callback.objects.filter(stream=callback.stream_id, state=CallbackState.GIVEN_UP)
    stream = Stream.objects.filter(pk=callback.stream_id, callback_trouble=CallbackTrouble.GIVEN_UP)
    stream.filter(~Exists(given_up)).update(callback_trouble=CallbackTrouble.TRY_FAILED)
