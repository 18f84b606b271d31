"""Test calls: the door on a gateway's page, the page that asks, the page that follows one step by step, the list of the last week.

Owns the addresses. How a call is placed is cdr.trial_calls', what the page shows cdr.pages'."""

from collections.abc import Iterator

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr import trial_calls
from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.markup import badge_html, named_link
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.admin.reached_at import NotOurs, dialled_url
from cdr.admin.site import console
from cdr.pages.row_key import number_of
from cdr.pages.trial_call import FAILS, WAITS, trial_call_page
from cdr.pure.badges import Badge
from cdr.pure.figures import moment
from cdr.trial_call_rows import TrialCall
from streams.database_clock import database_now
from streams.models import Gateway
from streams.pure.foreign_text import cleaned

MAY_PLACE = "streams.change_gateway"
"""Whoever sets gateways up: the call is a real one, and is billed."""


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="The gateway's password",
        strip=False,
        max_length=300,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Nobody can read it here. It is kept until the call is over, sealed, and used for this call alone.",
    )

    def __init__(self, gateway: Gateway, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what POST is
        self.gateway = gateway
        if gateway.signing_token:
            del self.fields["password"]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not self.gateway.check_password(password):
            raise ValidationError("This is not the gateway's password. Where it is lost, set a new one on the gateway's page.")
        return password


class PlacesTrialCalls(Asking):
    """A gateway, and the test call that it brings."""

    def test_call_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks, POST places it. Only for those who may change gateways."""
        gateway = found(Gateway.objects.filter(pk=key).select_related("account").first(), "gateway")
        ask, begin = PasswordForm(gateway), PasswordForm(gateway, request.POST)
        return self.act_view(request, MAY_PLACE, lambda: self._ask_for_call(request, ask), lambda: self._begin_call(request, begin))

    def _ask_for_call(self, request: HttpRequest, form: PasswordForm) -> HttpResponse:
        return self.asked(request, test_call_question(form), crumb=form.gateway.name)

    def _begin_call(self, request: HttpRequest, form: PasswordForm) -> HttpResponse:
        if not form.is_valid():
            return self._ask_for_call(request, form)
        try:
            secret = form.cleaned_data.get("password", "")
            job = trial_calls.place(visitor(request), int(request.user.pk or 0), form.gateway, dialled_url(request), secret)
        except (trial_calls.TooManyCalls, NotOurs) as why:
            messages.warning(request, str(why))
            return self._ask_for_call(request, form)
        return HttpResponseRedirect(reverse("admin:cdr_trialcall_change", args=[job.pk]))

    def _door_to_call(self, request: HttpRequest, gateway: Gateway) -> Iterator[Door]:
        if request.user.has_perm(MAY_PLACE):
            yield Door("Place a test call…", self.own_url("test_call", gateway.pk))

    adds = Additions(pages=(OwnPage("test_call", "<int:key>/test-call/", test_call_view),), doors={Where.RECORD: _door_to_call})


@admin.register(TrialCall, site=console)
class TrialCallAdmin(RecordAdmin):
    list_display = ("placed", "gateway_link", "state", "said", "who")
    ordering = ("-id",)

    def has_view_permission(self, request: HttpRequest, obj: TrialCall | None = None) -> bool:
        return request.user.has_perm(MAY_PLACE)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        row = TrialCall.objects.filter(pk=number_of(object_id)).first()
        job = found(row, "test call (they are removed after 7 days)")
        page = self.shown(request, trial_call_page(job, database_now(), money_seen=request.user.has_perm("cdr.view_charge")), "test call")
        key = page.gateway_key
        again = [Door("Place another…", reverse("admin:streams_gateway_test_call", args=[key]))] if key else []
        context = self.page_context(request, f"Test call of {page.gateway}", trial=page, doors=again)
        return TemplateResponse(request, "admin/cdr/trial_call.html", context, headers={"Refresh": "2"} if page.unfinished else None)

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Placed (UTC)")
    def placed(self, job: TrialCall) -> str:
        return moment(job.created_at)

    @admin.display(description="Gateway")
    def gateway_link(self, job: TrialCall) -> str | SafeString:
        key = job.gateway_id
        return named_link(reverse("admin:streams_gateway_change", args=[key]), job.gateway_name) if key else job.gateway_name

    @admin.display(description="State")
    def state(self, job: TrialCall) -> SafeString:
        ended = FAILS if job.problem else Badge("", "over", "plain")
        return badge_html(WAITS if job.finished_at is None else ended)

    @admin.display(description="The gateway's side")
    def said(self, job: TrialCall) -> str:
        return job.problem or job.report

    @admin.display(description="By")
    def who(self, job: TrialCall) -> str:
        return cleaned(job.by, 60)


def test_call_question(form: PasswordForm) -> Question:
    gateway = form.gateway
    return Question(
        title=f"Place a test call by {gateway.name}?",
        consequences=(
            f"A worker brings one call of {trial_calls.CALL_SECONDS:.0f} seconds of speech as this gateway would: by the address that "
            "gateways dial, with its name and password. What its application asks for is done.",
            f"It is a real call of {gateway.account.name}: its service is connected, its callbacks are sent, and it is billed.",
        ),
        button="Place the call",
        back=reverse("admin:streams_gateway_change", args=[gateway.pk]),
        bad=False,
        form=form if form.fields else None,
    )
