"""The page of a list's exports: asks for one, shows how far each is, serves a file to its owner and to nobody else.

Owns the selection a list makes for a worker, and the console's answers to who may export. How a file is written is cdr.exports'."""

from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Iterator
from typing import Any, ClassVar, NamedTuple, cast

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.core.files import File
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
)
from django.template.response import TemplateResponse

from cdr import audit, exports
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.records import LONGEST_QUERY, RecordAdmin, RecordList, found
from cdr.asked_again import AskedAgain, file_answer
from cdr.audit import Actor
from cdr.exports import NotAllowed, Selection
from cdr.models import Charge, Export, ExportState
from cdr.pages.columns import Column
from cdr.pages.row_key import number_of
from cdr.pure.acts import Act
from streams.database_threads import DatabaseThreads
from streams.shares import Places, Shares

MAY_EXPORT = "cdr.add_export"
MOST_PROBLEM = 300
"""What a row of Export can hold."""
SHOWN_EXPORTS, MOST_UNFINISHED = 50, 5
UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)
BLOCK_BYTES = 65_536
SHOWN_WHOLE = "whole numbers, or secrets of URLs"
_threads = DatabaseThreads(2, "export-file")
_places = Places(Shares("export files", places=2, each=1))
"""Of the persons who download them: a block is a turn."""
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
        exports.SELECTORS[self.exported_as] = self._selection

    # Who may, and what is whose: the console's answers -----------------------------------------------------------------
    @property
    def exported_as(self) -> str:
        """What its exports are known by."""
        return self.section

    def may_export(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_EXPORT)

    def exports_by(self, request: HttpRequest) -> Actor:
        return visitor(request)

    def accounts_exported(self, request: HttpRequest) -> list[int]:
        """Those that nothing but rows of is written; none: no account says what may be read."""
        return []

    def own_exports(self, request: HttpRequest) -> QuerySet[Export]:
        return Export.objects.filter(owner_id=request.user.pk, section=self.exported_as)

    def export_name(self, export: Export) -> str:
        """By which an address names it."""
        return str(export.pk)

    def export_named(self, request: HttpRequest, name: str) -> Export | None:
        return self.own_exports(request).filter(pk=number_of(name)).first()

    def why_not_now(self, request: HttpRequest) -> str:
        """ "" when another may be asked for."""
        unfinished = Export.objects.filter(owner_id=request.user.pk, state__in=UNFINISHED).count()
        return f"{unfinished} of your exports are not finished yet. Wait for one of them." if unfinished >= MOST_UNFINISHED else ""

    def reader_of(self, export: Export) -> HttpRequest:
        """As whose request its rows are read: the owner as she is now, and not as the job was claimed with her."""
        request, owner = HttpRequest(), User.objects.filter(pk=export.owner_id).first()
        request.method, request.user, request.GET = "GET", owner or AnonymousUser(), QueryDict(export.query)
        return request

    # Its pages ---------------------------------------------------------------------------------------------------------

    def exports_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows one's own, and the form for the list that the address carries; POST asks for an export, or removes one."""
        self._require_export_permission(request)
        if request.method == "POST":
            return self._remove_export(request) if "remove" in request.POST else self._ask_for_export(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        mine = list(self.own_exports(request)[:SHOWN_EXPORTS])
        lines = [(export, name := self.export_name(export), self.own_url("file", name)) for export in mine]
        query, list_url = self.selection_of(request.GET.urlencode()), self.own_url("changelist")
        context = self.page_context(request, "Exports", exports=lines, query=query, list_url=list_url)
        unfinished = any(export.state in UNFINISHED for export in mine)
        return TemplateResponse(request, "admin/cdr/exports.html", context, headers={"Refresh": "2"} if unfinished else None)

    def file_view(self, request: HttpRequest, key: str) -> HttpResponseBase:
        self._require_export_permission(request)
        export = found(self.export_named(request, key), "export")
        storage, kept_as = exports.exports_storage(), exports.kept_name(export)
        if export.state != ExportState.DONE or not storage.exists(kept_as):
            raise Http404("The file of this export has been removed.")
        if not self._sees_all_of(request, export):
            messages.warning(request, f"That file shows {SHOWN_WHOLE}, which you may not see any more. Export the list again.")
            return HttpResponseRedirect(self.own_url("exports"))
        name = f"{self.opts.verbose_name_plural}-{export.created_at:%Y-%m-%d-%H%M%S}.{export.format}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(storage.size(kept_as))}
        again = AskedAgain(lambda: self._exports_still(request, key), f"Export {export.pk}")
        return file_answer(_blocks(kept_as, request.user.pk, again), request.user.pk, content_type=TYPES[export.format], headers=headers)

    def _exports_still(self, request: HttpRequest, key: str) -> bool:
        reader = self.reader_again(request)
        export = self.export_named(reader, key) if reader is not None and self.may_export(reader) else None
        return reader is not None and export is not None and self._sees_all_of(reader, export)

    def _sees_all_of(self, reader: HttpRequest, export: Export) -> bool:
        """What the file shows, whoever she was when it was written."""
        numbers, secrets = bool(export.whole_numbers), bool(export.secrets)
        return self.may_see_numbers(reader) >= numbers and self.may_see_secrets(reader) >= secrets

    def _ask_for_export(self, request: HttpRequest) -> HttpResponse:
        query, form = self.selection_of(request.POST.get("query", "")), request.POST.get("format", "")
        if form not in TYPES or len(query) > LONGEST_QUERY:
            messages.error(request, "Nothing was exported: choose CSV or XLSX, and fewer filters.")
        elif problems := self.problems_with(request, query):
            messages.error(request, f"Nothing was exported. {' '.join(problems)}")
        elif why := self.why_not_now(request):
            messages.error(request, why)
        else:
            asked = {"section": self.exported_as, "query": query, "format": form, "accounts": self.accounts_exported(request)}
            with transaction.atomic():
                export = Export.objects.create(owner=cast(User, request.user), **asked)
                audit.write(self.exports_by(request), Act.EXPORT, export, filters=query)
        return self._back_to_exports(query)

    def _remove_export(self, request: HttpRequest) -> HttpResponse:
        exports.remove(found(self.export_named(request, request.POST["remove"]), "export"))
        return self._back_to_exports(self.selection_of(request.GET.urlencode()))

    def _back_to_exports(self, query: str) -> HttpResponse:
        """With the list that they were of: what is asked for next is of the same."""
        return HttpResponseRedirect(self.own_url("exports") + (f"?{query}" if query and len(query) <= LONGEST_QUERY else ""))

    def _require_export_permission(self, request: HttpRequest) -> None:
        self.require_view_permission(request)
        if not self.may_export(request):
            raise PermissionDenied

    def _selection(self, export: Export) -> Selection:
        """The rows as the owner would see them in the list now. Raises NotAllowed when they may no longer see it, or when it is
        not understood (an upgrade took a filter away)."""
        request = self.reader_of(export)
        self._require_still(request)
        listed = cast(RecordList, self.get_changelist_instance(request))
        if listed.problems:
            raise NotAllowed(" ".join(listed.problems)[:MOST_PROBLEM])
        seen = (self.may_see_numbers(request), self.may_see_secrets(request))
        sheet, still = self.sheet, lambda: self._require_still(self.reader_of(export), *seen)
        return Selection(listed.queryset, listed.in_order, sheet.columns, sheet.numbers_of, *seen, sheet.charges_of, still)

    def _require_still(self, request: HttpRequest, whole_numbers: bool = False, secrets: bool = False) -> None:
        """Raises NotAllowed; also where what is shown already may not be seen any more."""
        if not (request.user.is_active and self.has_view_permission(request) and self.may_export(request)):
            raise NotAllowed("You may not see this list any more.")
        if self.may_see_numbers(request) < whole_numbers or self.may_see_secrets(request) < secrets:
            raise NotAllowed(f"You may not see {SHOWN_WHOLE} any more, and some are written already. Export the list again.")

    def _door_to_exports(self, request: HttpRequest, listed: RecordList) -> Iterator[Door]:
        if self.may_export(request):
            yield Door("Export…", self.own_url("exports"), sends=True)

    adds = Additions(
        pages=(OwnPage("exports", "exports/", exports_view), OwnPage("file", "exports/<slug:key>/file/", file_view)),
        doors={Where.LIST: _door_to_exports},
    )


async def _blocks(kept_as: str, whose: Hashable, again: AskedAgain) -> AsyncGenerator[bytes]:
    """The file in blocks, read off the event loop. (Of a plain file Django's ASGI handler would read all at once into memory.)"""
    with await _threads.run_for(whose, _places, exports.exports_storage().open, kept_as, "rb") as opened:
        while block := await _threads.run_for(whose, _places, _block, opened, again):
            yield block


def _block(opened: "File[bytes]", again: AskedAgain) -> bytes:
    """b"" at the end. Raises BrokenOff."""
    again.require()
    return bytes(opened.read(BLOCK_BYTES))
