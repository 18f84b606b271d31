"""The desk's list of calls, the page of a call, and the debug log of a whole call.

Owns the columns and the addresses. What the pages show is cdr.pages'."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import urlencode

from cdr.admin.additions import Additions
from cdr.admin.calls import call_answer
from cdr.admin.debug_logs import Logged
from cdr.admin.lists.call_columns import CallColumns
from cdr.admin.lists.column_choice import ChoosesColumns
from cdr.admin.lists.exporting import Sheet
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.lists.totals import TOTALS, Totalled
from cdr.desk.exporting import DeskExported
from cdr.desk.filters import CALL_FILTERS
from cdr.desk.records import DeskList, scope_here
from cdr.desk.search import searched
from cdr.desk.site import desk
from cdr.desk_logs import call_log_at_desk
from cdr.desk_scope import name_in_account, one_named, several_named
from cdr.models import CallDetail
from cdr.pages.call import page_of_call
from cdr.pages.columns import CALL_COLUMNS_OUTSIDE
from cdr.pages.log.subject import DebugLog
from cdr.pages.stream import charges_of
from streams.models import Stream


class DeskCallList(Totalled, DeskList):
    """Narrowed by facts of streams, calls that have one such stream. A call is named by its uuid; where two accounts of one person have
    calls of the same, by its account as well."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        calls = super().get_queryset(request, exclude_parameters)
        facts = [fact for spec in self.narrowings if (fact := spec.fact())]
        streams = scope_here(request).rows(Stream).filter(*facts, call=OuterRef("pk")).order_by()
        return calls.filter(Exists(streams)) if facts else calls

    def url_for_result(self, result: Model) -> str:
        calls = cast(list[CallDetail], self.result_list)
        call = cast(CallDetail, result)
        alone = sum(other.uuid == call.uuid for other in calls) == 1
        return self.model_admin.own_url("change", call.uuid if alone else name_in_account(call))


@admin.register(CallDetail, site=desk)
class DeskCalls(ChoosesColumns, DeskExported, Logged, CallColumns):
    address = "calls"
    live_at = "/desk/live/"
    log_words = "Debug log of the call"
    OWN_ACTS = DeskExported.OWN_ACTS | {"columns"}
    list_columns = ("started", "caller", "called", "lasted", "stream_count", "reasons", "billed", "state_badge")
    more_columns = ("direction_words", "application_name")
    list_filter = CALL_FILTERS
    ordering = ("-started_at", "-id")
    sheet = Sheet(CALL_COLUMNS_OUTSIDE, lambda call: (call.from_number, call.to_number), lambda call: charges_of(call.streams.all()))
    turned_by = (*RecordAdmin.turned_by, TOTALS)
    search_help_text = "UUID, number or host; with a time: 4711 14:02"
    adds = Additions()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        streams = scope_here(request).rows(Stream).select_related("charge").order_by("requested_at", "pk")
        return super().get_queryset(request).select_related("account", "application").prefetch_related(Prefetch("streams", streams))

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[DeskList]:
        return DeskCallList

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return searched(scope_here(request), queryset, search_term), False

    def find_log(self, request: HttpRequest, key: str) -> DebugLog | None:
        return call_log_at_desk(scope_here(request), key)

    def _rows(self, request: HttpRequest) -> QuerySet[CallDetail]:
        return scope_here(request).rows(CallDetail).select_related("account", "gateway", "application").order_by()

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        call = one_named(self._rows(request), object_id)
        if call is None and several_named(self._rows(request), object_id):
            return HttpResponseRedirect(f"{self.own_url('changelist')}?{urlencode({'q': object_id})}")
        page = self.shown(request, page_of_call(call, object_id, timezone.now(), outside=True) if call else None, "call")
        return call_answer(self, request, page)
