"""What the lists of records share: nobody adds, changes or deletes a record here, the newest stand first, pages are found by the place
of their neighbour, rows are named by uuid, and numbers are whole only for those who may see them.

Owns those rules. Must not know which records there are."""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse

from cdr.admin.lists.paging import Keyset, Page, page
from cdr.pages.masked_page import Numbered, without_numbers
from cdr.pure import keyset
from cdr.pure.keyset import Place

Found = TypeVar("Found")
NumberedPage = TypeVar("NumberedPage", bound=Numbered)
BEFORE, AFTER = "before", "after"
"""The parameters that name the row a page begins after: with what is older, or with what is newer."""


class Chip(NamedTuple):
    """One thing that narrows a list, and where the list without it is."""

    words: str
    without: str


class RecordList(ChangeList):
    """Links its rows by uuid, the name that people send each other, where the record has one. Its filters are those of
    cdr.admin.lists.filters: each has `rare` and `chips`. Sorted one way only: any other would need an index for each filter."""

    filter_specs: list[Any]

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.may_export = request.user.has_perm("cdr.add_export")

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Everything that the filters and the search leave, whichever page is shown."""
        for name in (BEFORE, AFTER):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        """One page. Django's templates ask for the rest."""
        asked, newer = self._asked(request)
        found = self._page(asked, newer)
        if newer and len(found.rows) < self.list_per_page:
            # The newest ones do not fill a page: the first page has them, and the next ones.
            asked, found = None, self._page(None, False)
        self.result_list, self.newer, self.older = found.rows, self._leads(AFTER, found.newer), self._leads(BEFORE, found.older)
        self.begins_newest = asked is None or (newer and not self.newer)
        self.result_count = len(found.rows)
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions, self.can_show_all, self.multi_page = bool(found.rows), False, False
        self.paginator = Paginator(found.rows, self.list_per_page)

    def _page(self, place: Place | None, newer: bool) -> Page:
        def fetched(newer: bool, count: int) -> list[Any]:
            return self.fetched(place, newer, count)

        return page(fetched, self.keys.place, self.list_per_page, came_from=place, newer=newer)

    @property
    def keys(self) -> Keyset:
        """What the list is sorted by; RecordAdmin.ordering says it."""
        *time, key = (str(name).removeprefix("-") for name in self.model_admin.ordering or ("-id",))
        return Keyset(time[0] if time else None, key)

    def fetched(self, place: Place | None, newer: bool, count: int) -> list[Any]:
        """The rows that are nearest to the place, in the direction that is asked for."""
        rows = self.queryset.filter(self.keys.beyond(place, newer=newer)) if place else self.queryset
        return list(self.keys.ordered(rows, ascending=newer)[:count])

    def in_order(self, count: int) -> Iterator[Any]:
        """Every row that is listed, the newest first, as many read at once: page after page, so that no page costs more than the first."""
        place: Place | None = None
        while rows := self.fetched(place, False, count):
            yield from rows
            place = self.keys.place(rows[-1])

    def _asked(self, request: HttpRequest) -> tuple[Place | None, bool]:
        """The place that the address names, and whether newer rows are asked for."""
        newer = AFTER in request.GET
        text = request.GET.get(AFTER if newer else BEFORE, "")
        try:
            return (keyset.read(text, timed=self.keys.time is not None), newer) if text else (None, False)
        except ValueError as error:
            messages.warning(request, str(error))
            return None, False

    def _leads(self, parameter: str, place: Place | None) -> str:
        query = [(name, value) for name, value in self.params.items() if value]
        return "?" + urlencode([*query, (parameter, keyset.written(place))]) if place else ""

    def url_for_result(self, result: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[getattr(result, "uuid", result.pk)])

    @property
    def filtered(self) -> bool:
        """Whether a filter is in force. Our form sends the empty ones as well."""
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
        """Of this page. A count of them all would cost more than the page."""
        noun = self.opts.verbose_name if self.result_count == 1 else self.opts.verbose_name_plural
        if self.begins_newest:
            return f"the newest {self.result_count:,} {noun}" if self.older else f"{self.result_count:,} {noun}"
        return f"{self.result_count:,} {noun} on this page"


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


def found(page: Found | None, what: str) -> Found:
    """The page; raises Http404 with a sentence when there is none."""
    if page is None:
        raise Http404(f"There is no such {what}.")
    return page
