"""The list of calls, the page of a call, the debug log of a whole call, and what can be done to a live one: hang up, send digits.

Owns the columns and the addresses. What the pages show is cdr.pages'."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin import acts
from cdr.admin.debug_logs import LoggedAdmin
from cdr.admin.digits import MAY_SEND_DIGITS, DigitsForm, digits_question
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.fact_filters import CALL_FILTERS
from cdr.admin.lists.filters import AccountFilter, CallStateFilter, ReasonFilter, StartedFilter
from cdr.admin.lists.markup import badge_html, badges_html
from cdr.admin.lists.narrowing import CallList
from cdr.admin.lists.questions import Question
from cdr.admin.lists.records import found
from cdr.admin.lists.search import matching, sought
from cdr.admin.site import console
from cdr.models import CallDetail
from cdr.pages.call import CallPage, call_page, find_call
from cdr.pages.columns import CALL_COLUMNS
from cdr.pages.log.subject import DebugLog, call_log
from cdr.pages.stream import charge_of
from cdr.pure.badges import call_badge, cause_badge, reason_badge
from cdr.pure.billing import totals
from cdr.pure.figures import NOTHING, counted, duration, elapsed_seconds, moment, money
from cdr.pure.masking import masked
from streams import control
from streams.models import Stream

MAY_HANG_UP = "cdr.hang_up_call"
MAY = {"may_stop": "cdr.stop_stream", "may_hang_up": MAY_HANG_UP, "may_send_digits": MAY_SEND_DIGITS}
"""What the page of a call offers, by the name its template knows."""
MASKED = {"caller": "masked_caller", "called": "masked_called"}


@admin.register(CallDetail, site=console)
class CallAdmin(LoggedAdmin):
    list_display = ("started", "caller", "called", "lasted", "stream_count", "reasons", "billed", "state_badge", "account_name")
    list_filter = (StartedFilter, ReasonFilter, CallStateFilter, AccountFilter, *CALL_FILTERS)
    ordering = ("-started_at", "-id")
    export_columns = CALL_COLUMNS
    search_help_text = "Call or stream UUID, number, service host"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        streams = Stream.objects.select_related("charge").order_by("requested_at", "pk")
        calls = super().get_queryset(request).select_related("account", "gateway", "application")
        return calls.prefetch_related(Prefetch("streams", streams))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CallList]:
        return CallList

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return (matching(queryset, sought(request, search_term)) if search_term.strip() else queryset), False

    def searches_streams(self, request: HttpRequest, text: str) -> bool:
        """Whether a text is looked for in streams: it names the host of a service."""
        return bool(text.strip()) and sought(request, text).host is not None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        whole = self.may_see_numbers(request)
        return [column if whole else MASKED.get(column, column) for column in self.list_display]

    def find_log(self, key: str) -> DebugLog | None:
        return call_log(key)

    def numbers_of(self, row: Any) -> tuple[str, str]:
        return (row.from_number, row.to_number)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<slug:key>/hang-up/", view(self.hang_up_view), name="cdr_calldetail_hang_up"),
            path("<slug:key>/send-digits/", view(self.send_digits_view), name="cdr_calldetail_send_digits"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a call, by its uuid or its number in the table."""
        self.require_view_permission(request)
        call = self.shown(request, call_page(object_id, timezone.now()), "call")
        may = {name: request.user.has_perm(permission) for name, permission in MAY.items()}
        context = self.page_context(request, f"Call {call.from_number} to {call.to_number}", call=call, **may)
        return TemplateResponse(request, "admin/cdr/call.html", context)

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
        return HttpResponseRedirect(reverse("admin:cdr_calldetail_change", args=[call.uuid]))

    def send_digits_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks which, POST sends them. Only for those with the permission to send digits."""
        return self.act_view(
            request,
            MAY_SEND_DIGITS,
            lambda: self._ask_for_digits(request, key, DigitsForm()),
            lambda: self._send_digits(request, key, DigitsForm(request.POST)),
        )

    def _ask_for_digits(self, request: HttpRequest, key: str, form: DigitsForm) -> HttpResponse:
        call = self.shown(request, call_page(key, timezone.now()), "call")
        return self.asked(request, digits_question(call, form), crumb=str(call.uuid))

    def _send_digits(self, request: HttpRequest, key: str, form: DigitsForm) -> HttpResponse:
        call = found(find_call(key), "call")
        if not form.is_valid():
            return self._ask_for_digits(request, key, form)
        try:
            acts.send_digits(call, form.cleaned_data["digits"], visitor(request))
            messages.success(request, "The digits were handed to the call. The debug log says when they were sent.")
        except control.NotLive as error:
            messages.warning(request, f"{error} Nothing was done.")
        return HttpResponseRedirect(reverse("admin:cdr_calldetail_change", args=[call.uuid]))

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

    @admin.display(description="From")
    def masked_caller(self, call: CallDetail) -> str:
        return masked(call.from_number) or NOTHING

    @admin.display(description="To")
    def masked_called(self, call: CallDetail) -> str:
        return masked(call.to_number) or NOTHING

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


def hang_up_question(call: CallPage) -> Question:
    live = sum(stream.live for stream in call.streams)
    return Question(
        title="Hang up this call?",
        consequences=(
            f"The call of {call.from_number} to {call.to_number} ends for both sides, with hangup source “API Request”, "
            f"and {counted(live, 'live stream')} with it. This cannot be undone.",
        ),
        refusal="" if call.live else "This call has ended already; there is nothing to hang up.",
        button="Hang up the call",
        leave="Leave it",
        back=reverse("admin:cdr_calldetail_change", args=[call.uuid]),
    )
