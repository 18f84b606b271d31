"""Narrowed lists under a name, each person's own and those that somebody shares: the page that opens, saves and deletes them.

Owns what may be saved and who may delete it. Must not know what a filter means."""

from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.lists.records import LONGEST_QUERY, RecordAdmin, RecordList
from cdr.models import SavedFilter
from cdr.pages.row_key import number_of
from cdr.pure.lookup import has_number, names_a_caller

LONGEST_NAME = 60


class Saved(RecordAdmin):
    """A list that can be saved as it is narrowed."""

    def saved_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows them, with a form for the narrowed list that the address carries; POST saves or deletes one."""
        self.require_view_permission(request)
        if request.method == "POST":
            return self._delete_filters(request) if "delete" in request.POST else self._save_filters(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        rows = _seen_by(request, self.section)
        mine = [(row, _may_delete(request, row), self._is_hidden(request, row)) for row in rows.select_related("owner")]
        query, list_url = self.selection_of(request.GET.urlencode()), self.own_url("changelist")
        context = self.page_context(request, "Saved filters", saved=mine, query=query, list_url=list_url)
        return TemplateResponse(request, "admin/cdr/saved.html", context)

    def _is_hidden(self, request: HttpRequest, row: SavedFilter) -> bool:
        """Somebody else's, with a number or a caller in it, from who may not see numbers."""
        if row.owner_id == request.user.pk or self.may_see_numbers(request):
            return False
        return names_a_caller(QueryDict(row.query).get("q", "")) or has_number(row.name)

    def _save_filters(self, request: HttpRequest) -> HttpResponse:
        name, query = request.POST.get("name", "").strip()[:LONGEST_NAME], self.selection_of(request.POST.get("query", ""))
        if not name or not query:
            messages.error(request, "Nothing was saved: narrow the list first, then give it a name.")
        elif len(query) > LONGEST_QUERY:
            messages.error(request, f"Nothing was saved: the filters take {len(query)} characters, {LONGEST_QUERY} are the most.")
        elif problems := self.problems_with(request, query):
            messages.error(request, f"Nothing was saved. {' '.join(problems)}")
            query = ""
        else:
            values = {"query": query, "shared": "shared" in request.POST}
            SavedFilter.objects.update_or_create(owner_id=request.user.pk, section=self.section, name=name, defaults=values)
            messages.success(request, f"Saved as “{name}”.")
        return self._to_saved(query)

    def _delete_filters(self, request: HttpRequest) -> HttpResponse:
        row = get_object_or_404(_seen_by(request, self.section), pk=number_of(request.POST["delete"]))
        if not _may_delete(request, row):
            raise PermissionDenied
        row.delete()
        messages.success(request, f"“{row.name}” was deleted.")
        return self._to_saved("")

    def _to_saved(self, query: str) -> HttpResponse:
        return HttpResponseRedirect(self.own_url("saved") + (f"?{query}" if query else ""))

    def _door_to_saved(self, request: HttpRequest, listed: RecordList) -> Iterator[Door]:
        yield Door("Saved filters", self.own_url("saved"))

    def _door_to_save(self, request: HttpRequest, listed: RecordList) -> Iterator[Door]:
        yield Door("Save these filters…", f"{self.own_url('saved')}?{listed.selection}")

    adds = Additions(pages=(OwnPage("saved", "saved/", saved_view),), doors={Where.LIST: _door_to_saved, Where.NARROWED: _door_to_save})


def _seen_by(request: HttpRequest, section: str) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.filter(Q(owner_id=request.user.pk) | Q(shared=True), section=section)


def _may_delete(request: HttpRequest, row: SavedFilter) -> bool:
    return row.owner_id == request.user.pk or request.user.has_perm("cdr.delete_savedfilter")
