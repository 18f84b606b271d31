"""Whether a stream may be started, and the asking for it: one transaction that holds the account, so that no limit is passed.

Owns the rules between a new stream and the others of its call and account. Must not know HTTP beyond the status of a refusal."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from cdr.api.errors import ApiRefusal, too_many
from streams import control, guard, host_blocks
from streams.control import pending_streams
from streams.database_clock import database_now
from streams.models import Account, Call, ControlRequest, Stream
from streams.pure.customer.service_url import HTTP_SCHEMES, WEBSOCKET_SCHEMES, host_of
from streams.pure.customer.stream_request import RequestReading
from streams.pure.lifecycle import LIVE_STATES, CallState

CONCURRENCY_RETRY_SECONDS = 5
BY_API = "API"


def start(account: Account, call: Call, asked: RequestReading) -> UUID:
    """Asks for the stream, wherever the call lives, and for its log to say what of the request is taken otherwise. Returns the
    stream's uuid; raises ApiRefusal, or NotLive when the call is over."""
    request = asked.request
    _refuse_undiallable("service_url", request.service_url, WEBSOCKET_SCHEMES)
    _refuse_undiallable("status_callback_url", request.status_callback_url, HTTP_SCHEMES)
    _refuse_blocked(account, request.service_url)
    with transaction.atomic():
        # no_key: rows that refer to the account may be written meanwhile, only another start waits.
        held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        _refuse_spent(held)
        _refuse_repeated(call, request.service_url)
        _refuse_hasty(account)
        _refuse_crowded(account, call)
        return control.request_start(call, request, BY_API, " ".join(problem.sentence for problem in asked.found))


def _refuse_spent(account: Account) -> None:
    if account.spending_stopped_at is not None:
        limit = f"{account.spending_stop_at:.5f} {account.spending_currency}" if account.spending_stop_at else "what it may"
        words = f"The account has spent {limit} this month. No stream is begun until the month is over or its operator raises the limit."
        raise ApiRefusal(HTTPStatus.PAYMENT_REQUIRED, words)


def _refuse_undiallable(name: str, url: str, schemes: tuple[str, ...]) -> None:
    """What can be seen in the URL is said now, and not by a stream that fails."""
    if url and (problem := guard.undiallable(url, settings.DIAL_REACH, schemes)):
        raise ApiRefusal(400, f"{name}: {problem}")


def _refuse_blocked(account: Account, service_url: str) -> None:
    host = host_of(service_url)
    if host_blocks.blocks_on(account, host):
        raise ApiRefusal(400, f"service_url: The host {host} is blocked: no stream is sent there. Ask the operator of this platform.")


def _refuse_repeated(call: Call, service_url: str) -> None:
    # In this order: a row that is written in between is found.
    asked_for = pending_streams.unwritten(call.control_requests.filter(details__request__service_url=service_url))
    if asked_for or call.streams.filter(service_url=service_url, state__in=LIVE_STATES).exists():
        raise ApiRefusal(
            400, f"service_url {service_url} has an active stream of this call already. Stop that one first, or use another URL."
        )


def _refuse_hasty(account: Account) -> None:
    most = account.stream_starts_per_second
    last_second = database_now() - timedelta(seconds=1)
    if ControlRequest.objects.filter(kind="start", stream=None, requested_at__gt=last_second, call__account=account).count() >= most:
        raise too_many(f"The account may start {most} streams a second. Try again in a second.", 1)


def _refuse_crowded(account: Account, call: Call) -> None:
    gateway = call.gateway
    _refuse_beyond("account", account.concurrent_streams_limit, Q(call__account=account))
    if gateway is not None and gateway.concurrent_streams_limit is not None:
        _refuse_beyond("call's gateway", gateway.concurrent_streams_limit, Q(call__gateway=gateway))


def _refuse_beyond(whose: str, most: int, of_calls: Q) -> None:
    asked_for = pending_streams.unwritten(ControlRequest.objects.filter(of_calls, call__state=CallState.LIVE))
    live = Stream.objects.filter(of_calls, call__state=CallState.LIVE, state__in=LIVE_STATES).count()
    if live + len(asked_for) >= most:
        raise too_many(f"The {whose} may have {most} streams at once, and has as many. Stop one first.", CONCURRENCY_RETRY_SECONDS)
