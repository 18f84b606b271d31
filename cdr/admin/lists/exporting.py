"""The page of a list's exports: asks for one, shows how far each is, serves a file to its owner and to nobody else.

Owns the selection a list makes for a worker. How a file is written is cdr.exports'."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from cdr import audit, exports
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.records import LONGEST_QUERY, RecordAdmin, RecordList
from cdr.exports import NotAllowed, Selection
from cdr.models import Charge, Export, ExportState
from cdr.pages.columns import Column
from cdr.pages.row_key import number_of
from cdr.pure.acts import Act

MAY_EXPORT = "cdr.add_export"
MOST_PROBLEM = 300
"""What a row of Export can hold."""
SHOWN_EXPORTS, MOST_UNFINISHED = 50, 5
UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)
BLOCK_BYTES = 65_536
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class Sheet(NamedTuple):
    """What of a list's rows is exported; `numbers_of`: both numbers of a row's call, to mask them."""

    columns: tuple[Column, ...]
    numbers_of: Callable[[Any], tuple[str, str]]
    charges_of: Callable[[Any], Iterable[Charge]]
    """What a row was charged: added up at the end."""


class Exported(RecordAdmin):
    """A list that can be exported as it is narrowed, by `sheet`."""

    sheet: ClassVar[Sheet]

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        exports.SELECTORS[self.section] = self._selection

    def exports_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows one's own, and the form for the list that the address carries; POST asks for an export, or removes one."""
        self._require_export_permission(request)
        if request.method == "POST":
            return self._remove_export(request) if "remove" in request.POST else self._ask_for_export(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        mine = list(self._own_exports(request)[:SHOWN_EXPORTS])
        query, list_url = self.selection_of(request.GET.urlencode()), self.own_url("changelist")
        context = self.page_context(request, "Exports", exports=mine, query=query, list_url=list_url)
        unfinished = any(export.state in UNFINISHED for export in mine)
        return TemplateResponse(request, "admin/cdr/exports.html", context, headers={"Refresh": "2"} if unfinished else None)

    def file_view(self, request: HttpRequest, key: int) -> HttpResponseBase:
        self._require_export_permission(request)
        export = get_object_or_404(self._own_exports(request), pk=key, state=ExportState.DONE)
        file = exports.file_of(export)
        if not file.exists():
            raise Http404("The file of this export has been removed.")
        name = f"{self.opts.verbose_name_plural}-{export.created_at:%Y-%m-%d-%H%M%S}.{export.format}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(file.stat().st_size)}
        return StreamingHttpResponse(_blocks(file), content_type=TYPES[export.format], headers=headers)

    def _ask_for_export(self, request: HttpRequest) -> HttpResponse:
        query, form = self.selection_of(request.POST.get("query", "")), request.POST.get("format", "")
        unfinished = Export.objects.filter(owner_id=request.user.pk, state__in=UNFINISHED).count()
        if form not in TYPES or len(query) > LONGEST_QUERY:
            messages.error(request, "Nothing was exported: choose CSV or XLSX, and fewer filters.")
        elif problems := self.problems_with(request, query):
            messages.error(request, f"Nothing was exported. {' '.join(problems)}")
        elif unfinished >= MOST_UNFINISHED:
            messages.error(request, f"{unfinished} of your exports are not finished yet. Wait for one of them.")
        else:
            with transaction.atomic():
                export = Export.objects.create(owner=cast(User, request.user), section=self.section, query=query, format=form)
                audit.write(visitor(request), Act.EXPORT, export, filters=query)
        return self._back_to_exports(query)

    def _remove_export(self, request: HttpRequest) -> HttpResponse:
        exports.remove(get_object_or_404(self._own_exports(request), pk=number_of(request.POST["remove"])))
        return self._back_to_exports(self.selection_of(request.GET.urlencode()))

    def _back_to_exports(self, query: str) -> HttpResponse:
        """With the list that they were of: what is asked for next is of the same."""
        return HttpResponseRedirect(self.own_url("exports") + (f"?{query}" if query and len(query) <= LONGEST_QUERY else ""))

    def _own_exports(self, request: HttpRequest) -> QuerySet[Export]:
        return Export.objects.filter(owner_id=request.user.pk, section=self.section)

    def _require_export_permission(self, request: HttpRequest) -> None:
        self.require_view_permission(request)
        if not request.user.has_perm(MAY_EXPORT):
            raise PermissionDenied

    def _selection(self, export: Export) -> Selection:
        """The rows as the owner would see them in the list now. Raises NotAllowed when they may no longer see it, or when it is
        not understood (an upgrade took a filter away)."""
        request = HttpRequest()
        request.method, request.user, request.GET = "GET", export.owner, QueryDict(export.query)
        if not (export.owner.is_active and self.has_view_permission(request) and request.user.has_perm(MAY_EXPORT)):
            raise NotAllowed("You may not see this list any more.")
        listed = cast(RecordList, self.get_changelist_instance(request))
        if listed.problems:
            raise NotAllowed(" ".join(listed.problems)[:MOST_PROBLEM])
        seen = (self.may_see_numbers(request), self.may_see_secrets(request))
        return Selection(listed.queryset, listed.in_order, self.sheet.columns, self.sheet.numbers_of, *seen, self.sheet.charges_of)

    def _door_to_exports(self, request: HttpRequest, listed: RecordList) -> Iterator[Door]:
        if request.user.has_perm(MAY_EXPORT):
            yield Door("Export…", self.own_url("exports"), sends=True)

    adds = Additions(
        pages=(OwnPage("exports", "exports/", exports_view), OwnPage("file", "exports/<int:key>/file/", file_view)),
        doors={Where.LIST: _door_to_exports},
    )


async def _blocks(file: Path) -> AsyncIterator[bytes]:
    """The file in blocks, read off the event loop. (Of a plain file Django's ASGI handler would read all at once into memory.)"""
    with await asyncio.to_thread(file.open, "rb") as opened:
        while block := await asyncio.to_thread(opened.read, BLOCK_BYTES):
            yield block
