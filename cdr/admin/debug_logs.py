"""The debug log of a call or a stream as a page, and as a file.

Owns both addresses. What stands in a log is cdr.pages.log.page's; how a file is written cdr.pure.log.text's."""

from collections.abc import AsyncGenerator, Hashable, Iterator
from typing import ClassVar, NamedTuple, Protocol, TypeVar

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from cdr import audit
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.records import RecordAdmin, found
from cdr.asked_again import AskedAgain, file_answer
from cdr.pages.log.page import log_page
from cdr.pages.log.subject import DebugLog
from cdr.pages.masked_page import hiding
from cdr.pure.acts import Act
from cdr.pure.figures import counted, moment
from cdr.pure.keyset import Place
from cdr.pure.log.filter import LogFilter, asked_by
from cdr.pure.log.rows import place_of
from cdr.pure.log.text import json_line, text_head, text_line
from streams.database_threads import DatabaseThreads
from streams.shares import Places, Shares

CHUNK_LINES = 1000
FORMS = {"jsonl": (json_line, "application/jsonl; charset=utf-8"), "txt": (text_line, "text/plain; charset=utf-8")}

Hidden = TypeVar("Hidden")
_threads = DatabaseThreads(2, "log-file")
_places = Places(Shares("log files", places=2, each=1))
"""Of the persons who download them: a chunk is a turn."""


class Hiding(Protocol):
    """Makes of what stands in a log the same without the numbers that this reader may not see."""

    def __call__(self, value: Hidden, /) -> Hidden: ...


class LogFile(NamedTuple):
    """What is written of which log, as what, and as whose eyes may see it; `again`: whether they still may."""

    log: DebugLog
    asked: LogFilter
    form: str
    hide: Hiding
    again: AskedAgain


class HasKey(Protocol):
    @property
    def key(self) -> str: ...


class Logged(RecordAdmin):
    """Records that have a debug log. `log_words`: those of the door to it. `live_at`: where an open log goes on."""

    log_words: ClassVar[str] = "Debug logs"
    live_at: ClassVar[str] = "/admin/live/"

    def find_log(self, request: HttpRequest, key: str) -> DebugLog | None:
        """By the key in an address."""
        raise NotImplementedError

    def debug_log_view(self, request: HttpRequest, key: str) -> HttpResponse:
        self.require_view_permission(request)
        log = found(self.find_log(request, key), str(self.opts.verbose_name))
        page = log_page(log, _asked(request), whole_numbers=self.may_see_numbers(request))
        doors = self.doors(Where.LOG, request, log.subject)
        here = self.own_url("debug_log", log.subject.key)
        context = self.page_context(request, "Debug log", log=page, here=here, doors=doors, live_at=self.live_at)
        return TemplateResponse(request, "admin/cdr/debug_log.html", context, status=400 if page.asked.problem else 200)

    def log_file_view(self, request: HttpRequest, key: str, form: str) -> HttpResponseBase:
        """All lines that match, however many; for everybody who may see the page, and written into the audit log like an export."""
        self.require_view_permission(request)
        log, asked = found(self.find_log(request, key), str(self.opts.verbose_name)), _asked(request).at()
        if asked.problem:
            raise BadRequest(asked.problem)
        audit.write(visitor(request), Act.DOWNLOAD_LOG, log.of, form=form, filters=asked.query())
        name = f"debug-log-{log.subject.uuid}-{timezone.now():%Y%m%dT%H%M%SZ}.{form}"
        whole_numbers = self.may_see_numbers(request)
        again = AskedAgain(lambda: self._reads_still(request, key, whole_numbers), f"The debug log of {log.subject.uuid}")
        file = LogFile(log, asked, form, hiding(log.numbers, whole_numbers), again)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return file_answer(_parts(file, request.user.pk), request.user.pk, content_type=FORMS[form][1], headers=headers)

    def _reads_still(self, request: HttpRequest, key: str, whole_numbers: bool) -> bool:
        reader = self.reader_again(request)
        return reader is not None and self.may_see_numbers(reader) >= whole_numbers and self.find_log(reader, key) is not None

    def _door_to_log(self, request: HttpRequest, record: HasKey) -> Iterator[Door]:
        yield Door(self.log_words, self.own_url("debug_log", record.key))

    adds = Additions(
        pages=(
            OwnPage("debug_log", "<slug:key>/debug-log/", debug_log_view),
            OwnPage("debug_log_jsonl", "<slug:key>/debug-log/jsonl/", log_file_view, {"form": "jsonl"}),
            OwnPage("debug_log_txt", "<slug:key>/debug-log/txt/", log_file_view, {"form": "txt"}),
        ),
        doors={Where.RECORD: _door_to_log},
    )


def _asked(request: HttpRequest) -> LogFilter:
    return asked_by(dict(request.GET.lists()))


async def _parts(file: LogFile, whose: Hashable) -> AsyncGenerator[bytes]:
    """The file, a chunk at a time, each read and written on a thread of its own: neither memory nor other requests notice."""
    if file.form == "txt":
        yield _head(file).encode()
    place: Place | None = None
    shown = passed = 0
    while True:
        text, matching, lines, place = await _threads.run_for(whose, _places, _chunk, file, place)
        shown, passed = shown + matching, passed + lines
        yield text.encode()
        if lines < CHUNK_LINES:
            break
    if file.form == "txt":
        yield f"\n{f'{shown} of ' if file.asked.narrows else ''}{counted(passed, 'line')}.\n".encode()


def _chunk(file: LogFile, place: Place | None) -> tuple[str, int, int, Place | None]:
    """The next lines as text, how many match, of how many; and where the last stands. Raises BrokenOff."""
    file.again.require()
    rows = file.log.rows.after(place, CHUNK_LINES)
    matching = [line for line in file.log.lines(rows, file.hide) if file.asked.matches(line)]
    return "".join(map(FORMS[file.form][0], matching)), len(matching), len(rows), place_of(rows[-1]) if rows else place


def _head(file: LogFile) -> str:
    log, asked, hide = file.log, file.asked, file.hide
    subject = hide(log.subject)
    title = f"Debug log of {'stream' if subject.stream_uuid else 'call'} {log.subject.uuid}"
    about = (
        f"Account: {subject.account}",
        subject.service_url and f"Service URL: {subject.service_url}",
        subject.stream_uuid and f"Call: {subject.call_uuid}",
        f"Written {moment(timezone.now())} UTC. Times in UTC. Offsets count from {subject.origin}.",
        asked.narrows and f"Only lines that match: {asked.words()}",
    )
    return text_head(title, (line for line in about if line))
