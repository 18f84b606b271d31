"""The list of alerts, the page of one, and the taking of one in hand.

Owns the columns. What the page shows is cdr.pages'; how alerts come about is cdr.alerts'."""

from collections.abc import Iterator

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.alerts import ALERT_FILTERS
from cdr.admin.lists.markup import badge_html, named_link, quiet
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.admin.site import console
from cdr.alert_rows import Alert
from cdr.alerts.acknowledging import LONGEST_NOTE, HasClosed, acknowledge
from cdr.pages.alert import AlertPage, alert_page, badge_of, find_alert
from cdr.pure.alerts.wording import lasted_words
from cdr.pure.figures import NOTHING, moment
from streams.pure.foreign_text import cleaned

MAY_ACKNOWLEDGE = "cdr.acknowledge_alert"
SECTIONS = (
    ("Rules", "cdr.view_alertrule", "admin:cdr_alertrule_changelist"),
    ("Places to tell", "cdr.view_alertchannel", "admin:cdr_alertchannel_changelist"),
    ("Messages", "cdr.view_alertmessage", "admin:cdr_alertmessage_changelist"),
)


class NoteForm(forms.Form):
    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What you are doing about it. It stands on the alert's page and in the audit log.",
    )


@admin.register(Alert, site=console)
class AlertAdmin(Asking, RecordAdmin):
    list_display = ("opened", "state_badge", "what", "rule_name", "lasted", "hand")
    linked = {"rule_name": ("cdr.view_alertrule", "rule_link")}
    list_filter = ALERT_FILTERS
    ordering = ("-opened_at", "-id")
    search_fields = ("headline",)
    search_help_text = "Words of the headline: an account, a gateway, a host"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Alert], search_term: str) -> tuple[QuerySet[Alert], bool]:
        text = search_term.replace("\x00", "").strip()
        return (queryset.filter(headline__icontains=text) if text else queryset), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        alert = self.shown(request, alert_page(object_id), "alert")
        context = self.page_context(request, alert.headline, alert=alert, doors=self.doors(Where.RECORD, request, alert))
        context |= {
            "may_see_rule": request.user.has_perm("cdr.view_alertrule"),
            "may_see_messages": request.user.has_perm("cdr.view_alertmessage"),
            "behind": self._behind(alert),
        }
        return TemplateResponse(request, "admin/cdr/alert.html", context)

    def _behind(self, alert: AlertPage) -> Door:
        query = f"?{alert.behind.query}" if alert.behind.query else ""
        return Door(alert.behind.words, f"{reverse(alert.behind.path)}{query}")

    def acknowledge_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks for a note, POST takes the alert in hand."""
        return self.act_view(request, MAY_ACKNOWLEDGE, lambda: self._ask(request, key, NoteForm()), lambda: self._acknowledge(request, key))

    def _ask(self, request: HttpRequest, key: int, form: NoteForm) -> HttpResponse:
        alert = found(find_alert(str(key)), "alert")
        question = Question(
            title="Take this alert in hand?",
            consequences=(f"{alert.headline}.", "It is told no more until it closes or opens again. Others see that you have it."),
            button="I have it",
            back=self.own_url("change", alert.pk),
            bad=False,
            refusal="" if alert.closed_at is None else "It has closed meanwhile: nobody has to do anything.",
            form=form,
        )
        return self.asked(request, question, crumb="Alert")

    def _acknowledge(self, request: HttpRequest, key: int) -> HttpResponse:
        alert, form = found(find_alert(str(key)), "alert"), NoteForm(request.POST)
        if not form.is_valid():
            return self._ask(request, key, form)
        try:
            acknowledge(alert, visitor(request), cleaned(form.cleaned_data["note"]))
            messages.success(request, "You have it in hand. It is told no more until it closes or opens again.")
        except HasClosed:
            messages.warning(request, "Nothing was done: the alert has closed meanwhile.")
        return HttpResponseRedirect(self.own_url("change", alert.pk))

    def _record_doors(self, request: HttpRequest, alert: AlertPage) -> Iterator[Door]:
        if alert.is_open and request.user.has_perm(MAY_ACKNOWLEDGE):
            yield Door("Write another note…" if alert.in_hand else "Take it in hand…", self.own_url("acknowledge", alert.pk))

    def _list_doors(self, request: HttpRequest, listed: object) -> Iterator[Door]:
        yield from (Door(words, reverse(path)) for words, permission, path in SECTIONS if request.user.has_perm(permission))

    adds = Additions(
        pages=(OwnPage("acknowledge", "<int:key>/acknowledge/", acknowledge_view),),
        doors={Where.RECORD: _record_doors, Where.LIST: _list_doors},
    )

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Opened (UTC)")
    def opened(self, alert: Alert) -> str:
        return moment(alert.opened_at)

    @admin.display(description="State")
    def state_badge(self, alert: Alert) -> SafeString:
        return badge_html(badge_of(alert))

    @admin.display(description="What went wrong")
    def what(self, alert: Alert) -> SafeString:
        return format_html("<bdi>{}</bdi>", cleaned(alert.headline))

    @admin.display(description="Rule")
    def rule_name(self, alert: Alert) -> str:
        return cleaned(alert.title, 60)

    @admin.display(description="Rule")
    def rule_link(self, alert: Alert) -> str | SafeString:
        name = self.rule_name(alert)
        return named_link(reverse("admin:cdr_alertrule_change", args=[alert.rule_id]), name) if alert.rule_id else name

    @admin.display(description="Lasted")
    def lasted(self, alert: Alert) -> str:
        return lasted_words(alert.opened_at, alert.closed_at or alert.seen_at)

    @admin.display(description="In whose hands")
    def hand(self, alert: Alert) -> str | SafeString:
        return quiet(cleaned(alert.acknowledged_by, 40), cleaned(alert.note)) if alert.acknowledged_at else NOTHING
