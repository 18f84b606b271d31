"""The list of refused attempts: gateways that were not let in, also those that nobody knows, and calls that were not taken.

Owns the columns. What to do about each is cdr.pure.refusal_words'."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cdr.admin.filters.refusals import REFUSAL_FILTERS
from cdr.admin.lists.markup import badge_html, code_link, quiet
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.site import console
from cdr.pure.figures import NOTHING, moment
from cdr.pure.refusal_words import advice, refusal_badge
from streams.models import GatewayRefusal
from streams.pure.foreign_text import cleaned


@admin.register(GatewayRefusal, site=console)
class RefusalAdmin(RecordAdmin):
    list_display = ("last", "gateway_name", "reason_badge", "attempts", "dialect_name", "from_address", "call", "what")
    list_display_links = None
    fields = readonly_fields = list_display
    list_filter = REFUSAL_FILTERS
    search_help_text = "Name as it came, or address"
    search_fields = ("name", "address")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[GatewayRefusal], search_term: str
    ) -> tuple[QuerySet[GatewayRefusal], bool]:
        text = search_term.replace("\x00", "").strip()
        return (queryset.filter(name__istartswith=text) | queryset.filter(address__startswith=text) if text else queryset), False

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Last (UTC)")
    def last(self, refusal: GatewayRefusal) -> str:
        return moment(refusal.last_at)

    @admin.display(description="Attempts")
    def attempts(self, refusal: GatewayRefusal) -> str:
        return f"{refusal.count:,}"

    @admin.display(description="Reason")
    def reason_badge(self, refusal: GatewayRefusal) -> SafeString:
        return badge_html(refusal_badge(refusal.reason))

    @admin.display(description="Gateway")
    def gateway_name(self, refusal: GatewayRefusal) -> str | SafeString:
        name = cleaned(refusal.name, 80) or NOTHING
        if refusal.gateway_id is None:
            return name
        return code_link(reverse("admin:streams_gateway_change", args=[refusal.gateway_id]), name, "The gateway's page")

    @admin.display(description="Dialect")
    def dialect_name(self, refusal: GatewayRefusal) -> str:
        return refusal.dialect or NOTHING

    @admin.display(description="From address")
    def from_address(self, refusal: GatewayRefusal) -> str:
        return refusal.address or NOTHING

    @admin.display(description="Call")
    def call(self, refusal: GatewayRefusal) -> str | SafeString:
        if refusal.call_uuid is None:
            return NOTHING
        page = reverse("admin:cdr_calldetail_change", args=[refusal.call_uuid])
        return code_link(page, str(refusal.call_uuid)[:8], str(refusal.call_uuid))

    @admin.display(description="Why, and what to do")
    def what(self, refusal: GatewayRefusal) -> SafeString:
        return format_html("{} {}", cleaned(refusal.words), quiet(advice(refusal.reason)))
