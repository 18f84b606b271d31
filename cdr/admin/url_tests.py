"""Tests of service URLs: the form that asks for one, the page that follows it, the list of the last day.

Owns the addresses. What a test does and finds is said elsewhere."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from cdr import url_tests
from cdr.admin.additions import Additions, Context, Door, OwnPage
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.site import console
from cdr.models import UrlTest
from cdr.pages.row_key import number_of, only_one
from cdr.pages.url_test import page_of_url_test, url_test_lines, with_all_it_needs
from cdr.pure.masking import masking
from streams.models import Account, Application, Stream
from streams.pure.audio.convert import CONTENT_TYPES
from streams.pure.customer.answer_xml import InvalidAnswer, parse
from streams.pure.customer.service_url import WEBSOCKET_SCHEMES, url_problem
from streams.pure.scrubbing import scrubbed

MAY_TEST = "cdr.test_service_url"
SHOWN_TESTS = 100
GONE_TEST = "URL test (they are removed after a day)"


class UrlTestForm(forms.Form):
    url = forms.CharField(label="Service URL", max_length=2048, widget=forms.TextInput(attrs={"class": "vLargeTextField"}))
    account = forms.ModelChoiceField(Account.objects.order_by("name"), help_text="Its auth token signs the connection.")
    content_type = forms.ChoiceField(choices=[(name, name) for name in CONTENT_TYPES], help_text="How the tone is encoded.")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        if problem := url_problem(url, WEBSOCKET_SCHEMES):
            raise ValidationError(f"The URL {problem}.")
        return url


@admin.register(UrlTest, site=console)
class UrlTestAdmin(RecordAdmin):
    def has_view_permission(self, request: HttpRequest, obj: UrlTest | None = None) -> bool:
        return request.user.has_perm(MAY_TEST)

    def changelist_view(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        """Those of the last day: few enough for one page, with their sentences."""
        self.require_view_permission(request)
        if refusal := self.not_understood(request, "URL tests"):
            return refusal
        lines = url_test_lines(UrlTest.objects.all(), SHOWN_TESTS)
        shown = {"tests": [(line, self.own_url("change", line.key)) for line in lines], "shown": SHOWN_TESTS, "has_accounts": True}
        context = self.page_context(request, "URL tests", **shown, doors=[Door("Test a service URL…", self.own_url("ask"))])
        return TemplateResponse(request, "admin/cdr/url_tests.html", context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        row = with_all_it_needs(UrlTest.objects.order_by()).filter(pk=number_of(object_id)).first()
        test = self.shown(request, page_of_url_test(row) if row else None, GONE_TEST)
        context = self.page_context(request, "Test of a service URL", test=test, again=self.own_url("ask"))
        return TemplateResponse(request, "admin/cdr/url_test.html", context, headers={"Refresh": "1"} if test.unfinished else None)

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, with what the address names (`account`, `application`, `stream`) filled in; POST begins the test."""
        if not request.user.has_perm(MAY_TEST):
            raise PermissionDenied
        stream = _stream_of(request.POST.get("stream") or request.GET.get("stream", ""))
        if request.method == "POST":
            form = UrlTestForm(request.POST)
            if form.is_valid() and (begun := self._begin(request, form, stream)):
                return begun
        else:
            form = UrlTestForm(initial=self._proposed(request, stream))
        back = self.site_url("cdr_streamdetail_change", stream.uuid) if stream else self.own_url("changelist")
        context = self.page_context(request, "Test a service URL", form=form, stream=stream, back=back)
        return TemplateResponse(request, "admin/cdr/url_test_ask.html", context)

    def _begin(self, request: HttpRequest, form: UrlTestForm, stream: Stream | None) -> HttpResponse | None:
        try:
            asked = form.cleaned_data
            if stream is not None and means_whole_url(asked["url"], self._seen_url(request, stream), stream):
                asked |= {"url": stream.service_url, "account": stream.account}
            test = url_tests.ask(visitor(request), int(request.user.pk or 0), **asked, of_stream=stream)
        except url_tests.TooMany as error:
            messages.warning(request, str(error))
            return None
        return HttpResponseRedirect(self.own_url("change", test.pk))

    def _proposed(self, request: HttpRequest, stream: Stream | None) -> dict[str, object]:
        if stream is not None:
            return {"url": self._seen_url(request, stream), "account": stream.account_id, "content_type": stream.content_type}
        application = Application.objects.filter(pk=number_of(request.GET.get("application", ""))).first()
        if application is not None:
            return {"account": application.account_id, **first_stream(application, self.may_see_secrets(request))}
        return {"account": Account.objects.filter(pk=number_of(request.GET.get("account", ""))).first()}

    def _seen_url(self, request: HttpRequest, stream: Stream) -> str:
        """Nothing, when a number stands in it that this reader may not see; secrets of it are hidden, and tested as they are."""
        hide = masking((stream.call.from_number, stream.call.to_number))
        if not self.may_see_numbers(request) and hide(stream.service_url) != stream.service_url:
            return ""
        return stream.service_url if self.may_see_secrets(request) else scrubbed(stream.service_url)

    adds = Additions(pages=(OwnPage("ask", "ask/", ask_view),))


def ask_address(**named: object) -> str:
    """The page that asks, with something filled in."""
    ((name, key),) = named.items()
    return f"{reverse('admin:cdr_urltest_ask')}?{name}={key}"


def _stream_of(key: str) -> Stream | None:
    return only_one(Stream.objects.select_related("call").order_by(), key)


def means_whole_url(asked: str, seen: str, stream: Stream) -> bool:
    """Whether somebody who saw the stream's URL without its secrets asks for that."""
    return asked == seen == scrubbed(stream.service_url)


def first_stream(application: Application, secrets: bool) -> dict[str, object]:
    """What the application's own XML asks for first."""
    try:
        requests = parse(application.answer_xml.encode()).streams if application.answer_xml.strip() else ()
    except InvalidAnswer:
        requests = ()
    if not requests:
        return {}
    url = requests[0].service_url
    return {"url": url if secrets else scrubbed(url), "content_type": requests[0].content_type}
