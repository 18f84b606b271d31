"""The page that asks before something is done: GET asks, POST does. Of one record by a door on its page, of several by an action
of their list.

Owns the asking and who may. Must not know what is done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse

from cdr.admin.additions import PageAdmin

MOST_AT_ONCE = 100
Row = TypeVar("Row", bound=Model)


class Choice(NamedTuple):
    """One of several has to be chosen: `options` are values and words, `proposed` the value that is ticked."""

    legend: str
    name: str
    options: tuple[tuple[str, str], ...]
    proposed: str


@dataclass(frozen=True, slots=True)
class Question:
    """`consequences`: what will happen, a paragraph each. `refusal`: why there is nothing to do, "" when there is. `back`: the
    address to return to. `subjects`: what it is about, when there are several. `choice`: how it is to be done. `form`: what else has to
    be said first."""

    title: str
    consequences: tuple[str, ...]
    button: str
    back: str
    leave: str = "Leave it"
    warning: str = ""
    refusal: str = ""
    subjects: tuple[str, ...] = ()
    bad: bool = True
    choice: Choice | None = None
    form: BaseForm | None = None


class Asking(PageAdmin):
    """Asks before it acts: on one record by its own page, on several by an action of their list."""

    def act_view(
        self,
        request: HttpRequest,
        permission: str,
        ask: Callable[[], HttpResponse],
        act: Callable[[], HttpResponse],
        *,
        confirm: bool = False,
    ) -> HttpResponse:
        """The answer of `act` to a POST and of `ask` to a GET, for those who have `permission` and may see the record. `confirm`: for
        those who have just confirmed that it is them."""
        self.require_view_permission(request)
        if not request.user.has_perm(permission):
            raise PermissionDenied
        if request.method == "POST":
            return self.after_confirming(request, act) if confirm else act()
        return ask() if request.method == "GET" else HttpResponseNotAllowed(["GET", "POST"])

    def asked(self, request: HttpRequest, question: Question, **content: object) -> TemplateResponse:
        return TemplateResponse(request, "admin/cdr/ask.html", self.page_context(request, question.title, question=question, **content))

    def asked_of_many(
        self,
        request: HttpRequest,
        rows: QuerySet[Row],
        ask: Callable[[list[Row]], Question],
        act: Callable[[list[Row]], None],
    ) -> HttpResponse | None:
        """First the question with the chosen rows in hidden fields, then, confirmed, `act`."""
        chosen = list(rows[:MOST_AT_ONCE])
        if "confirmed" in request.POST:
            act(chosen)
            return None
        return self.asked(request, ask(chosen), hidden=_hidden(request.POST.get("action", ""), chosen))


def _hidden(action: str, rows: Iterable[Model]) -> list[tuple[str, str]]:
    return [("action", action), ("confirmed", "yes"), *((helpers.ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows)]
