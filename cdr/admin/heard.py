"""The recording of a stream under its page: heard there, or downloaded.

Owns both addresses, and that whoever may not listen learns nothing of a recording. How it is answered, and that it is written down, is
cdr.recordings'."""

from functools import partial
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from cdr.admin.additions import Additions, OwnPage
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.records import RecordAdmin, found
from cdr.audit import Actor
from cdr.pages.recording import RecordingPart, recording_part
from cdr.pages.row_key import only_one
from cdr.recordings import Hearing, kept_recording, recording_answer
from cdr.retention import kept_days
from cdr.roles import RECORDINGS
from streams.models import Stream, StreamRecording
from streams.recordings.store import NotThere


class Heard(RecordAdmin):
    """Streams that may have been recorded. `heard_outside`: by who is none of the operator's people."""

    heard_outside: ClassVar[bool] = False

    def hears(self, request: HttpRequest) -> bool:
        """Whether this reader may listen to recordings at all."""
        return request.user.has_perm(RECORDINGS)

    def find_heard(self, request: HttpRequest, key: str) -> Stream | None:
        """The stream by the key in an address, where this reader may listen to it."""
        return only_one(Stream.objects.order_by(), key)

    def hearer(self, request: HttpRequest) -> Actor:
        return visitor(request)

    def recording_view(self, request: HttpRequest, key: str, how: str) -> HttpResponseBase:
        self.require_view_permission(request)
        if not self.hears(request):
            raise PermissionDenied
        stream = found(self.find_heard(request, key), "recording")
        row = found(kept_recording(stream), "recording")
        still, download = partial(self._hears_still, request, key), how == "download"
        hearing = Hearing(self.hearer(request), request.user.pk, request.session, download, still)
        try:
            return recording_answer(request, row, hearing)
        except NotThere as error:
            raise Http404("The file of this recording cannot be had from its storage.") from error

    def _hears_still(self, request: HttpRequest, key: str) -> bool:
        reader = self.reader_again(request)
        return reader is not None and self.hears(reader) and self.find_heard(reader, key) is not None

    def recording_shown(self, request: HttpRequest, stream: Stream | None) -> RecordingPart | None:
        """What the page of a stream that this reader may listen to says of its recording."""
        row = StreamRecording.objects.filter(stream=stream).select_related("stream", "account").first() if stream else None
        return recording_part(row, kept_days(row.account), outside=self.heard_outside) if row else None

    adds = Additions(
        pages=(
            OwnPage("recording", "<slug:key>/recording/", recording_view, {"how": "heard"}),
            OwnPage("recording_flac", "<slug:key>/recording/flac/", recording_view, {"how": "download"}),
        )
    )
