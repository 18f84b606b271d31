"""Narrowed lists under a name, each person's own and those that somebody shares: the page that opens, saves and deletes them.

Owns what may be saved and who may delete it. Must not know what a filter means."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from cdr.admin.lists.questions import AskingAdmin
from cdr.models import SavedFilter

LONGEST_NAME, LONGEST_QUERY = 60, 2000


class SavingAdmin(AskingAdmin):
    @property
    def section(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def get_urls(self) -> list[Any]:
        saved = path("saved/", self.admin_site.admin_view(self.saved_view), name=f"{self.section}_saved")
        return [saved, *super().get_urls()]

    def saved_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows them, with a form for the narrowed list that the address carries; POST saves or deletes one."""
        self.require_view_permission(request)
        if request.method == "POST":
            return self._delete(request) if "delete" in request.POST else self._save(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        rows = _seen_by(request, self.section)
        mine = [(row, _may_delete(request, row)) for row in rows.select_related("owner")]
        list_url = reverse(f"admin:{self.section}_changelist")
        context = self.page_context(request, "Saved filters", saved=mine, query=self._known(request.GET.urlencode()), list_url=list_url)
        return TemplateResponse(request, "admin/cdr/saved.html", context)

    def _save(self, request: HttpRequest) -> HttpResponse:
        name, query = request.POST.get("name", "").strip()[:LONGEST_NAME], self._known(request.POST.get("query", ""))
        if not name or not query:
            messages.error(request, "Nothing was saved: narrow the list first, then give it a name.")
        elif len(query) > LONGEST_QUERY:
            messages.error(request, f"Nothing was saved: the filters take {len(query)} characters, {LONGEST_QUERY} are the most.")
        else:
            values = {"query": query, "shared": "shared" in request.POST}
            SavedFilter.objects.update_or_create(owner_id=request.user.pk, section=self.section, name=name, defaults=values)
            messages.success(request, f"Saved as “{name}”.")
        return self._back(query)

    def _delete(self, request: HttpRequest) -> HttpResponse:
        key = request.POST["delete"]
        row = get_object_or_404(_seen_by(request, self.section), pk=int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0)
        if not _may_delete(request, row):
            raise PermissionDenied
        row.delete()
        messages.success(request, f"“{row.name}” was deleted.")
        return self._back("")

    def _back(self, query: str) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"admin:{self.section}_saved") + (f"?{query}" if query else ""))

    def _known(self, query: str) -> str:
        """The parameters of the list's own filters and its search, and nothing else."""
        names = {SEARCH_VAR, *_parameters(self.list_filter)}
        return urlencode(sorted((name, value) for name, value in parse_qsl(query, max_num_fields=100) if name in names))


def _parameters(filters: Any) -> set[str]:
    return {name for spec in filters for name in getattr(spec, "PARAMETERS", ()) or (spec.parameter_name,)}


def _seen_by(request: HttpRequest, section: str) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.filter(Q(owner_id=request.user.pk) | Q(shared=True), section=section)


def _may_delete(request: HttpRequest, row: SavedFilter) -> bool:
    return row.owner_id == request.user.pk or request.user.has_perm("cdr.delete_savedfilter")
