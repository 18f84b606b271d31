"""The page of retention: what would be removed now, what each account keeps for how long, and the rounds of the last month.

Owns the page's words. What is removed, and when, is cdr.retention's; days are set on an account's page and by the environment."""

from typing import NamedTuple

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from cdr import retention
from cdr.admin.additions import Context
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.site import console
from cdr.models import RetentionRun
from cdr.pure.figures import NOTHING, counted, moment
from cdr.pure.retention import WORDS
from cdr.retention.plan import COUNTED_TO
from cdr.retention.runs import count_words

SHOWN_ACCOUNTS, SHOWN_RUNS = 100, 30


class PlanLine(NamedTuple):
    account: str
    kind: str
    days: str
    calls: str
    oldest: str
    some: bool


class RunLine(NamedTuple):
    started: str
    state: str
    removed: list[str]


@admin.register(RetentionRun, site=console)
class RetentionAdmin(RecordAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        if refusal := self.not_understood(request, "Retention"):
            return refusal
        terms = [(WORDS[kind], days) for kind, days in retention.installation_days().items()]
        terms.append(("recordings of streams", settings.RETAIN_RECORDINGS_DAYS))
        context = {
            "terms": [(word, counted(days, "day") if days else "for ever") for word, days in terms],
            "plan": [_plan_line(one) for one in retention.planned(timezone.now(), SHOWN_ACCOUNTS)],
            "shown_accounts": SHOWN_ACCOUNTS,
            "runs": [_run_line(run) for run in RetentionRun.objects.all()[:SHOWN_RUNS]],
        }
        return TemplateResponse(request, "admin/cdr/retention.html", self.page_context(request, "Retention", **context))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        """A round has no page of its own."""
        return self.changelist_view(request)


def _plan_line(one: retention.RetentionPlan) -> PlanLine:
    calls = f"over {COUNTED_TO:,}" if one.calls > COUNTED_TO else f"{one.calls:,}"
    return PlanLine(one.account, WORDS[one.kind], counted(one.days, "day"), calls, moment(one.oldest), one.calls > 0)


def _run_line(run: RetentionRun) -> RunLine:
    state = moment(run.finished_at) if run.finished_at else "under way"
    removed = [f"{account}: {count_words(kinds)}" for account, kinds in run.counts.items() if any(kinds.values())]
    return RunLine(moment(run.started_at), state, removed or [NOTHING])
