"""The list of status callbacks and the page of one, with its tries. Read only.

Owns the columns. What the page shows is cdr.pages'."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr.admin.filters import CallbackEventFilter, CallbackStateFilter, CreatedFilter, HostFilter
from cdr.admin.markup import badge_html, code_link
from cdr.admin.records import RecordAdmin, found
from cdr.admin.search import callbacks_matching
from cdr.admin.site import console
from cdr.pages.callback import callback_page
from cdr.pure.badges import callback_badge
from cdr.pure.figures import NOTHING, moment
from streams.models import Callback, CallbackState


@admin.register(Callback, site=console)
class CallbackAdmin(RecordAdmin):
    list_display = ("created", "event", "stream_link", "host", "state_badge", "tries", "next_try", "finished")
    list_filter = (CreatedFilter, CallbackEventFilter, CallbackStateFilter, HostFilter)
    list_select_related = ("stream",)
    ordering = ("-id",)
    search_help_text = "Stream or call UUID, or message id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("parameters")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return (callbacks_matching(queryset, search_term) if search_term.strip() else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view_permission(request)
        callback = found(callback_page(object_id), "callback")
        context = self.page_context(request, f"Callback {callback.event}", callback=callback)
        return TemplateResponse(request, "admin/cdr/callback.html", context)

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Created (UTC)")
    def created(self, callback: Callback) -> str:
        return moment(callback.created_at)

    @admin.display(description="Stream")
    def stream_link(self, callback: Callback) -> SafeString:
        url = reverse("admin:cdr_streamdetail_change", args=[callback.stream.uuid])
        return code_link(url, callback.stream.uuid.hex[:8], str(callback.stream.uuid))

    @admin.display(description="State")
    def state_badge(self, callback: Callback) -> SafeString:
        return badge_html(callback_badge(callback.state))

    @admin.display(description="Next try (UTC)")
    def next_try(self, callback: Callback) -> str:
        return moment(callback.due_at) if callback.state == CallbackState.PENDING else NOTHING

    @admin.display(description="Finished (UTC)")
    def finished(self, callback: Callback) -> str:
        return moment(callback.finished_at)
