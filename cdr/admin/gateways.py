"""The list of gateways, and the page of one: its health, whom it was refused for, the lines to paste; its form stands behind "Edit".

Owns the columns. What the page shows is cdr.pages'; the form is gateway_form's; each change is written into the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin.additions import Context
from cdr.admin.audited import Audited
from cdr.admin.entry.confirming import HELD
from cdr.admin.gateway_form import GatewayForm
from cdr.admin.lists.markup import badge_html, code_link, named_link
from cdr.admin.overview import WithOverview
from cdr.admin.reached_at import gateways_url
from cdr.admin.site import console
from cdr.admin.trial_calls import PlacesTrialCalls
from cdr.admin.understood import UnderstoodList
from cdr.pages.gateway import gateway_page, live_call_count, with_health
from cdr.pure.badges import gateway_badge
from cdr.pure.figures import NOTHING, moment
from streams.models import Application, Gateway


class ListedGateway(Protocol):
    """A gateway as the list reads one."""

    pk: int
    live_calls: int
    last_call_at: datetime | None
    last_call_uuid: UUID | None
    last_refused_at: datetime | None
    refused_lately: int | None


class GatewayList(UnderstoodList):
    result_list: Sequence[ListedGateway]

    def get_results(self, request: HttpRequest) -> None:
        """Each row with its `live_calls`, counted for all of them together."""
        super().get_results(request)
        rows = list(self.result_list)
        live = live_call_count(row.pk for row in rows)
        for row in rows:
            row.live_calls = live.get(row.pk, 0)
        self.result_list = rows


@admin.register(Gateway, site=console)
class GatewayAdmin(WithOverview, PlacesTrialCalls, Audited):
    form = GatewayForm
    overview_template = "admin/cdr/gateway.html"
    list_display = ("name", "state", "live", "last_call", "refused", "dialect", "account", "application", "address")
    linked = {
        "account": ("streams.view_account", "account_link"),
        "application": ("streams.view_application", "application_link"),
    }
    search_fields = ("name", "account__name")
    search_help_text = "Name of the gateway or its account"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Gateway]:
        return with_health(super().get_queryset(request).select_related("account", "application__account"), timezone.now())

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[UnderstoodList]:
        return GatewayList

    def get_fields(self, request: HttpRequest, obj: Gateway | None = None) -> tuple[str, ...]:
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        removal = ("remove_signing_token",) if obj and obj.signing_token else ()
        limits = ("concurrent_calls_limit", "concurrent_streams_limit")
        return ("name", "account", "dialect", "application", *limits, *(("password", "new_signing_token", *removal) if may_write else ()))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Context | None = None
    ) -> HttpResponse:
        """A new password or token of a gateway takes who it is; anything else of it does not."""

        def view() -> HttpResponse:
            return super(GatewayAdmin, self).changeform_view(request, object_id, form_url, extra_context)

        may_write = self.has_change_permission(request) if object_id else self.has_add_permission(request)
        secret = any(request.POST.get(name) for name in (HELD, "password", "new_signing_token", "remove_signing_token"))
        return self.after_confirming(request, view) if request.method == "POST" and secret and may_write else view()

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Model, Model]", request: HttpRequest, **kwargs: object
    ) -> "forms.ModelChoiceField[Model] | None":
        """An application is shown with its account: both in one query."""
        if db_field.name == "application":
            kwargs["queryset"] = Application.objects.select_related("account")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def overview(self, request: HttpRequest, row: Gateway) -> Context:
        return {"page": gateway_page(row.pk, gateways_url(request), settings.LEASE_SECONDS, timezone.now())}

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="State")
    def state(self, gateway: ListedGateway) -> SafeString:
        return badge_html(gateway_badge(gateway.live_calls, gateway.last_call_at, gateway.last_refused_at, timezone.now()))

    @admin.display(description="Live calls")
    def live(self, gateway: ListedGateway) -> int:
        return int(gateway.live_calls)

    @admin.display(description="Last call (UTC)", ordering="last_call_at")
    def last_call(self, gateway: ListedGateway) -> str | SafeString:
        if gateway.last_call_uuid is None:
            return NOTHING
        page = reverse("admin:cdr_calldetail_change", args=[gateway.last_call_uuid])
        return code_link(page, moment(gateway.last_call_at), str(gateway.last_call_uuid))

    @admin.display(description="Refused, 24 h", ordering="refused_lately")
    def refused(self, gateway: ListedGateway) -> int:
        return gateway.refused_lately or 0

    @admin.display(description="Account", ordering="account")
    def account_link(self, gateway: Gateway) -> SafeString:
        return named_link(reverse("admin:streams_account_change", args=[gateway.account_id]), gateway.account.name)

    @admin.display(description="Application", ordering="application")
    def application_link(self, gateway: Gateway) -> SafeString:
        return named_link(reverse("admin:streams_application_change", args=[gateway.application_id]), str(gateway.application))

    @admin.display(description="WebSocket path")
    def address(self, gateway: Gateway) -> str:
        return f"/gateway/{gateway.dialect}/{gateway.name}/"
