"""The list of calls, the page of a call and the debug log of a whole call.

Owns the columns and the addresses. What the pages show is cdr.pages'."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin.filters import AccountFilter, CallReasonFilter, CallStateFilter, PeriodFilter
from cdr.admin.markup import badge_html, badges_html
from cdr.admin.records import RecordAdmin, found
from cdr.admin.search import calls_matching
from cdr.admin.site import console
from cdr.models import CallDetail
from cdr.pages.call import call_page
from cdr.pages.debug_log import call_log
from cdr.pages.stream import charge_of
from cdr.pure.badges import call_badge, cause_badge, reason_badge
from cdr.pure.billing import totals
from cdr.pure.figures import NOTHING, duration, elapsed_seconds, moment, money
from streams.models import Stream


@admin.register(CallDetail, site=console)
class CallAdmin(RecordAdmin):
    list_display = ("started", "caller", "called", "lasted", "stream_count", "reasons", "billed", "state_badge", "account_name")
    list_filter = (PeriodFilter, CallReasonFilter, CallStateFilter, AccountFilter)
    search_help_text = "Call or stream UUID, or a number"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        streams = Stream.objects.select_related("charge").order_by("requested_at", "pk")
        return super().get_queryset(request).select_related("account").prefetch_related(Prefetch("streams", streams))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return (calls_matching(queryset, search_term) if search_term.strip() else queryset), False

    def get_urls(self) -> list[Any]:
        log = path("<slug:key>/debug-log/", self.admin_site.admin_view(self.debug_log_view), name="cdr_calldetail_debug_log")
        return [log, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a call, by its uuid or its number in the table."""
        self.require_view_permission(request)
        call = found(call_page(object_id, timezone.now()), "call")
        may_stop = request.user.has_perm("cdr.stop_stream")
        context = self.page_context(request, f"Call {call.from_number} to {call.to_number}", call=call, may_stop=may_stop)
        return TemplateResponse(request, "admin/cdr/call.html", context)

    def debug_log_view(self, request: HttpRequest, key: str) -> HttpResponse:
        self.require_view_permission(request)
        problems_only = request.GET.get("level") == "problems"
        log = found(call_log(key, problems_only=problems_only), "call")
        context = self.page_context(request, "Debug log of the call", log=log, problems_only=problems_only)
        return TemplateResponse(request, "admin/cdr/debug_log.html", context)

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Started (UTC)")
    def started(self, call: CallDetail) -> str:
        return moment(call.started_at)

    @admin.display(description="From")
    def caller(self, call: CallDetail) -> str:
        return call.from_number or NOTHING

    @admin.display(description="To")
    def called(self, call: CallDetail) -> str:
        return call.to_number or NOTHING

    @admin.display(description="Duration")
    def lasted(self, call: CallDetail) -> str:
        return duration(elapsed_seconds(call.started_at, call.ended_at or timezone.now()))

    @admin.display(description="Streams")
    def stream_count(self, call: CallDetail) -> int:
        return len(call.streams.all())

    @admin.display(description="Hangup reasons")
    def reasons(self, call: CallDetail) -> SafeString:
        """Those of its streams; of a call that an error ended, its cause too."""
        reasons = {stream.hangup_reason for stream in call.streams.all()}
        cause = cause_badge(call.hangup_cause_code, call.hangup_cause_name, call.hangup_source)
        return badges_html(filter(None, (*map(reason_badge, sorted(reasons)), cause)))

    @admin.display(description="Billed")
    def billed(self, call: CallDetail) -> str:
        charges = [charge for stream in call.streams.all() if (charge := charge_of(stream))]
        sums = totals((charge.amount, charge.currency) for charge in charges)
        return ", ".join(money(amount, currency) for currency, amount in sums.items()) or NOTHING

    @admin.display(description="State")
    def state_badge(self, call: CallDetail) -> SafeString:
        return badge_html(call_badge(call.state))

    @admin.display(description="Account")
    def account_name(self, call: CallDetail) -> str:
        return call.account.name
