"""What the lists of records share: nobody adds, changes or deletes a record here, counts stop at 10,000, rows are named by uuid.

Owns those rules. Must not know which records there are."""

from functools import cached_property
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.urls import reverse

Page = TypeVar("Page")
COUNTED_TO = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    """Counts to COUNTED_TO and one more: on millions of rows a full count costs more than the page."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNTED_TO + 1].count())


class RecordList(ChangeList):
    """Links its rows by uuid, the name that people send each other, where the record has one."""

    def url_for_result(self, result: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[getattr(result, "uuid", result.pk)])

    @property
    def filtered(self) -> bool:
        """Whether a filter is in force. Our form sends the empty ones, too."""
        return any(value for name, value in self.params.items() if name != SEARCH_VAR)

    @property
    def narrowed(self) -> bool:
        return self.filtered or bool(self.query.strip())

    @property
    def count_words(self) -> str:
        if self.result_count > COUNTED_TO:
            return f"over {COUNTED_TO:,}"
        return f"{self.result_count:,}"


class RecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    actions = None
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    change_list_template = "admin/cdr/record_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordList

    def require_view_permission(self, request: HttpRequest) -> None:
        """For pages that Django's own checks do not cover. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    def page_context(self, request: HttpRequest, title: str, **content: Any) -> dict[str, Any]:
        """What every page of ours is rendered with."""
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **content}


def found(page: Page | None, what: str) -> Page:
    """The page; raises Http404 with a sentence when there is none."""
    if page is None:
        raise Http404(f"There is no such {what}.")
    return page
