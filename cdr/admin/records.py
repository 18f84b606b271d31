"""What the lists of records share: nobody adds, changes or deletes a record here, counts stop at 10,000, rows are named by uuid,
and numbers are whole only for those who may see them.

Owns those rules. Must not know which records there are."""

from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.urls import reverse

from cdr.pages.hiding import Numbered, without_numbers

Page = TypeVar("Page")
NumberedPage = TypeVar("NumberedPage", bound=Numbered)
COUNTED_TO = 10_000


class Chip(NamedTuple):
    """One thing that narrows a list, and where the list without it is."""

    words: str
    without: str


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    """Counts to COUNTED_TO and one more: on millions of rows a full count costs more than the page."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNTED_TO + 1].count())


class RecordList(ChangeList):
    """Links its rows by uuid, the name that people send each other, where the record has one. Its filters are those of
    cdr.admin.filters: each has `rare` and `chips`."""

    filter_specs: list[Any]

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.may_export = request.user.has_perm("cdr.add_export")

    def url_for_result(self, result: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[getattr(result, "uuid", result.pk)])

    @property
    def filtered(self) -> bool:
        """Whether a filter is in force. Our form sends the empty ones, too."""
        return any(value for name, value in self.params.items() if name != SEARCH_VAR)

    @property
    def can_be_saved(self) -> bool:
        """Whether the list has a page of saved filters."""
        return hasattr(self.model_admin, "saved_view")

    @property
    def can_be_exported(self) -> bool:
        """Whether this reader may export this list."""
        return self.may_export and hasattr(self.model_admin, "exports_view")

    @property
    def has_rare_filters(self) -> bool:
        return any(spec.rare for spec in self.filter_specs)

    @property
    def rare_filtered(self) -> bool:
        """Whether one of the filters that are folded away is in force."""
        return any(spec.rare and spec.chips() for spec in self.filter_specs)

    @property
    def chips(self) -> list[Chip]:
        """What narrows the list, each with the address of the same list without it."""
        found = [("search: " + self.query.strip(), SEARCH_VAR)] if self.query.strip() else []
        found += [chip for spec in self.filter_specs for chip in spec.chips()]
        return [Chip(words, self._without(parameter)) for words, parameter in found]

    @property
    def selection(self) -> str:
        """The query of an address that shows the same rows: what is set, in the order of its names."""
        return urlencode(sorted((name, value) for name, value in self.params.items() if value))

    def _without(self, parameter: str) -> str:
        return "?" + urlencode([(name, value) for name, value in self.params.items() if value and name != parameter])

    @property
    def narrowed(self) -> bool:
        return self.filtered or bool(self.query.strip())

    @property
    def count_words(self) -> str:
        if self.result_count > COUNTED_TO:
            return f"over {COUNTED_TO:,}"
        return f"{self.result_count:,}"


class PageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    """With pages of our own beside Django's."""

    def require_view_permission(self, request: HttpRequest) -> None:
        """For pages that Django's own checks do not cover. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    def page_context(self, request: HttpRequest, title: str, **content: Any) -> dict[str, Any]:
        """What every page of ours is rendered with."""
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **content}


class RecordAdmin(PageAdmin):
    actions: tuple[str, ...] | None = None
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

    def may_see_numbers(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cdr.see_numbers")

    def shown(self, request: HttpRequest, page: NumberedPage | None, what: str) -> NumberedPage:
        """The page as this reader may see it; raises Http404 with a sentence when there is none."""
        whole = found(page, what)
        return whole if self.may_see_numbers(request) else without_numbers(whole)


def found(page: Page | None, what: str) -> Page:
    """The page; raises Http404 with a sentence when there is none."""
    if page is None:
        raise Http404(f"There is no such {what}.")
    return page
