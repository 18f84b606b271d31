"""What of a list's address is understood: the search, what the list's filters declare, and what turns its pages. With anything else in
it, or with a value that a filter does not know, a list shows no row, and says why.

Owns that rule for every list of the console. Django's lists answer a look-up on any column (`?auth_token__startswith=v`); each is a
question about the column, and here nobody asks one of what he may not see. Must not know which lists there are."""

from collections.abc import Collection, Mapping
from copy import copy
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse

from cdr.admin.filters.kinds import Narrowing, quoted
from cdr.pure.figures import NOTHING

SHOWN_NAMES = 5
MOST_DIGITS = 9
AS_TEXT = "__str__"
"""The column of a list that names none: Django draws its head as if one could sort by it, and then sorts by nothing."""


NO_ACTION = [("", "what to do with those ticked")]


class NotUnderstood(Exception):
    """Something was to be done to rows of a list whose address is not understood; the message says what is not."""


class UnderstoodList(ChangeList):
    """`problems`: what was not understood, a sentence each. With one of them there is no row."""

    model_admin: "ListAdmin"
    problems: list[str]

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        known = self.model_admin.understood()
        self.problems = name_problems(request.GET, self.model_admin.narrowed_by(), known)
        readable = {name for name in known if "\x00" not in "".join(request.GET.getlist(name))}
        self.params = {name: value for name, value in self.params.items() if name in readable}
        self.filter_params = {name: values for name, values in self.filter_params.items() if name in readable}
        rows: QuerySet[Model] = super().get_queryset(request, exclude_parameters)
        self.problems += [*self._filter_problems(), *self._page_problems(request.GET.get(PAGE_VAR, ""))]
        return rows.none() if self.problems else rows

    def get_results(self, request: HttpRequest) -> None:
        """Django answers a page that is not there with the whole list, without its filters."""
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.problems.append(f"There is no page {self.page_num} of this list.")
            self.queryset, self.page_num = self.queryset.none(), 1
            super().get_results(request)

    def _filter_problems(self) -> list[str]:
        return [problem for spec in self.filter_specs if (problem := cast(Narrowing, spec).problem)]

    def _page_problems(self, page: str) -> list[str]:
        columns = str(self.params.get(ORDER_VAR, ""))
        sorts = not columns or all(map(self._sorts, columns.split(".")))
        return [
            *([] if sorts else [f"{quoted(columns)} names no columns that this list can be sorted by."]),
            *([] if not page or _is_number(page) else [f"{quoted(page)} is no page of this list."]),
        ]

    def _sorts(self, column: str) -> bool:
        """Whether a part of what the list is to be sorted by is one of the columns that it shows."""
        place = column.removeprefix("-")
        shown = self.list_display[int(place)] if _is_number(place) and int(place) < len(self.list_display) else None
        return shown == AS_TEXT or bool(shown and self.get_ordering_field(shown))


class ListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    """`list_filter`: nothing but Narrowings, because each of them says which parameters it reads. `turned_by`: the parameters that say
    which part of a list is shown, and how."""

    list_filter: ClassVar[tuple[type[Narrowing], ...]] = ()
    turned_by: ClassVar[tuple[str, ...]] = (PAGE_VAR, ORDER_VAR, IS_POPUP_VAR, TO_FIELD_VAR, ERROR_FLAG)
    linked: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """By a column that names something: the permission to see that, and the column that is a link to it, for those who have it."""
    show_facets = admin.ShowFacets.NEVER
    actions_selection_counter = False
    empty_value_display = NOTHING
    change_list_template = "admin/cdr/list.html"

    def get_action_choices(self, request: HttpRequest, default_choices: list[tuple[str, str]] = NO_ACTION) -> list[tuple[str, str]]:
        return list(super().get_action_choices(request, default_choices))

    def narrowed_by(self) -> tuple[str, ...]:
        """The parameters that say which rows are meant. A list is searched only where it says by what."""
        search = (SEARCH_VAR,) if self.search_help_text else ()
        return (*search, *(name for narrowing in self.list_filter for name in narrowing.parameters()))

    def understood(self) -> frozenset[str]:
        return frozenset((*self.narrowed_by(), *self.turned_by))

    def columns_for(self, request: HttpRequest) -> tuple[str, ...]:
        """Those that this reader is shown, whatever they may see of each."""
        return tuple(map(str, super().get_list_display(request)))

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        links = {column: link for column, (permission, link) in self.linked.items() if request.user.has_perm(permission)}
        return tuple(links.get(column, column) for column in self.columns_for(request))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """None but the filters' own: a list that was made in whatever other way refuses the rest as well."""
        return lookup in self.narrowed_by()

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """A row is addressed by its key. (Of what points to the model from elsewhere Django would ask for a column, and break.)"""
        return to_field in {field.name for field in self.opts.fields} and super().to_field_allowed(request, to_field)

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[ChangeList]:
        return UnderstoodList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises NotUnderstood where something is to be done to its rows."""
        try:
            listed = cast(UnderstoodList, super().get_changelist_instance(request))
        except IncorrectLookupParameters as error:  # which Django would answer with the whole list
            raise BadRequest("The address of this list is not understood.") from error
        if listed.problems and request.method == "POST":
            raise NotUnderstood(" ".join(listed.problems))
        return listed

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Of what is not understood the list without rows, as the answer to a bad request."""
        try:
            self._require_keys(request)
            response = super().changelist_view(request, extra_context)
        except NotUnderstood as refused:
            messages.error(request, f"Nothing was done. {refused}")
            return HttpResponseRedirect(request.get_full_path())
        context = response.context_data if isinstance(response, TemplateResponse) else None
        if context and getattr(context.get("cl"), "problems", None):
            response.status_code = 400
        return response

    def _require_keys(self, request: HttpRequest) -> None:
        """Raises NotUnderstood for chosen rows that can be none: the database would be asked for a key that it cannot compare."""
        for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.clean(key, None)
            except ValidationError as error:
                raise NotUnderstood(f"{quoted(key)} is no row of this list.") from error

    def not_understood(self, request: HttpRequest, title: str) -> HttpResponse | None:
        """For a list that is drawn otherwise than Django's, and that nothing narrows: the answer to an address which tries to."""
        problems = name_problems(request.GET, (), (ERROR_FLAG,))
        if not problems:
            return None
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "problems": problems}
        return TemplateResponse(request, "admin/cdr/not_understood.html", context, status=400)

    def problems_with(self, request: HttpRequest, query: str) -> list[str]:
        """What of the query of an address this visitor's list would not understand."""
        return self.listed_at(request, query)[1].problems

    def listed_at(self, request: HttpRequest, query: str) -> tuple[HttpRequest, UnderstoodList]:
        """The list as this visitor would see it at that address, and the request for it."""
        asked = copy(request)
        asked.method, asked.GET = "GET", QueryDict(query)
        return asked, cast(UnderstoodList, self.get_changelist_instance(asked))


def name_problems(asked: QueryDict, narrowed_by: Collection[str], known: Collection[str]) -> list[str]:
    """Of parameters by themselves: one that nobody reads, one that is said twice, and one whose text no database holds."""
    unknown = [name for name in asked if name not in known]
    twice = [name for name in asked if name in known and len(set(asked.getlist(name))) > 1]
    unreadable = [name for name in narrowed_by if "\x00" in "".join(asked.getlist(name))]
    read = f"What narrows this list: {', '.join(dict.fromkeys(narrowed_by))}." if narrowed_by else "Nothing narrows this list."
    return [
        *([f"{_listed(unknown)} in the address {'is' if len(unknown) == 1 else 'are'} not understood. {read}"] if unknown else []),
        *(f"The address says {quoted(name)} twice, and not the same." for name in twice),
        *(f"{quoted(name)} holds a character that is no text." for name in unreadable),
    ]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(map(quoted, names[:SHOWN_NAMES])) + more


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
