"""The list of gateways and the page of one.

Owns the columns and who may write what. A gateway's form is gateway_form's; each change is written into the audit log."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cdr.admin.audited import AuditedAdmin
from cdr.admin.gateway_form import GatewayForm
from cdr.admin.site import console
from streams.models import Application, Gateway


@admin.register(Gateway, site=console)
class GatewayAdmin(AuditedAdmin):
    form = GatewayForm
    list_display = ("name", "dialect", "account", "application", "address")
    readonly_fields = ("address",)
    search_fields = ("name", "account__name")
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request: HttpRequest) -> QuerySet[Gateway]:
        return super().get_queryset(request).select_related("account", "application__account")

    def get_fields(self, request: HttpRequest, obj: Gateway | None = None) -> list[Any]:
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        secrets = ["password", "new_signing_token", *(["remove_signing_token"] if obj and obj.signing_token else [])] if may_write else []
        return ["name", "account", "dialect", "application", *secrets, "address"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An application is shown with its account: both in one query."""
        if db_field.name == "application":
            kwargs["queryset"] = Application.objects.select_related("account")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="WebSocket path")
    def address(self, gateway: Gateway) -> str:
        return f"/gateway/{gateway.dialect}/{gateway.name}/" if gateway.name else "shown once the gateway has a name"
