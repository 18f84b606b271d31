"""The list of alert rules, the page of one with what it would have found, and its form for those who may change it.

Owns the columns. What a rule is and how it stands is cdr.pages'; each change is written into the audit log."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.alert_rule_form import AlertRuleForm
from cdr.admin.audited import Audited
from cdr.admin.lists.markup import badge_html
from cdr.admin.lists.records import found
from cdr.admin.site import console
from cdr.alert_rows import AlertRule
from cdr.alerts.rehearsal import Rehearsed, can_rehearse, rehearse
from cdr.alerts.transitions import RULE_CHANGED, RULE_GONE, end_alerts
from cdr.pages.alert_rule import rule_badge, rule_page, sentence_of, tells_words, with_state
from cdr.pure.alerts.wording import lasted_words
from cdr.pure.figures import moment
from streams.database_clock import database_now

WATCHES = {"kind", "scope", "account", "gateway", "host"}
"""With another of these a rule is about something else, and its open alerts are over."""


@admin.register(AlertRule, site=console)
class AlertRuleAdmin(Audited):
    form = AlertRuleForm
    change_form_template = "admin/cdr/alert_rule.html"
    list_display = ("name", "state", "sentence", "tells", "looked")
    search_fields = ("name",)
    search_help_text = "Name of the rule"
    actions = None
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("name", "enabled")}),
        ("When", {"fields": ("kind", "threshold", "window_minutes", "least_count")}),
        ("For whom", {"fields": ("scope", "account", "gateway", "host")}),
        ("Tell", {"fields": ("channels", "repeat_minutes", "quiet_from", "quiet_to", "time_zone")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        return with_state(super().get_queryset(request))

    def save_model(self, request: HttpRequest, obj: AlertRule, form: forms.ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        """Only what the form asks: a worker may have the row in hand. It is looked at soon."""
        obj.due_at = None
        if not change:
            obj.save()
            return
        if WATCHES & set(form.changed_data):
            end_alerts(obj, RULE_CHANGED, database_now())
        obj.save(update_fields=[*(name for name in form.fields if name != "channels"), "due_at"])

    def delete_model(self, request: HttpRequest, obj: AlertRule) -> None:
        with transaction.atomic():
            end_alerts(obj, RULE_GONE, database_now())
            obj.delete()

    def render_change_form(  # noqa: PLR0917 - Django's
        self, request: HttpRequest, context: Context, add: bool = False, change: bool = False, form_url: str = "", obj: Model | None = None
    ) -> HttpResponse:
        """The page of a rule that is there, and below it the form."""
        if obj is not None:
            context["rule"] = rule_page(obj.pk)
            context["may_see_alerts"] = request.user.has_perm("cdr.view_alert")
        return super().render_change_form(request, context, add, change, form_url, obj)

    def rehearsal_view(self, request: HttpRequest, key: int) -> HttpResponse:
        self.require_view_permission(request)
        rule = found(with_state(AlertRule.objects.all()).filter(pk=key).first(), "rule")
        context = self.page_context(request, "What it would have said", rule=rule_page(rule.pk), can=can_rehearse(rule))
        if can_rehearse(rule):
            done = rehearse(rule, database_now())
            context |= {
                "found": [_rehearsed(one, done.every) for one in done.found],
                "every": int(done.every.total_seconds() // 60),
                "since": moment(done.since),
                "whole": done.whole,
            }
        return TemplateResponse(request, "admin/cdr/alert_rehearsal.html", context)

    def _record_doors(self, request: HttpRequest, rule: AlertRule) -> Iterator[Door]:
        if can_rehearse(rule):
            yield Door("The last 24 hours…", self.own_url("rehearsal", rule.pk))
        if request.user.has_perm("cdr.view_alert"):
            yield Door("Its alerts", f"{reverse('admin:cdr_alert_changelist')}?{urlencode({'rule': rule.name})}")

    adds = Additions(pages=(OwnPage("rehearsal", "<int:key>/rehearsal/", rehearsal_view),), doors={Where.RECORD: _record_doors})

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="State")
    def state(self, rule: AlertRule) -> SafeString:
        return badge_html(rule_badge(rule))

    @admin.display(description="When")
    def sentence(self, rule: AlertRule) -> SafeString:
        """Goes on where the head begins."""
        return format_html("<bdi>{}</bdi>", sentence_of(rule).removeprefix("When "))

    @admin.display(description="Then")
    def tells(self, rule: AlertRule) -> SafeString:
        return format_html("<bdi>{}</bdi>", tells_words(rule))

    @admin.display(description="Looked at (UTC)")
    def looked(self, rule: AlertRule) -> str:
        return moment(rule.evaluated_at)


def _rehearsed(one: Rehearsed, every: timedelta) -> tuple[str, str, str, str]:
    return one.about or "all together", moment(one.first), lasted_words(one.first, one.last + every), one.highest
