"""The list of streams, the page of a stream, its debug log, and the stopping of a live one.

Owns the columns and the addresses. What the pages show is cdr.pages'; how a stream is reached is streams.control's."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin.filters import AccountFilter, RequestedFilter, StreamReasonFilter, StreamStateFilter
from cdr.admin.markup import badge_html, code_link, quiet
from cdr.admin.records import RecordAdmin, found
from cdr.admin.search import streams_matching
from cdr.admin.site import console
from cdr.models import StreamDetail
from cdr.pages.debug_log import stream_log
from cdr.pages.stream import charge_of, find_stream, lasted_seconds, stream_card
from cdr.pure.badges import degraded_badge, reason_badge, stream_badge
from cdr.pure.figures import NOTHING, duration, moment, money, seconds_count, service_host
from streams import control


@admin.register(StreamDetail, site=console)
class StreamAdmin(RecordAdmin):
    list_display = (
        *("start", "short_uuid", "call_link", "host", "lasted", "rounded", "billed"),
        *("reason", "state_badge", "degraded", "account_name"),
    )
    list_filter = (RequestedFilter, StreamReasonFilter, StreamStateFilter, AccountFilter)
    list_select_related = ("call", "account", "charge")
    search_help_text = "Stream or call UUID, number, service host"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return (streams_matching(queryset, search_term) if search_term.strip() else queryset), False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<slug:key>/debug-log/", view(self.debug_log_view), name="cdr_streamdetail_debug_log"),
            path("<slug:key>/stop/", view(self.stop_view), name="cdr_streamdetail_stop"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a stream, by its uuid or its number in the table."""
        self.require_view_permission(request)
        stream = found(stream_card(object_id, timezone.now()), "stream")
        may_stop = request.user.has_perm("cdr.stop_stream")
        context = self.page_context(request, f"Stream {stream.uuid}", stream=stream, may_stop=may_stop)
        return TemplateResponse(request, "admin/cdr/stream.html", context)

    def debug_log_view(self, request: HttpRequest, key: str) -> HttpResponse:
        self.require_view_permission(request)
        problems_only = request.GET.get("level") == "problems"
        log = found(stream_log(key, problems_only=problems_only), "stream")
        context = self.page_context(request, "Debug log", log=log, problems_only=problems_only)
        return TemplateResponse(request, "admin/cdr/debug_log.html", context)

    def stop_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to stop streams."""
        self.require_view_permission(request)
        if not request.user.has_perm("cdr.stop_stream"):
            raise PermissionDenied
        if request.method == "POST":
            return self._stop(request, key)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        stream = found(stream_card(key, timezone.now()), "stream")
        return TemplateResponse(request, "admin/cdr/stop.html", self.page_context(request, "Stop this stream?", stream=stream))

    def _stop(self, request: HttpRequest, key: str) -> HttpResponse:
        stream = found(find_stream(key), "stream")
        try:
            control.request_stop(stream, by=request.user.get_username())
            messages.success(request, f"The stream {stream.uuid} was asked to stop. It ends within seconds, with the reason “API request”.")
        except control.NotLive as error:
            messages.warning(request, f"{error} Nothing was done.")
        return HttpResponseRedirect(reverse("admin:cdr_calldetail_change", args=[stream.call.uuid]))

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Start (UTC)")
    def start(self, stream: StreamDetail) -> str | SafeString:
        if stream.started_at:
            return moment(stream.started_at)
        return quiet(f"({moment(stream.requested_at)})", "When it was requested: no packet was sent")

    @admin.display(description="Stream")
    def short_uuid(self, stream: StreamDetail) -> SafeString:
        url = reverse("admin:cdr_streamdetail_change", args=[stream.uuid])
        return code_link(url, stream.uuid.hex[:8], str(stream.uuid))

    @admin.display(description="Call")
    def call_link(self, stream: StreamDetail) -> SafeString:
        url = reverse("admin:cdr_calldetail_change", args=[stream.call.uuid])
        return code_link(url, stream.call.uuid.hex[:8], str(stream.call.uuid))

    @admin.display(description="Service host")
    def host(self, stream: StreamDetail) -> str:
        return service_host(stream.service_url)

    @admin.display(description="Duration")
    def lasted(self, stream: StreamDetail) -> str:
        return duration(lasted_seconds(stream, timezone.now()))

    @admin.display(description="Rounded")
    def rounded(self, stream: StreamDetail) -> str:
        charge = charge_of(stream)
        return seconds_count(charge.billed_seconds if charge else None)

    @admin.display(description="Billed")
    def billed(self, stream: StreamDetail) -> str:
        charge = charge_of(stream)
        return money(charge.amount, charge.currency) if charge else NOTHING

    @admin.display(description="Hangup reason")
    def reason(self, stream: StreamDetail) -> SafeString:
        return badge_html(reason_badge(stream.hangup_reason))

    @admin.display(description="State")
    def state_badge(self, stream: StreamDetail) -> SafeString:
        return badge_html(stream_badge(stream.state, stream.started_at is not None))

    @admin.display(description="Degraded")
    def degraded(self, stream: StreamDetail) -> SafeString:
        return badge_html(degraded_badge(stream.degraded_percent))

    @admin.display(description="Account")
    def account_name(self, stream: StreamDetail) -> str:
        return stream.account.name
