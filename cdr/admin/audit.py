"""The audit log as a list: who did what, to what, when, from where. Nobody changes it, an administrator neither.

Owns the columns. What is written is cdr.audit's."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr.admin.filters.audit import AUDIT_FILTERS
from cdr.admin.lists.markup import code_link
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.site import console
from cdr.models import AuditEntry
from cdr.pure.acts import change_words
from cdr.pure.figures import NOTHING, moment

PAGES = {"call": "admin:cdr_calldetail_change", "stream": "admin:cdr_streamdetail_change"}
"""Where a subject has a page under the name that the entry holds."""


@admin.register(AuditEntry, site=console)
class AuditAdmin(RecordAdmin):
    list_display = ("time", "by", "from_address", "act", "kind", "subject_link", "what")
    list_display_links = None
    fields = readonly_fields = list_display
    list_filter = AUDIT_FILTERS
    ordering = ("-id",)
    search_help_text = "UUID or name of what it was done to"
    search_fields = ("subject",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        text = search_term.strip()
        return (queryset.filter(Q(subject__istartswith=text) | Q(subject__icontains=f" {text}")) if text else queryset), False

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Time (UTC)")
    def time(self, entry: AuditEntry) -> str:
        return moment(entry.at)

    @admin.display(description="From address")
    def from_address(self, entry: AuditEntry) -> str:
        return entry.address or NOTHING

    @admin.display(description="Which")
    def subject_link(self, entry: AuditEntry) -> str | SafeString:
        page = PAGES.get(entry.kind)
        return code_link(reverse(page, args=[entry.subject]), entry.subject[:8], entry.subject) if page else entry.subject

    @admin.display(description="Changed")
    def what(self, entry: AuditEntry) -> str:
        return change_words(entry.details)
