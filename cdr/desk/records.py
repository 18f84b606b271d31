"""What the desk's lists and pages share: they show rows of the visitor's scope, are looked at and not changed, and have no address but
those that they name.

Owns that closing. Must not know which records there are."""

from collections.abc import Callable
from types import MethodType
from typing import Any, ClassVar, TypeVar, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.http import require_safe

from cdr.admin.additions import OwnPage
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.records import RecordAdmin, RecordList, found
from cdr.audit import Actor
from cdr.desk.search import problem_of
from cdr.desk_scope import DeskScope, scope_of_request
from cdr.pure import keyset
from cdr.pure.keyset import Place
from cdr.pure.log.for_customers import at_desk

Row = TypeVar("Row", bound=Model)


def scope_here(request: HttpRequest) -> DeskScope:
    """The site asks before whether there is one; who lost his place meanwhile finds nothing."""
    return found(scope_of_request(request), "page")


def desk_actor(request: HttpRequest) -> Actor:
    """Who acts, for the audit log and for logs that the account's people read: known there as one of them."""
    who = visitor(request)
    return who._replace(name=at_desk(who.name))


def name_of_row(row: Model) -> str:
    """By which an address names a row whose number would tell how many the platform has."""
    return salted_hmac("cdr.desk", f"{row._meta.label_lower} {row.pk}").hexdigest()[:24]


def row_named(rows: QuerySet[Row], name: str) -> Row | None:
    """Of few."""
    return next((row for row in rows if constant_time_compare(name_of_row(row), name)), None)


class DeskList(RecordList):
    """Says why a search cannot be meant."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        rows = super().get_queryset(request, exclude_parameters)
        if problem := problem_of(self.query):
            self.problems.append(problem)
        return rows.none() if problem else rows

    # A place in it is named by its row's public name: a number of the table would tell how many rows the platform has -------------
    def place_named(self, text: str) -> Place:
        """Of a name that is no row of the scope's, whoever has it, what stands at that time."""
        time, _, name = text.partition("_")
        place, records = keyset.read_place(f"{time}_0", timed=True), cast(DeskRecords, self.model_admin)
        rows = scope_here(self.request).rows(self.model).filter(**{str(self.keys.time): place.at}).order_by()
        try:
            key = rows.filter(**{records.placed_by: name}).values_list("pk", flat=True).first()
        except ValidationError:
            key = None
        return place._replace(key=key or 0)

    def name_of_place(self, place: Place) -> str:
        time, _, _ = keyset.written(place).partition("_")
        name = next(getattr(row, cast(DeskRecords, self.model_admin).placed_by) for row in self.result_list if row.pk == place.key)
        return f"{time}_{name}"


class DeskRecords(RecordAdmin):
    """`address`: the word for the list in addresses. `ACTS`: names of the pages that take a POST of managers; `OWN_ACTS`: of those
    that take one of anybody, about what is theirs alone. All others are only looked at. `list_columns`: those of who has one account;
    who has several sees in a column of its own which one a row belongs to. `seldom`: not in the bar of every page. `placed_by`: the
    column that names a row in the address of a list's page."""

    address: ClassVar[str]
    seldom: ClassVar[bool] = False
    placed_by: ClassVar[str] = "uuid"
    ACTS: ClassVar[frozenset[str]] = frozenset()
    OWN_ACTS: ClassVar[frozenset[str]] = frozenset()
    list_columns: ClassVar[tuple[str, ...]]
    actions = None

    def get_urls(self) -> list[URLPattern]:
        """All there are: none of those that Django's admins have."""
        return [
            path("", self._looked_at(self.changelist_view), name=f"{self.section}_changelist"),
            *(self._url(page) for adds in self.additions() for page in adds.pages),
            path("<str:object_id>/", self._looked_at(self.change_view), name=f"{self.section}_change"),
        ]

    def _url(self, page: OwnPage) -> URLPattern:
        view = MethodType(page.view, self)
        guarded = self.admin_site.admin_view(view) if page.name in self.ACTS | self.OWN_ACTS else self._looked_at(view)
        return path(page.route, guarded, dict(page.arguments), name=f"{self.section}_{page.name}")

    def _looked_at(self, view: Callable[..., HttpResponseBase]) -> Any:
        return self.admin_site.admin_view(require_safe(view))

    # Nothing here asks for a permission of the console, which some of the desk's people may have as well ---------------------
    def has_module_permission(self, request: HttpRequest) -> bool:
        return scope_of_request(request) is not None

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return scope_of_request(request) is not None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def may_see_numbers(self, request: HttpRequest) -> bool:
        """They are the account's own calls."""
        return True

    def may_see_secrets(self, request: HttpRequest) -> bool:
        return False

    # Its rows ------------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return scope_here(request).rows(self.model)

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[RecordList]:
        return DeskList

    def usual_columns(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.list_columns, "account_name") if scope_here(request).has_several else self.list_columns

    # What a manager does ---------------------------------------------------------------------------------------------------
    def acted(
        self,
        request: HttpRequest,
        account_key: int,
        ask: Callable[[], HttpResponse],
        act: Callable[[], HttpResponse],
        *,
        confirm: bool = False,
    ) -> HttpResponse:
        """On a row that was found in the scope: the answer of `act` to a POST and of `ask` to a GET, for managers of its account.
        `confirm`: for those who have just confirmed that it is them."""
        if not scope_here(request).manages(account_key):
            raise PermissionDenied
        if request.method == "POST":
            return self.after_confirming(request, act) if confirm else act()
        return ask() if request.method == "GET" else HttpResponseNotAllowed(["GET", "POST"])

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Each list has its own."""
        raise NotImplementedError
