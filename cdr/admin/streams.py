"""The list of streams, the page of a stream, its debug log, and the stopping of a live one.

Owns the columns and the addresses. What the pages show is cdr.pages'; how a stream is reached is streams.control's."""

from collections.abc import Iterator

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin import acts
from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.comparing import Comparable
from cdr.admin.debug_logs import Logged
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.calls_and_streams import STREAM_FILTERS
from cdr.admin.heard import Heard
from cdr.admin.lists.acting_on_all import ActsOnAll
from cdr.admin.lists.column_choice import ChoosesColumns
from cdr.admin.lists.exporting import Exported, Sheet
from cdr.admin.lists.markup import named_link
from cdr.admin.lists.narrowing import StreamChangeList
from cdr.admin.lists.news import HasNews
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.admin.lists.saved_filters import Saved
from cdr.admin.lists.search import matching
from cdr.admin.lists.stream_columns import StreamColumns
from cdr.admin.lists.totals import TOTALS
from cdr.admin.log_sharing import SharesLogs
from cdr.admin.site import console
from cdr.admin.url_tests import MAY_TEST, ask_address
from cdr.list_act_rows import ListActKind
from cdr.models import StreamDetail
from cdr.pages.columns import STREAM_COLUMNS
from cdr.pages.log.subject import DebugLog, stream_log
from cdr.pages.stream import charges_of, find_stream
from cdr.pages.stream_card import StreamCard, stream_card
from cdr.pages.stream_page import stream_page
from cdr.pure.acts import PERMISSIONS, Act
from cdr.pure.figures import counted, short_host
from streams import control

MAY_STOP = PERMISSIONS[Act.STOP_STREAM].name


@admin.register(StreamDetail, site=console)
class StreamAdmin(Comparable, SharesLogs, Logged, Heard, ChoosesColumns, Exported, ActsOnAll, HasNews, Saved, Asking, StreamColumns):
    named_by = "uuid"
    list_display = (
        *("start", "short_uuid", "call_link", "host", "lasted", "rounded", "billed"),
        *("reason", "state_badge", "degraded", "slowest_response", "account_name"),
    )
    more_columns = ("attempts", "close_words")
    linked = {"account_name": ("streams.view_account", "account_link")}
    list_filter = STREAM_FILTERS
    list_select_related = ("call", "account", "charge", "conversation")
    ordering = ("-requested_at", "-id")
    sheet = Sheet(STREAM_COLUMNS, lambda stream: (stream.call.from_number, stream.call.to_number), lambda stream: charges_of([stream]))
    turned_by = (*RecordAdmin.turned_by, TOTALS)
    search_help_text = "UUID, number, host, name; with a time: 4711 14:02"

    def act_on_all(self, asked: QueryDict) -> ListActKind:
        return ListActKind.STOP

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[StreamChangeList]:
        return StreamChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[StreamDetail]:
        return super().get_queryset(request).defer("conversation__course")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StreamDetail], search_term: str
    ) -> tuple[QuerySet[StreamDetail], bool]:
        return matching(request, queryset, search_term), False

    def find_log(self, request: HttpRequest, key: str) -> DebugLog | None:
        return stream_log(key)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        """The page of a stream, by its uuid or its number in the table."""
        self.require_view_permission(request)
        page = self.shown(request, stream_page(object_id, timezone.now()), "stream")
        doors = {"doors": self.doors(Where.RECORD, request, page.card), "doors_below": self.doors(Where.BELOW, request, page.card)}
        links = self.links_shown(request, page.card)
        recording = self.recording_shown(request, self.find_heard(request, page.card.key)) if self.hears(request) else None
        shown = {"page": page, "stream": page.card, "links": links, "recording": recording}
        context = self.page_context(request, f"Stream {page.card.uuid}", **shown, **doors)
        return TemplateResponse(request, "admin/cdr/stream.html", context)

    def stop_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to stop streams."""
        return self.act_view(request, MAY_STOP, lambda: self._ask_to_stop(request, key), lambda: self._stop(request, key))

    def _ask_to_stop(self, request: HttpRequest, key: str) -> HttpResponse:
        stream = self.shown(request, stream_card(key, timezone.now()), "stream")
        doors = [door for door in self.doors(Where.RECORD, request, stream) if door.address != request.path]
        return self.asked(
            request,
            stop_question(stream, self.site_url("cdr_calldetail_change", stream.call_key)),
            stream=stream,
            doors=doors,
            crumb=str(stream.uuid),
        )

    def _stop(self, request: HttpRequest, key: str) -> HttpResponse:
        stream = found(find_stream(key), "stream")
        try:
            acts.stop(stream, visitor(request))
            messages.success(request, f"The stream {stream.uuid} was asked to stop. It ends within seconds, with the reason “API request”.")
        except control.NotLive as error:
            messages.warning(request, f"{error} Nothing was done.")
        return HttpResponseRedirect(reverse("admin:cdr_calldetail_change", args=[stream.call_id]))

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_STOP)

    @admin.action(description="Stop the selected streams…", permissions=["stop"])
    def stop_selected(self, request: HttpRequest, queryset: QuerySet[StreamDetail]) -> HttpResponse | None:
        def act(streams: list[StreamDetail]) -> None:
            done, ended = acts.to_each(acts.stop, streams, visitor(request))
            messages.success(request, f"{counted(done, 'stream')} asked to stop; {ended} had ended already.")

        return self.asked_of_many(request, queryset, stop_many_question, act)

    def _act_doors(self, request: HttpRequest, stream: StreamCard) -> Iterator[Door]:
        if stream.live and request.user.has_perm(MAY_STOP):
            yield Door("Stop…", self.own_url("stop", stream.uuid), bad=True)

    def _doors_below(self, request: HttpRequest, stream: StreamCard) -> Iterator[Door]:
        if request.user.has_perm(MAY_TEST):
            yield Door("Test its service URL…", ask_address(stream=stream.uuid))

    adds = Additions(
        pages=(OwnPage("stop", "<slug:key>/stop/", stop_view),),
        doors={Where.RECORD: _act_doors, Where.BELOW: _doors_below},
        actions=("stop_selected",),
    )

    @admin.display(description="Account")
    def account_link(self, stream: StreamDetail) -> SafeString:
        return named_link(reverse("admin:streams_account_change", args=[stream.account_id]), stream.account.name)


def stop_question(stream: StreamCard, back: str) -> Question:
    keeps = "The call ends with it: this stream was asked to keep the call alive, and nothing else does."
    return Question(
        title="Stop this stream?",
        consequences=(
            f"The audio to {stream.service_url} ends; the customer's service is disconnected, and its hangup reason becomes "
            "“API request”. This cannot be undone.",
            *(() if stream.keeps_call else ("The call itself goes on.",)),
        ),
        warning=keeps if stream.keeps_call else "",
        refusal="" if stream.live else "This stream has ended already; there is nothing to stop.",
        button="Stop the stream",
        leave="Leave it running",
        back=back,
    )


def stop_many_question(streams: list[StreamDetail]) -> Question:
    keeping = sum(stream.keep_call_alive for stream in streams)
    return Question(
        title=f"Stop {counted(len(streams), 'stream')}?",
        consequences=("Their audio ends, with the reason “API request”. This cannot be undone. What has ended is left as it is.",),
        warning=f"{counted(keeping, 'call')} may end with them: so many were asked to keep their call alive." if keeping else "",
        button=f"Stop {counted(len(streams), 'stream')}",
        leave="Leave them running",
        back=reverse("admin:cdr_streamdetail_changelist"),
        subjects=tuple(f"{stream.uuid}  {short_host(stream.service_url)}" for stream in streams),
    )
