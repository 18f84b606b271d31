"""Recordings as an answer to a request: the whole or a part, read a chunk at a time, and who has listened is written down.

Owns the headers, and that nothing is heard without an entry in the audit log. Who may listen is for who calls it; must not know pages."""

import logging
from collections.abc import AsyncGenerator, Callable, Generator, Hashable
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from cdr import audit
from cdr.asked_again import AskedAgain, file_answer
from cdr.audit import Actor
from cdr.pure.acts import Act
from cdr.pure.byte_range import ByteRange, OutOfRange, asked_range
from cdr.pure.figures import moment
from streams.database_threads import DatabaseThreads
from streams.models import Stream, StreamRecording
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import RecordingState
from streams.recordings import store
from streams.shares import Places, Shares

log = logging.getLogger(__name__)

CONTENT_TYPE = "audio/flac"
VISIT_SECONDS = 3600
"""Who listens on, or again, within so long is written down once."""
VISITS_KEPT = 50
HEARD = "heard_recordings"

_threads = DatabaseThreads(2, "recording-file")
_places = Places(Shares("recordings heard", places=2, each=1))
"""Of those who listen: a chunk is a turn."""


def kept_recording(stream: Stream) -> StreamRecording | None:
    """What can be heard of the stream."""
    return StreamRecording.objects.select_related("stream").filter(stream=stream, state=RecordingState.KEPT).exclude(file_key="").first()


class Hearing(NamedTuple):
    """Who listens, in whose share of the threads, and in which session: None where each request is a visit of its own. `may_still`: asked
    again while it is sent."""

    by: Actor
    whose: Hashable
    session: SessionBase | None
    download: bool
    may_still: Callable[[], bool]


def recording_answer(request: HttpRequest, row: StreamRecording, hearing: Hearing) -> HttpResponseBase:
    """Bytes of the recording. Its file is looked for before anything is said or written down; raises store.NotThere."""
    headers = {"Cache-Control": "private, no-store", "Accept-Ranges": "bytes", "ETag": etag_of(row)}
    try:
        part = _part_of(request, row)
    except OutOfRange:
        return HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={**headers, "Content-Range": f"bytes */{row.size}"})
    whole = part or ByteRange(0, row.size)
    try:
        parts = store.parts(row, whole.start, whole.stop)
    except store.NotThere as error:
        _note_unreadable(row, error)
        raise
    if request.method != "HEAD":
        _write_down(row, hearing)
    headers["Content-Length"] = str(whole.stop - whole.start)
    if part is not None:
        headers["Content-Range"] = part.content_range(row.size)
    if hearing.download:
        headers["Content-Disposition"] = f'attachment; filename="recording-{row.stream.uuid}.flac"'
    status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
    again = AskedAgain(hearing.may_still, f"The recording of stream {row.stream.uuid}")
    return file_answer(_sent(row, parts, hearing.whose, again), hearing.whose, status=status, content_type=CONTENT_TYPE, headers=headers)


def etag_of(row: StreamRecording) -> str:
    return f'"{row.stream.uuid}-{row.size}"'


def _part_of(request: HttpRequest, row: StreamRecording) -> ByteRange | None:
    """With If-Range, a part only of what is the same still."""
    same = request.headers.get("If-Range", etag_of(row)) == etag_of(row)
    return asked_range(request.headers.get("Range", ""), row.size) if same else None


def _write_down(row: StreamRecording, hearing: Hearing) -> None:
    """Once a visit: a browser asks for a recording in parts."""
    act, session = Act.DOWNLOAD_RECORDING if hearing.download else Act.LISTEN, hearing.session
    now, mark = round(timezone.now().timestamp()), f"{act}:{row.pk}"
    heard = dict(session.get(HEARD, {})) if session is not None else {}
    if now - heard.pop(mark, 0) < VISIT_SECONDS:
        return
    audit.write(hearing.by, act, row.stream)
    if session is not None:
        session[HEARD] = dict([*heard.items(), (mark, now)][-VISITS_KEPT:])


def _next_part(row: StreamRecording, parts: Generator[bytes], again: AskedAgain) -> bytes:
    """b"" at the end. What cannot be read breaks off for who listens, who learns why from the page. Raises BrokenOff as well."""
    again.require()
    try:
        return next(parts, b"")
    except Exception as error:  # it was changed, or whatever its storage raises
        _note_unreadable(row, error)
        raise


def _note_unreadable(row: StreamRecording, error: Exception) -> None:
    log.error("The recording of stream %s cannot be read: %s", row.stream.uuid, error)
    store.note_unreadable(row, f"{moment(timezone.now())} UTC: {cleaned(error, 250)}")


async def _sent(row: StreamRecording, parts: Generator[bytes], whose: Hashable, again: AskedAgain) -> AsyncGenerator[bytes]:
    """Whoever stops listening leaves no file open."""
    try:
        while part := await _threads.run_for(whose, _places, _next_part, row, parts, again):
            yield part
    finally:
        with suppress(ValueError):  # a thread is still at it, and closes it at its end
            parts.close()
