"""A call's streams: start, list, get, stop one, stop all.

Owns the operations; what a start may ask is streams.pure.customer.stream_request's, whether it may is stream_start's."""

from http import HTTPStatus

from ninja import Query, Router, Status

from cdr.api import body, paging, rows
from cdr.api.auth import AccountRequest
from cdr.api.errors import ApiRefusal, new_api_id
from cdr.api.paging import PageAsked
from cdr.api.routes import endpoint
from cdr.api.schemas import Error, StreamAnswer, StreamList, StreamStart, StreamStarted
from cdr.api.stream_objects import conversation_object, noise_object, stream_object
from cdr.api.stream_start import BY_API, start
from streams import control
from streams.control import pending_streams
from streams.models import ControlRequest, Stream
from streams.pure.customer.stream_request import InvalidRequest, accept_request

router = Router(tags=["Streams of a call"])

OF_CALL = "/Account/{auth_id}/Call/{call_uuid}/Stream/"
ONE = OF_CALL + "{stream_id}/"
NO_ACTIVE_STREAM = "No active stream found"
TOO_LARGE = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Error}
SPENT = {HTTPStatus.PAYMENT_REQUIRED: Error}
_SCHEMA = {"schema": StreamStart.model_json_schema()}
_BODY = {"required": True, "content": {"application/json": _SCHEMA, body.FORMS[0]: _SCHEMA}}


@endpoint(router, "POST", OF_CALL, {202: StreamStarted} | TOO_LARGE | SPENT, summary="Start a stream", openapi_extra={"requestBody": _BODY})
def start_stream(request: AccountRequest, auth_id: str, call_uuid: str) -> Status[StreamStarted]:
    """Begins to stream the call's audio to `service_url`. The stream can be listed, read and stopped at once."""
    call = rows.call_of(request.auth, call_uuid)
    try:
        stream_id = start(request.auth, call, accept_request(body.parameters(request)))
    except InvalidRequest as error:
        raise ApiRefusal(400, str(error)) from error
    except control.NotLive as error:
        raise ApiRefusal(404, str(error)) from error
    return Status(202, StreamStarted(api_id=new_api_id(), message="audio streaming started", stream_id=stream_id))


@endpoint(router, "GET", OF_CALL, {200: StreamList}, summary="List the call's streams")
def list_streams(request: AccountRequest, auth_id: str, call_uuid: str, asked: Query[PageAsked]) -> StreamList:
    """All streams of the call, those that have ended too, the newest first."""
    page = paging.api_page(asked.limit, asked.offset, None)
    streams, total_count = rows.streams_of(rows.call_of(request.auth, call_uuid), page.limit, page.offset)
    meta = paging.meta(request.path, request.GET.dict(), page, total_count, more=page.end < total_count)
    return StreamList(api_id=new_api_id(), meta=meta, objects=[stream_object(stream) for stream in streams])


@endpoint(router, "GET", ONE, {200: StreamAnswer}, summary="Get a stream")
def get_stream(request: AccountRequest, auth_id: str, call_uuid: str, stream_id: str) -> StreamAnswer:
    """What was asked for, how far it has come, and once it has ended what it cost."""
    found = rows.stream_of(rows.call_of(request.auth, call_uuid), stream_id)
    shown = rows.shown(found)
    noise, conversation = noise_object(shown), conversation_object(shown)
    return StreamAnswer(api_id=new_api_id(), noise_cancellation=noise, conversation=conversation, **stream_object(shown).model_dump())


@endpoint(router, "DELETE", ONE, {204: None}, summary="Stop a stream")
def stop_stream(request: AccountRequest, auth_id: str, call_uuid: str, stream_id: str) -> Status[None]:
    """The stream ends with the hangup reason `API request`; the call goes on, unless the stream kept it alive."""
    _stop(rows.stream_of(rows.call_of(request.auth, call_uuid), stream_id))
    return Status(204, None)


@endpoint(router, "DELETE", OF_CALL, {204: None}, summary="Stop all streams of the call")
def stop_streams(request: AccountRequest, auth_id: str, call_uuid: str) -> Status[None]:
    """Those that were only just asked for as well."""
    active = rows.active_streams(rows.call_of(request.auth, call_uuid))
    if not active:
        raise ApiRefusal(400, NO_ACTIVE_STREAM)
    for found in active:
        _stop(found)
    return Status(204, None)


def _stop(found: Stream | ControlRequest) -> None:
    try:
        if isinstance(found, Stream):
            control.request_stop(found, BY_API)
        else:
            pending_streams.request_stop(found, BY_API)
    except control.NotLive as error:
        raise ApiRefusal(400, NO_ACTIVE_STREAM) from error
