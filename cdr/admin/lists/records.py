"""What the lists of records share: nobody adds, changes or deletes a record here, the newest stand first, pages are found by the place
of their neighbour, and numbers are whole only for those who may see them.

Owns those rules. Must not know which records there are."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.utils.functional import cached_property

from cdr.admin.additions import Door, PageAdmin, Where
from cdr.admin.entry.own_time_zone import shown_zone
from cdr.admin.filters.kinds import Narrowing
from cdr.admin.lists.paging import Keyset, RecordPage, record_page
from cdr.admin.lists.second_times import TICKED, with_second_time
from cdr.admin.understood import UnderstoodList
from cdr.pages.masked_page import Numbered, as_seen
from cdr.pure import keyset
from cdr.roles import NUMBERS, SECRETS
from cdr.sign_in.sessions import SessionStore, user_of

Found = TypeVar("Found")
NumberedPage = TypeVar("NumberedPage", bound=Numbered)
BEFORE, AFTER = "before", "after"
"""The parameters that name the row a page begins after: with what is older, or with what is newer."""
LONGEST_QUERY = 2000
"""What a row can hold of an address."""


class Chip(NamedTuple):
    """One thing that narrows a list, and where the list without it is."""

    words: str
    without: str


class RecordList(UnderstoodList):
    """A page of records, and what narrows the list. Sorted one way only: any other would need an index for each filter."""

    model_admin: "RecordAdmin"
    result_list: Sequence[Model]

    # Its rows ----------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        """Everything that the filters and the search leave, whichever page is shown."""
        for name in (BEFORE, AFTER):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        """One page. Django's templates ask for the rest."""
        self.request = request
        asked, newer = self._asked(request)
        found = self._page(asked, newer)
        if newer and len(found.rows) < self.list_per_page:
            # The newest ones do not fill a page: the first page has them, and the next ones.
            asked, found = None, self._page(None, False)
        self.result_list = found.rows
        self.newer, self.older = self._leads(AFTER, found.newer), self._leads(BEFORE, found.older)
        self.begins_newest = asked is None or (newer and not self.newer)
        self.result_count = len(found.rows)
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions, self.can_show_all, self.multi_page = bool(found.rows), False, False
        self.paginator = Paginator(found.rows, self.list_per_page)

    def _page(self, place: keyset.Place | None, newer: bool) -> RecordPage:
        def fetched(newer: bool, count: int) -> list[Model]:
            return self.fetched(place, newer, count)

        return record_page(fetched, self.keys.place, self.list_per_page, came_from=place, newer=newer)

    @property
    def keys(self) -> Keyset:
        """What the list is sorted by; RecordAdmin.ordering says it."""
        *time, key = (str(name).removeprefix("-") for name in self.model_admin.ordering or ("-id",))
        return Keyset(time[0] if time else None, key)

    def fetched(self, place: keyset.Place | None, newer: bool, count: int) -> list[Model]:
        """The rows that are nearest to the place, in the direction that is asked for."""
        rows = self.queryset.filter(self.keys.beyond(place, newer=newer)) if place else self.queryset
        return list(self.keys.ordered(rows, ascending=newer)[:count])

    def in_order(self, count: int) -> Iterator[Model]:
        """Every row that is listed, the newest first, as many read at once: page after page, so that no page costs more than the first."""
        place: keyset.Place | None = None
        while rows := self.fetched(place, False, count):
            yield from rows
            place = self.keys.place(rows[-1])

    def _asked(self, request: HttpRequest) -> tuple[keyset.Place | None, bool]:
        """The place that the address names, and whether newer rows are asked for."""
        newer = AFTER in request.GET
        text = request.GET.get(AFTER if newer else BEFORE, "")
        try:
            return (self.place_named(text), newer) if text else (None, False)
        except ValueError as error:
            messages.warning(request, str(error))
            return None, False

    def place_named(self, text: str) -> keyset.Place:
        """Raises ValueError with a sentence."""
        return keyset.read_place(text, timed=self.keys.time is not None)

    def name_of_place(self, place: keyset.Place) -> str:
        """By which an address names one of this page."""
        return keyset.written(place)

    def _leads(self, parameter: str, place: keyset.Place | None) -> str:
        query = [(name, value) for name, value in self.params.items() if value]
        return "?" + urlencode([*query, (parameter, self.name_of_place(place))]) if place else ""

    def url_for_result(self, result: Model) -> str:
        return self.model_admin.own_url("change", getattr(result, self.model_admin.named_by))

    @property
    def count_words(self) -> str:
        """Of this page. A count of them all would cost more than the page."""
        noun = self.opts.verbose_name if self.result_count == 1 else self.opts.verbose_name_plural
        if self.begins_newest:
            return f"the newest {self.result_count:,} {noun}" if self.older else f"{self.result_count:,} {noun}"
        return f"{self.result_count:,} {noun} on this page"

    # What narrows it ---------------------------------------------------------------------------------------------------
    @property
    def narrowings(self) -> list[Narrowing]:
        """Its filters: RecordAdmin.list_filter takes no others."""
        return cast(list[Narrowing], self.filter_specs)

    @property
    def filtered(self) -> bool:
        """Whether a filter is in force. Our form sends the empty ones as well."""
        return any(value for name, value in self.params.items() if name != SEARCH_VAR)

    @property
    def narrowed(self) -> bool:
        return self.filtered or bool(self.query.strip())

    @property
    def has_rare_filters(self) -> bool:
        return any(spec.rare for spec in self.narrowings)

    @property
    def rare_filtered(self) -> bool:
        """Whether one of the filters that are folded away is in force."""
        return any(spec.rare and spec.chips() for spec in self.narrowings)

    @property
    def chips(self) -> list[Chip]:
        """What narrows the list, each with the address of the same list without it."""
        found = [("search: " + self.query.strip(), SEARCH_VAR)] if self.query.strip() else []
        found += [chip for spec in self.narrowings for chip in spec.chips()]
        return [Chip(words, self._without(parameter)) for words, parameter in found]

    @property
    def how_searched(self) -> str:
        """How the search was read, in a sentence."""
        return f"Looked at: {self.model_admin.search_help_text}." if self.query.strip() and self.model_admin.search_help_text else ""

    @property
    def notes(self) -> str:
        """Why nothing is found, where a filter knows it."""
        return " ".join(spec.note for spec in self.narrowings if spec.note)

    def _without(self, parameter: str) -> str:
        return "?" + urlencode([(name, value) for name, value in self.params.items() if value and name != parameter])

    @property
    def selection(self) -> str:
        """The query of an address that shows the same rows: what is set, in the order of its names."""
        return urlencode(sorted((name, value) for name, value in self.params.items() if value))

    @property
    def wider(self) -> bool:
        """Than its usual columns, so that it has to be moved sideways."""
        return len([column for column in self.list_display if column not in TICKED]) > len(self.model_admin.usual_columns(self.request))

    # What can be done with it ------------------------------------------------------------------------------------------
    @cached_property
    def news_address(self) -> str:
        """Where its page asks for what is newer than its first row; "" where it does not."""
        return "" if self.problems or not self.begins_newest else self.model_admin.news_address(self)

    @cached_property
    def doors(self) -> list[Door]:
        return self.model_admin.doors(Where.LIST, self.request, self)

    @cached_property
    def narrowed_doors(self) -> list[Door]:
        return self.model_admin.doors(Where.NARROWED, self.request, self)


class RecordAdmin(PageAdmin):
    """`named_by`: the column that an address of a record holds."""

    named_by: ClassVar[str] = "pk"
    list_filter: ClassVar[tuple[type[Narrowing], ...]] = ()
    actions: tuple[str, ...] | None = None
    actions_selection_counter = False
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    turned_by: ClassVar[tuple[str, ...]] = (BEFORE, AFTER, ERROR_FLAG)
    change_list_template = "admin/cdr/record_list.html"
    time_head: ClassVar[str] = ""
    """Of the first column, where it tells a time in UTC: what `time_of` tells by another clock as well."""

    def time_of(self, row: Any) -> datetime | None:
        return None

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        listed = super().get_changelist_instance(request)
        if self.time_head and (zone := shown_zone(request)):
            listed.list_display = with_second_time(listed.list_display, self.time_head, self.time_of, zone)
        return listed

    def usual_columns(self, request: HttpRequest) -> tuple[str, ...]:
        """For which there is room on a laptop."""
        return tuple(map(str, self.list_display))

    def columns_for(self, request: HttpRequest) -> tuple[str, ...]:
        return self.usual_columns(request)

    def news_address(self, listed: RecordList) -> str:
        return ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[RecordList]:
        return RecordList

    def selection_of(self, query: str) -> str:
        """Of an address of the list: what says which rows are meant, also what nobody understands, without what turns its pages."""
        asked = QueryDict(query)
        return urlencode(sorted((name, value) for name in asked if name not in self.turned_by for value in asked.getlist(name) if value))

    def may_see_numbers(self, request: HttpRequest) -> bool:
        return request.user.has_perm(NUMBERS)

    def may_see_secrets(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SECRETS)

    def reader_again(self, request: HttpRequest) -> HttpRequest | None:
        """Who asked, as he is now: a request of the same session, read anew. None for whom this list is not any more."""
        again = HttpRequest()
        again.method, again.session = "GET", SessionStore(request.session.session_key)
        again.user = user_of(again.session)
        still = again.user.pk == request.user.pk and self.admin_site.has_permission(again) and self.has_view_permission(again)
        return again if still else None

    def shown(self, request: HttpRequest, page: NumberedPage | None, what: str) -> NumberedPage:
        """The page as this reader may see it; raises Http404 with a sentence when there is none."""
        whole = found(page, what)
        return as_seen(whole, whole_numbers=self.may_see_numbers(request), secrets=self.may_see_secrets(request))


def found(page: Found | None, what: str) -> Found:
    """The page; raises Http404 with a sentence when there is none."""
    if page is None:
        raise Http404(f"There is no such {what}.")
    return page
