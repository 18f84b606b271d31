"""The list of acts on lists, the page of one that says how far it is, and the stopping of one.

Owns the columns. Where they are asked for is cdr.admin.lists.acting_on_all."""

from collections.abc import Iterator

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from cdr import list_acts
from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.markup import badge_html
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.admin.site import console
from cdr.list_act_rows import ListAct, ListActKind
from cdr.pages.list_act import ListActPage, list_act_page, progress_of
from cdr.pages.row_key import number_of
from cdr.pure.figures import moment
from cdr.pure.list_act_words import act_in_words, so_far, state_badge
from streams.pure.foreign_text import cleaned


@admin.register(ListAct, site=console)
class ListActAdmin(Asking, RecordAdmin):
    """Seen by whoever may do the same to one row."""

    list_display = ("asked_at", "what", "state_words", "so_far_words", "who")
    ordering = ("-id",)

    def has_view_permission(self, request: HttpRequest, obj: ListAct | None = None) -> bool:
        return bool(_kinds_of(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListAct]:
        kinds = _kinds_of(request)
        return ListAct.objects.filter(kind__in=kinds) if kinds else ListAct.objects.all()  # who may see none is refused the page

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        job = self._job(request, object_id)
        page = list_act_page(job)
        doors = self.doors(Where.RECORD, request, page)
        shown = {"job": page, "doors": doors, "list_url": self._list_url(request, page)}
        context = self.page_context(request, page.title, **shown)
        return TemplateResponse(request, "admin/cdr/list_act.html", context, headers={"Refresh": "2"} if page.unfinished else None)

    def halt_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks, POST does. For those who may do the same to one row."""
        self.require_view_permission(request)
        job = self._job(request, str(key))

        def ask() -> HttpResponse:
            return self.asked(request, halt_question(job), crumb=str(job.pk))

        return self.act_view(request, list_acts.permission_of(job.kind), ask, lambda: self._halt(request, job))

    def _halt(self, request: HttpRequest, job: ListAct) -> HttpResponse:
        if list_acts.halt(job, visitor(request)):
            messages.success(request, "It stops within seconds. What is done stays done.")
        else:
            messages.warning(request, "There was nothing left to stop. Nothing was done.")
        return HttpResponseRedirect(self.own_url("change", job.pk))

    def _job(self, request: HttpRequest, key: str) -> ListAct:
        return found(self.get_queryset(request).filter(pk=number_of(key)).first(), "act on a list (they are removed after 90 days)")

    def _list_url(self, request: HttpRequest, page: ListActPage) -> str:
        """The list as it is now; a search may name a number, which whoever asked knows already."""
        if not (self.may_see_numbers(request) or page.owner_key == request.user.pk):
            return ""
        try:
            return f"{reverse(f'admin:{page.section}_changelist')}?{page.query}"
        except NoReverseMatch:
            return ""

    def _act_doors(self, request: HttpRequest, page: ListActPage) -> Iterator[Door]:
        if page.stoppable:
            yield Door("Stop it…", self.own_url("halt", page.pk), bad=True)

    adds = Additions(pages=(OwnPage("halt", "<int:key>/halt/", halt_view),), doors={Where.RECORD: _act_doors})

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Asked for (UTC)")
    def asked_at(self, job: ListAct) -> str:
        return moment(job.created_at)

    @admin.display(description="What")
    def what(self, job: ListAct) -> str:
        return act_in_words(job.kind, job.rows_total)

    @admin.display(description="State")
    def state_words(self, job: ListAct) -> SafeString:
        return badge_html(state_badge(job.state))

    @admin.display(description="So far")
    def so_far_words(self, job: ListAct) -> str:
        return " ".join(filter(None, [so_far(job.kind, job.state, progress_of(job)), job.problem]))

    @admin.display(description="By")
    def who(self, job: ListAct) -> str:
        return cleaned(job.by, 60)


def _kinds_of(request: HttpRequest) -> list[str]:
    """Those that this reader may ask for."""
    return [kind.value for kind in ListActKind if request.user.has_perm(list_acts.permission_of(kind))]


def halt_question(job: ListAct) -> Question:
    page = list_act_page(job)
    return Question(
        title="Stop this act?",
        consequences=(page.sentence, "What is done stays done. What is left is left as it is; it can be asked for again."),
        refusal="" if page.stoppable else "There is nothing left to stop.",
        button="Stop it",
        leave="Let it go on",
        back=reverse("admin:cdr_listact_change", args=[job.pk]),
    )
