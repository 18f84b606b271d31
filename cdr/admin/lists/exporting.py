"""The page of a list's exports: asks for one, shows how far each is, serves a file to its owner and to nobody else.

Owns the selection a list makes for a worker. How a file is written is cdr.exports'."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
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
from django.urls import path, reverse

from cdr import audit, exports
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.saved_filters import LONGEST_QUERY, SavingAdmin
from cdr.exports import NotAllowed, Selection
from cdr.models import Export, ExportState
from cdr.pages.columns import Column
from cdr.pure.acts import Act

MAY_EXPORT = "cdr.add_export"
SHOWN_EXPORTS, MOST_UNFINISHED = 50, 5
BLOCK_BYTES = 65_536
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class ExportingAdmin(SavingAdmin):
    export_columns: tuple[Column, ...] = ()

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        exports.SELECTORS[self.section] = self._selection

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("exports/", view(self.exports_view), name=f"{self.section}_exports"),
            path("exports/<int:key>/file/", view(self.file_view), name=f"{self.section}_file"),
            *super().get_urls(),
        ]

    def numbers_of(self, row: Any) -> tuple[str, str]:
        """Both numbers of a row's call."""
        raise NotImplementedError

    def exports_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows one's own, and the form for the list that the address carries; POST asks for an export, or removes one."""
        self._require_export_permission(request)
        if request.method == "POST":
            return self._remove(request) if "remove" in request.POST else self._ask(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        mine = list(self._own(request)[:SHOWN_EXPORTS])
        list_url = reverse(f"admin:{self.section}_changelist")
        context = self.page_context(request, "Exports", exports=mine, query=self._known(request.GET.urlencode()), list_url=list_url)
        unfinished = any(export.state in (ExportState.WAITING, ExportState.RUNNING) for export in mine)
        return TemplateResponse(request, "admin/cdr/exports.html", context, headers={"Refresh": "2"} if unfinished else None)

    def file_view(self, request: HttpRequest, key: int) -> HttpResponseBase:
        self._require_export_permission(request)
        export = get_object_or_404(self._own(request), pk=key, state=ExportState.DONE)
        file = exports.file_of(export)
        if not file.exists():
            raise Http404("The file of this export has been removed.")
        name = f"{self.opts.verbose_name_plural}-{export.created_at:%Y-%m-%d-%H%M%S}.{export.format}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(file.stat().st_size)}
        return StreamingHttpResponse(_blocks(file), content_type=TYPES[export.format], headers=headers)

    def _ask(self, request: HttpRequest) -> HttpResponse:
        query, form = self._known(request.POST.get("query", "")), request.POST.get("format", "")
        unfinished = Export.objects.filter(owner_id=request.user.pk, state__in=(ExportState.WAITING, ExportState.RUNNING)).count()
        if form not in TYPES or len(query) > LONGEST_QUERY:
            messages.error(request, "Nothing was exported: choose CSV or XLSX, and fewer filters.")
        elif unfinished >= MOST_UNFINISHED:
            messages.error(request, f"{unfinished} of your exports are not finished yet. Wait for one of them.")
        else:
            with transaction.atomic():
                export = Export.objects.create(owner=cast(Any, request.user), section=self.section, query=query, format=form)
                audit.write(visitor(request), Act.EXPORT, export, filters=query)
        return HttpResponseRedirect(reverse(f"admin:{self.section}_exports"))

    def _remove(self, request: HttpRequest) -> HttpResponse:
        key = request.POST["remove"]
        exports.remove(get_object_or_404(self._own(request), pk=int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0))
        return HttpResponseRedirect(reverse(f"admin:{self.section}_exports"))

    def _own(self, request: HttpRequest) -> Any:
        return Export.objects.filter(owner_id=request.user.pk, section=self.section)

    def _require_export_permission(self, request: HttpRequest) -> None:
        self.require_view_permission(request)
        if not request.user.has_perm(MAY_EXPORT):
            raise PermissionDenied

    def _selection(self, export: Export) -> Selection:
        """The rows as the owner would see them in the list now. Raises NotAllowed when they may no longer see it."""
        request = HttpRequest()
        request.method, request.user, request.GET = "GET", export.owner, QueryDict(export.query)
        if not (export.owner.is_active and self.has_view_permission(request) and request.user.has_perm(MAY_EXPORT)):
            raise NotAllowed("You may not see this list any more.")
        listed: Any = self.get_changelist_instance(request)
        return Selection(listed.queryset, listed.in_order, self.export_columns, self.numbers_of, self.may_see_numbers(request))


async def _blocks(file: Path) -> AsyncIterator[bytes]:
    """The file in blocks, read off the event loop. (Of a plain file Django's ASGI handler would read all at once into memory.)"""
    with await asyncio.to_thread(file.open, "rb") as opened:
        while block := await asyncio.to_thread(opened.read, BLOCK_BYTES):
            yield block
