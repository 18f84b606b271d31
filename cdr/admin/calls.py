"""The list of calls, the page of a call, the debug log of a whole call, and the hanging up of a live one.

Owns the columns and the addresses. What the pages show is cdr.pages'."""

from collections.abc import Iterator
from typing import cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin import acts
from cdr.admin.additions import Additions, Context, Door, OwnPage, PageAdmin, Where
from cdr.admin.debug_logs import Logged
from cdr.admin.digits import SendsDigits
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.calls_and_streams import CALL_FILTERS
from cdr.admin.lists.acting_on_all import ActsOnAll
from cdr.admin.lists.call_columns import CallColumns
from cdr.admin.lists.column_choice import ChoosesColumns
from cdr.admin.lists.exporting import Exported, Sheet
from cdr.admin.lists.markup import named_link
from cdr.admin.lists.narrowing import CallChangeList
from cdr.admin.lists.news import HasNews
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, RecordList, found
from cdr.admin.lists.saved_filters import Saved
from cdr.admin.lists.search import matching
from cdr.admin.lists.totals import TOTALS
from cdr.admin.site import console
from cdr.list_act_rows import ListActKind
from cdr.models import CallDetail, StreamDetail
from cdr.pages.call import CallPage, call_page, find_call
from cdr.pages.columns import CALL_COLUMNS
from cdr.pages.log.subject import DebugLog, call_log
from cdr.pages.row_key import names_several
from cdr.pages.stream import charges_of
from cdr.pure.acts import PERMISSIONS, Act
from cdr.pure.figures import NOTHING, counted
from streams import control
from streams.models import Stream

MAY_HANG_UP = PERMISSIONS[Act.HANG_UP].name
MASKED = {"caller": "masked_caller", "called": "masked_called"}


@admin.register(CallDetail, site=console)
class CallAdmin(SendsDigits, Logged, ChoosesColumns, Exported, ActsOnAll, HasNews, Saved, Asking, CallColumns):
    log_words = "Debug log of the call"
    list_display = ("started", "caller", "called", "lasted", "stream_count", "reasons", "billed", "state_badge", "account_name")
    more_columns = ("direction_words", "gateway_name", "application_name")
    linked = {
        "account_name": ("streams.view_account", "account_link"),
        "gateway_name": ("streams.view_gateway", "gateway_link"),
        "application_name": ("streams.view_application", "application_link"),
    }
    list_filter = CALL_FILTERS
    ordering = ("-started_at", "-id")
    sheet = Sheet(CALL_COLUMNS, lambda call: (call.from_number, call.to_number), lambda call: charges_of(call.streams.all()))
    turned_by = (*RecordAdmin.turned_by, TOTALS)
    search_help_text = "UUID, number, host, name; with a time: 4711 14:02"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallDetail]:
        streams = Stream.objects.select_related("charge").order_by("requested_at", "pk")
        calls = super().get_queryset(request).select_related("account", "gateway", "application")
        return calls.prefetch_related(Prefetch("streams", streams))

    def act_on_all(self, asked: QueryDict) -> ListActKind:
        return ListActKind.STOP

    def rows_meant(self, request: HttpRequest, listed: RecordList) -> QuerySet[Stream]:
        """The streams of the calls that are shown; where facts of streams narrow the list, the streams that they are true of."""
        return cast(CallChangeList, listed).streams_meant(request)

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[CallChangeList]:
        return CallChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CallDetail], search_term: str
    ) -> tuple[QuerySet[CallDetail], bool]:
        return matching(request, queryset, search_term), False

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        whole = self.may_see_numbers(request)
        return tuple(column if whole else MASKED.get(column, column) for column in super().get_list_display(request))

    def find_log(self, request: HttpRequest, key: str) -> DebugLog | None:
        return call_log(key)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        """The page of a call, by its uuid or its number in the table. Two accounts may have calls of one uuid: then both are listed."""
        self.require_view_permission(request)
        page = call_page(object_id, timezone.now())
        if page is None and names_several(CallDetail.objects.order_by(), object_id):
            return HttpResponseRedirect(f"{self.own_url('changelist')}?{urlencode({SEARCH_VAR: object_id})}")
        call = self.shown(request, page, "call")
        return call_answer(self, request, call)

    def hang_up_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to hang up calls."""
        return self.act_view(request, MAY_HANG_UP, lambda: self._ask_to_hang_up(request, key), lambda: self._hang_up(request, key))

    def _ask_to_hang_up(self, request: HttpRequest, key: str) -> HttpResponse:
        call = self.shown(request, call_page(key, timezone.now()), "call")
        return self.asked(request, hang_up_question(call), crumb=str(call.uuid))

    def _hang_up(self, request: HttpRequest, key: str) -> HttpResponse:
        call = found(find_call(key), "call")
        try:
            acts.hang_up(call, visitor(request))
            messages.success(request, "The call was asked to hang up. It ends within seconds, and its streams with it.")
        except control.NotLive as error:
            messages.warning(request, f"{error} Nothing was done.")
        return HttpResponseRedirect(self.own_url("change", key))

    def _act_doors(self, request: HttpRequest, call: CallPage) -> Iterator[Door]:
        if call.live and request.user.has_perm(MAY_HANG_UP):
            yield Door("Hang up…", self.own_url("hang_up", call.key), bad=True)

    adds = Additions(pages=(OwnPage("hang_up", "<slug:key>/hang-up/", hang_up_view),), doors={Where.RECORD: _act_doors})

    @admin.display(description="Account")
    def account_link(self, call: CallDetail) -> SafeString:
        return named_link(reverse("admin:streams_account_change", args=[call.account_id]), call.account.name)

    @admin.display(description="Gateway")
    def gateway_link(self, call: CallDetail) -> SafeString | str:
        return named_link(reverse("admin:streams_gateway_change", args=[call.gateway_id]), call.gateway.name) if call.gateway else NOTHING

    @admin.display(description="Application")
    def application_link(self, call: CallDetail) -> SafeString | str:
        if call.application is None:
            return NOTHING
        return named_link(reverse("admin:streams_application_change", args=[call.application_id]), call.application.name)


def call_answer(calls: PageAdmin, request: HttpRequest, call: CallPage) -> TemplateResponse:
    """The page of a call, at the site whose list of calls that is."""
    streams = cast(PageAdmin, calls.admin_site.get_model_admin(StreamDetail))
    shown = {
        "call": call,
        "cards": [(card, streams.doors(Where.RECORD, request, card)) for card in call.streams],
        "may_list_streams": streams.has_view_permission(request),
        "doors": calls.doors(Where.RECORD, request, call),
    }
    context = calls.page_context(request, f"Call {call.from_number} to {call.to_number}", **shown)
    return TemplateResponse(request, "admin/cdr/call.html", context)


def hang_up_question(call: CallPage) -> Question:
    return Question(
        title="Hang up this call?",
        consequences=(
            f"The call of {call.from_number} to {call.to_number} ends for both sides, with hangup source “API Request”, "
            f"and {counted(call.live_streams, 'live stream')} with it. This cannot be undone.",
        ),
        refusal="" if call.live else "This call has ended already; there is nothing to hang up.",
        button="Hang up the call",
        leave="Leave it",
        back=reverse("admin:cdr_calldetail_change", args=[call.key]),
    )
