"""The desk's list of status callbacks, and the page of one with its tries.

Owns the columns. What the page shows is cdr.pages'."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from cdr.admin.additions import Additions, Where
from cdr.admin.lists.callback_columns import CallbackColumns
from cdr.desk.filters import CALLBACK_FILTERS
from cdr.desk.records import DeskRecords, scope_here
from cdr.desk.search import callbacks_searched
from cdr.desk.site import desk
from cdr.pages.callback import CallbackPage, page_of_callback
from cdr.pages.for_outside import facts_for_outside
from streams.models import Callback


@admin.register(Callback, site=desk)
class DeskCallbacks(DeskRecords, CallbackColumns):
    """Named by their message ids, which customers know: a number of the table would tell how many there are."""

    address = "callbacks"
    named_by = "message_id"
    list_columns = ("created", "event", "stream_link", "host", "state_badge", "tries", "next_try", "finished")
    list_filter = CALLBACK_FILTERS
    list_select_related = ("stream", "account")
    ordering = ("-created_at", "-id")
    search_help_text = "Stream or call UUID, or message id"
    adds = Additions()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("parameters")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return callbacks_searched(scope_here(request), queryset, search_term), False

    @admin.display(description="Account")
    def account_name(self, callback: Callback) -> str:
        return callback.account.name

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        callback = self._find(request, object_id)
        page = self.shown(request, _page(callback) if callback else None, "callback")
        context = self.page_context(request, f"Callback {page.event}", callback=page, doors=self.doors(Where.RECORD, request, page))
        return TemplateResponse(request, "admin/cdr/callback.html", context)

    def _find(self, request: HttpRequest, key: str) -> Callback | None:
        rows = scope_here(request).rows(Callback).select_related("stream__call", "account")
        return rows.filter(message_id=key.replace("\x00", "")).first()


def _page(callback: Callback) -> CallbackPage:
    page = page_of_callback(callback)
    return replace(page, call_key=str(callback.stream.call.uuid), facts=facts_for_outside(page.facts))
