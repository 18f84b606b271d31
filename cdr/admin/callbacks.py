"""The list of status callbacks, the page of one with its tries, and the sending of one again.

Owns the columns. What the page shows is cdr.pages'; how a callback is sent is streams.delivery's."""

from collections.abc import Iterator

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr.admin import acts
from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.callbacks import CALLBACK_FILTERS
from cdr.admin.lists.acting_on_all import ActsOnAll
from cdr.admin.lists.callback_columns import CallbackColumns, with_last_answers
from cdr.admin.lists.markup import named_link
from cdr.admin.lists.news import HasNews
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import found
from cdr.admin.lists.saved_filters import Saved
from cdr.admin.lists.search import callbacks_matching
from cdr.admin.site import console
from cdr.list_act_rows import ListActKind
from cdr.pages.callback import CallbackPage, callback_page, find_callback
from cdr.pure.acts import PERMISSIONS, Act
from cdr.pure.figures import counted
from streams import delivery
from streams.models import Callback, CallbackState

MAY_RESEND = PERMISSIONS[Act.RESEND_CALLBACK].name


@admin.register(Callback, site=console)
class CallbackAdmin(ActsOnAll, HasNews, Saved, Asking, CallbackColumns):
    list_display = (
        *("created", "state_badge", "last_answer", "event", "stream_link", "host", "tries", "next_try", "finished"),
        "account_name",
    )
    linked = {"account_name": ("streams.view_account", "account_link")}
    list_filter = CALLBACK_FILTERS
    list_select_related = ("stream", "account")
    ordering = ("-created_at", "-id")
    search_help_text = "Stream or call UUID, or message id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Callback]:
        return with_last_answers(super().get_queryset(request).defer("parameters"))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Callback], search_term: str) -> tuple[QuerySet[Callback], bool]:
        return callbacks_matching(queryset, search_term), False

    def act_on_all(self, asked: QueryDict) -> ListActKind:
        """What was delivered is sent again only where the list is of such."""
        delivered = asked.get("state") == CallbackState.DELIVERED or asked.get("tries") == "once"
        return ListActKind.RESEND_DELIVERED if delivered else ListActKind.RESEND

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        callback = self.shown(request, callback_page(object_id), "callback")
        doors = self.doors(Where.RECORD, request, callback)
        context = self.page_context(request, f"Callback {callback.event}", callback=callback, doors=doors)
        return TemplateResponse(request, "admin/cdr/callback.html", context)

    def resend_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to resend callbacks."""
        return self.act_view(request, MAY_RESEND, lambda: self._ask_to_resend(request, str(key)), lambda: self._resend(request, str(key)))

    def _ask_to_resend(self, request: HttpRequest, key: str) -> HttpResponse:
        callback = found(find_callback(key), "callback")
        return self.asked(request, resend_question([callback], _page_of(callback)), crumb=str(callback.event))

    def _resend(self, request: HttpRequest, key: str) -> HttpResponse:
        callback = found(find_callback(key), "callback")
        try:
            acts.resend(callback, visitor(request))
            messages.success(request, "The callback is sent again within seconds. Its next try will be listed here.")
        except delivery.NotWhole:
            messages.warning(request, "Nothing was done: retention removed a part of this callback, and it could not go out as it was.")
        return HttpResponseRedirect(_page_of(callback))

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_RESEND)

    @admin.action(description="Send the selected callbacks again…", permissions=["resend"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Callback]) -> HttpResponse | None:
        def act(callbacks: list[Callback]) -> None:
            done, late = acts.to_each(acts.resend, callbacks, visitor(request))
            left = f" {late} cannot be: retention removed a part of each." if late else ""
            messages.success(request, f"{counted(done, 'callback')} will be sent again within seconds.{left}")

        back = self.own_url("changelist")
        return self.asked_of_many(request, queryset, lambda callbacks: resend_question(callbacks, back), act)

    def _act_doors(self, request: HttpRequest, callback: CallbackPage) -> Iterator[Door]:
        if callback.whole and self.has_resend_permission(request):
            yield Door("Send again…", self.own_url("resend", callback.pk))

    adds = Additions(
        pages=(OwnPage("resend", "<int:key>/resend/", resend_view),),
        doors={Where.RECORD: _act_doors},
        actions=("resend_selected",),
    )

    @admin.display(description="Account")
    def account_link(self, callback: Callback) -> SafeString:
        return named_link(reverse("admin:streams_account_change", args=[callback.account_id]), callback.account.name)


def resend_question(callbacks: list[Callback], back: str) -> Question:
    delivered = sum(callback.state == CallbackState.DELIVERED for callback in callbacks)
    what = "this callback" if len(callbacks) == 1 else counted(len(callbacks), "callback")
    return Question(
        title=f"Send {what} again?",
        consequences=(
            "The same parameters go to the same URL, with the same message id, so that a careful receiver takes them once. "
            "The tries so far stay as they are; each gets one more.",
        ),
        warning=f"Delivered already: {delivered}. A receiver that does not look at the message id acts on it twice." if delivered else "",
        button="Send it again" if len(callbacks) == 1 else "Send them again",
        back=back,
        subjects=tuple(map(_line_of, callbacks)),
        bad=False,
    )


def _line_of(callback: Callback) -> str:
    return f"{callback.event}  {callback.message_id}  {callback.host}  ({callback.get_state_display()})"


def _page_of(callback: Callback) -> str:
    return reverse("admin:streams_callback_change", args=[callback.pk])
