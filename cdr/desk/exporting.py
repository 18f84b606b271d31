"""Exports at the desk: a file holds rows of the accounts that its owner belonged to when it was asked for, and is hers for as long as she
belongs to all of them.

Owns whose an export is there. How one is asked for and written is the console's."""

from django.db.models import QuerySet
from django.http import HttpRequest

from cdr import exports
from cdr.admin.lists.exporting import Exported
from cdr.audit import Actor
from cdr.desk.records import DeskRecords, desk_actor, name_of_row, row_named, scope_here
from cdr.desk_scope import scope_of
from cdr.models import Export


class DeskExported(DeskRecords, Exported):
    OWN_ACTS = frozenset({"exports"})

    @property
    def exported_as(self) -> str:
        return f"desk_{self.section}"

    def may_export(self, request: HttpRequest) -> bool:
        """Whoever sees the list."""
        return self.has_view_permission(request)

    def exports_by(self, request: HttpRequest) -> Actor:
        return desk_actor(request)

    def accounts_exported(self, request: HttpRequest) -> list[int]:
        return [account.pk for account in scope_here(request).accounts]

    def own_exports(self, request: HttpRequest) -> QuerySet[Export]:
        rows, scope = super().own_exports(request), scope_here(request)
        return rows.filter(pk__in=[export.pk for export in rows if scope.among(export.accounts)])

    def export_name(self, export: Export) -> str:
        return name_of_row(export)

    def export_named(self, request: HttpRequest, name: str) -> Export | None:
        return row_named(self.own_exports(request), name)

    def why_not_now(self, request: HttpRequest) -> str:
        """An account with many people takes no more of the workers than one with few."""
        if exports.unfinished_for(self.accounts_exported(request)) >= exports.MOST_OF_ACCOUNT:
            return f"{exports.MOST_OF_ACCOUNT} exports of your account are not finished yet. Wait for one of them."
        return super().why_not_now(request)

    def reader_of(self, export: Export) -> HttpRequest:
        """With the accounts it was asked for, and with none when one of them is not the owner's any more."""
        request = super().reader_of(export)
        scope = scope_of(request.user)
        vars(request)["desk_scope"] = scope.among(export.accounts) if scope else None
        return request
