"""An account's calls: list, get, hang up; those that are going on with ?status=live.

Owns the operations; which calls a list holds is call_filters', their form call_objects'."""

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from ninja import Query, Router, Status

from cdr.api import paging, rows
from cdr.api.auth import AccountRequest
from cdr.api.call_filters import CallFilters, ended_calls, live_calls
from cdr.api.call_objects import call_object, live_call, with_charges
from cdr.api.errors import ApiRefusal, new_api_id, not_found
from cdr.api.paging import ApiPage, CursorPlace
from cdr.api.routes import endpoint
from cdr.api.schemas import CallAnswer, CallIds, CallList, LiveCall
from cdr.api.stream_start import BY_API
from streams import control
from streams.models import Account, Call
from streams.pure.lifecycle import CallState
from streams.rates import PriceList

router = Router(tags=["Calls"])

ALL = "/Account/{auth_id}/Call/"
ONE = ALL + "{call_uuid}/"


@endpoint(router, "GET", ALL, {200: CallList | CallIds}, summary="List calls")
def list_calls(request: AccountRequest, auth_id: str, asked: Query[CallFilters]) -> CallList | CallIds:
    """The calls that have ended, the last ended first: of the last 7 days unless `end_time` asks for others.

    With `status=live` or `status=queued` the uuids of such calls; calls are never queued here."""
    if asked.status == "queued":
        return CallIds(api_id=new_api_id(), calls=[])
    if asked.status == "live":
        return CallIds(api_id=new_api_id(), calls=_live_ids(live_calls(request.auth, asked), asked))
    page = paging.api_page(asked.limit, asked.offset, asked.cursor)
    calls = ended_calls(request.auth, asked, timezone.now())
    found, more = _found(calls, page)
    last = CursorPlace(cast(datetime, found[-1].ended_at), found[-1].uuid) if found else None
    meta = paging.meta(request.path, request.GET.dict(), page, calls.count(), more=more, last=last)
    prices = PriceList([request.auth.pk])
    return CallList(api_id=new_api_id(), meta=meta, objects=[call_object(request.auth, call, prices) for call in found])


@endpoint(router, "GET", ONE, {200: CallAnswer | LiveCall}, by_alias=True, summary="Get a call")
def get_call(request: AccountRequest, auth_id: str, call_uuid: str, status: Literal["live", "queued", ""] = "") -> CallAnswer | LiveCall:
    """The call's record. With `status=live` what is known of it while it is going on; 404 when it is not."""
    if status:
        return live_call(_live_call(request.auth, call_uuid, status), new_api_id())
    call = with_charges(Call.objects.filter(account=request.auth, uuid=rows.uuid_of(call_uuid))).first()
    if call is None:
        raise not_found()
    return CallAnswer(api_id=new_api_id(), **call_object(request.auth, call, PriceList([request.auth.pk])).model_dump())


@endpoint(router, "DELETE", ONE, {204: None}, summary="Hang up a call")
def hang_up(request: AccountRequest, auth_id: str, call_uuid: str) -> Status[None]:
    """The gateway is told to end the call; its streams end with it."""
    try:
        control.request_hangup(rows.call_of(request.auth, call_uuid), BY_API)
    except control.NotLive as error:
        raise ApiRefusal(404, str(error)) from error
    return Status(204, None)


def _live_call(account: Account, call_uuid: str, status: str) -> Call:
    call = rows.call_of(account, call_uuid)
    if call.state != CallState.LIVE or status != "live":
        raise not_found()
    return call


def _live_ids(calls: QuerySet[Call], asked: CallFilters) -> list[UUID]:
    """All of them, unless a page is asked for."""
    begin = asked.offset or 0
    return list(calls.values_list("uuid", flat=True)[begin : begin + asked.limit if asked.limit else None])


def _found(calls: QuerySet[Call], page: ApiPage) -> tuple[list[Call], bool]:
    """The page's calls, and whether more follow."""
    ordered = with_charges(calls).order_by("-ended_at", "-pk")
    begin = page.offset
    if page.after:
        at, uuid = page.after
        last = calls.filter(uuid=uuid, ended_at=at).order_by().values_list("pk", flat=True).first() if uuid else None
        before = Q(ended_at__lt=at) | Q(ended_at=at, pk__lt=last or 0)
        ordered, begin = ordered.filter(before), 0
    found = list(ordered[begin : begin + page.limit + 1])
    return found[: page.limit], len(found) > page.limit
