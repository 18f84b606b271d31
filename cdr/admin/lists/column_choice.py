"""Which columns of a list somebody wants to see: the page that asks, and the cookie that keeps it for one browser.

Owns what may be chosen, and that whatever else a cookie holds chooses nothing. Who may see what of a column is the list's to say, and it
says that of chosen ones as of others. In a cookie and not in the address: a link that is sent to a colleague says which rows are meant,
and not how somebody likes to read them."""

from collections.abc import Iterator
from typing import ClassVar, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse

from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.filters.kinds import quoted
from cdr.admin.lists.records import RecordAdmin, RecordList

COOKIE = "columns"
"""For the address of one list."""
KEPT_SECONDS = 365 * 24 * 3600
BETWEEN = "."


class ChoosesColumns(RecordAdmin):
    """`more_columns`: those that are shown only to who chooses them. The first of the usual ones names the row, and always stands."""

    more_columns: ClassVar[tuple[str, ...]] = ()

    def offered_columns(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.usual_columns(request), *self.more_columns)

    def columns_for(self, request: HttpRequest) -> tuple[str, ...]:
        """The usual ones, where the cookie names one that there is not."""
        first, *others = self.offered_columns(request)
        chosen = request.COOKIES.get(COOKIE)
        if chosen is None or not {*filter(None, chosen.split(BETWEEN))} <= {*others}:
            return super().columns_for(request)
        return (first, *(name for name in others if name in chosen.split(BETWEEN)))

    def columns_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, beside the narrowed list that the address carries; POST keeps the answer."""
        self.require_view_permission(request)
        if request.method == "POST":
            return self._keep_columns(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        shown = self.columns_for(request)
        first, *others = ((name, getattr(self, name).short_description, name in shown) for name in self.offered_columns(request))
        query = self.selection_of(request.GET.urlencode())
        context = self.page_context(request, "Columns", first=first, columns=others, query=query, list_url=self._list_of(query))
        return TemplateResponse(request, "admin/cdr/columns.html", context)

    def _keep_columns(self, request: HttpRequest) -> HttpResponse:
        chosen, others = request.POST.getlist("column"), self.offered_columns(request)[1:]
        answer = HttpResponseRedirect(self._list_of(self.selection_of(request.POST.get("query", ""))))
        if unknown := [name for name in chosen if name not in others]:
            messages.error(request, f"Nothing was changed: {quoted(unknown[0])} is no column of this list.")
        elif "usual" in request.POST:
            answer.delete_cookie(COOKIE, self.own_url("changelist"), samesite="Lax")
        else:
            kept, secure = BETWEEN.join(dict.fromkeys(chosen)), request.is_secure()
            answer.set_cookie(COOKIE, kept, KEPT_SECONDS, path=self.own_url("changelist"), secure=secure, httponly=True, samesite="Lax")
        return answer

    def _list_of(self, query: str) -> str:
        return self.own_url("changelist") + (f"?{query}" if query else "")

    def _door_to_columns(self, request: HttpRequest, listed: object) -> Iterator[Door]:
        query = cast(RecordList, listed).selection
        yield Door("Columns…", self.own_url("columns") + (f"?{query}" if query else ""))

    adds = Additions(pages=(OwnPage("columns", "columns/", columns_view),), doors={Where.LIST: _door_to_columns})
