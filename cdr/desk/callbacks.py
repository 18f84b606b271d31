"""The desk's list of status callbacks, the page of one with its tries, and the sending of one again by a manager.

Owns the columns. What the page shows is cdr.pages'."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from cdr.admin import acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.callbacks import resend_question
from cdr.admin.lists.callback_columns import CallbackColumns, with_last_answers
from cdr.admin.lists.questions import Asking
from cdr.admin.lists.records import found
from cdr.desk.filters import CALLBACK_FILTERS
from cdr.desk.records import DeskRecords, desk_actor, scope_here
from cdr.desk.search import callbacks_searched
from cdr.desk.site import desk
from cdr.pages.callback import CallbackPage, page_of_callback
from cdr.pages.for_outside import facts_for_outside
from streams import delivery
from streams.models import Callback


@admin.register(Callback, site=desk)
class DeskCallbacks(DeskRecords, Asking, CallbackColumns):
    """Named by their message ids, which customers know: a number of the table would tell how many there are."""

    address = "callbacks"
    named_by = placed_by = "message_id"
    list_columns = ("created", "event", "stream_link", "host", "state_badge", "last_answer", "tries", "next_try", "finished")
    list_filter = CALLBACK_FILTERS
    list_select_related = ("stream", "account")
    ordering = ("-created_at", "-id")
    search_help_text = "Stream or call UUID, or message id"
    ACTS = frozenset({"resend"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_last_answers(super().get_queryset(request).defer("parameters"))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return callbacks_searched(scope_here(request), queryset, search_term), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        callback = found(self._find(request, object_id), "callback")
        page = self.shown(request, _page(callback), "callback")
        context = self.page_context(request, f"Callback {page.event}", callback=page, doors=self.doors(Where.RECORD, request, callback))
        return TemplateResponse(request, "admin/cdr/callback.html", context)

    def _find(self, request: HttpRequest, key: str) -> Callback | None:
        rows = scope_here(request).rows(Callback).select_related("stream__call", "account")
        return rows.filter(message_id=key.replace("\x00", "")).first()

    def resend_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks, POST does. Only for managers of its account."""
        callback = found(self._find(request, key), "callback")
        back = self.own_url("change", callback.message_id)
        return self.acted(
            request,
            callback.account_id,
            lambda: self.asked(request, resend_question([callback], back), crumb=str(callback.event)),
            lambda: self._resend(request, callback),
        )

    def _resend(self, request: HttpRequest, callback: Callback) -> HttpResponse:
        try:
            acts.resend(callback, desk_actor(request))
            messages.success(request, "The callback is sent again within seconds. Its next try will be listed here.")
        except delivery.NotWhole:
            messages.warning(
                request, "Nothing was done: a part of this callback was removed by retention, and it could not go out as it was."
            )
        return HttpResponseRedirect(self.own_url("change", callback.message_id))

    def _act_doors(self, request: HttpRequest, callback: Callback) -> Iterator[Door]:
        call = callback.stream.call
        whole = not (call.numbers_removed_at or call.payloads_removed_at)
        if whole and scope_here(request).manages(callback.account_id):
            yield Door("Send again…", self.own_url("resend", callback.message_id))

    adds = Additions(pages=(OwnPage("resend", "<str:key>/resend/", resend_view),), doors={Where.RECORD: _act_doors})


def _page(callback: Callback) -> CallbackPage:
    page = page_of_callback(callback)
    return replace(page, call_key=str(callback.stream.call.uuid), facts=facts_for_outside(page.facts))
