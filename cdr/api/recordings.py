"""The recording of a stream: what there is of it, and its bytes, where the operator lets the account listen.

Owns both operations. How a part of a file is read, and that it is written down, is cdr.recordings'."""

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from ninja import Router

from cdr.addresses import address_of
from cdr.api import rows
from cdr.api.auth import AccountRequest
from cdr.api.errors import new_api_id, not_found, too_many
from cdr.api.forms import exact_utc
from cdr.api.record_schemas import RecordingAnswer
from cdr.api.routes import endpoint
from cdr.api.streams import ONE
from cdr.asked_again import ENOUGH, has_enough
from cdr.audit import Actor
from cdr.recordings import Hearing, kept_recording, recording_answer
from streams import tokens
from streams.models import Stream, StreamRecording
from streams.pure.lifecycle import RecordingState
from streams.recordings.store import NotThere

router = Router(tags=["Streams of a call"])

RETRY_SECONDS = 10

_FILE: dict[str, Any] = {"content": {"audio/flac": {"schema": {"type": "string", "format": "binary"}}}}


@endpoint(router, "GET", ONE + "Recording/", {200: RecordingAnswer}, summary="Get the recording of a stream")
def get_recording(request: AccountRequest, auth_id: str, call_uuid: str, stream_id: str) -> RecordingAnswer:
    """What there is to be heard, and where; 404 of a stream that was not recorded, and where the account may not listen."""
    stream = _heard(request, call_uuid, stream_id)
    row = StreamRecording.objects.filter(stream=stream).first()
    if row is None:
        raise not_found()
    kept = row.state == RecordingState.KEPT and bool(row.file_key)
    return RecordingAnswer(
        api_id=new_api_id(),
        stream_id=stream.uuid,
        state=row.state,
        start_time=exact_utc(row.began_at) if kept and row.began_at else None,
        duration_ms=row.length_ms if kept else None,
        size=row.size if kept else None,
        gaps=row.gaps if kept else [],
        file_uri=f"{request.path.rstrip('/')}/File/" if kept else None,
    )


@endpoint(
    router,
    "GET",
    ONE + "Recording/File/",
    {200: None},
    summary="Fetch the recording of a stream",
    openapi_extra={"responses": {200: {"description": "OK", **_FILE}, 206: {"description": "Partial Content", **_FILE}}},
)
def get_recording_file(request: AccountRequest, auth_id: str, call_uuid: str, stream_id: str) -> HttpResponseBase:
    """FLAC, left the caller, right what was played to the call; whole, or the part that a Range header asks for. Each is written down."""
    row = kept_recording(_heard(request, call_uuid, stream_id))
    if row is None:
        raise not_found()
    by, whose = Actor(f"API of {request.auth.auth_id}", address_of(request)), f"API of {request.auth.pk}"
    if has_enough(whose):
        raise too_many(ENOUGH, RETRY_SECONDS)
    still = partial(tokens.counts_still, request.token, customers_listen=True)
    try:
        return recording_answer(request, row, Hearing(by, whose, session=None, download=True, may_still=still))
    except NotThere as error:
        raise not_found() from error


def _heard(request: AccountRequest, call_uuid: str, stream_id: str) -> Stream:
    """Raises the 404, also where the account may not listen."""
    found = rows.stream_of(rows.call_of(request.auth, call_uuid), stream_id)
    if not request.auth.customers_listen or not isinstance(found, Stream):
        raise not_found()
    return found
