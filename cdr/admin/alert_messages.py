"""The list of messages of alerts, and the page of one with its tries.

Owns the columns. What the page shows is cdr.pages'."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr.admin.additions import Context
from cdr.admin.filters.alerts import MESSAGE_FILTERS
from cdr.admin.lists.markup import badge_html, named_link
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.site import console
from cdr.alert_rows import AlertMessage, MessageState
from cdr.pages.alert import message_badge
from cdr.pages.alert_message import alert_message_page
from cdr.pure.alerts.messages import RESOLVE, subject
from cdr.pure.figures import NOTHING, moment
from streams.pure.foreign_text import cleaned


@admin.register(AlertMessage, site=console)
class AlertMessageAdmin(RecordAdmin):
    list_display = ("made", "state_badge", "what", "place", "tries", "next_try")
    linked = {"place": ("cdr.view_alertchannel", "place_link")}
    list_filter = MESSAGE_FILTERS
    list_select_related = ("channel",)
    ordering = ("-created_at", "-id")
    search_help_text = "Message id"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AlertMessage], search_term: str
    ) -> tuple[QuerySet[AlertMessage], bool]:
        text = search_term.replace("\x00", "").strip()
        return (queryset.filter(message_id=text) if text else queryset), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        message = self.shown(request, alert_message_page(object_id), "message (they are removed after 90 days)")
        return TemplateResponse(request, "admin/cdr/alert_message.html", self.page_context(request, "Message of alerts", message=message))

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Made (UTC)")
    def made(self, message: AlertMessage) -> str:
        return moment(message.created_at)

    @admin.display(description="State")
    def state_badge(self, message: AlertMessage) -> SafeString:
        return badge_html(message_badge(message.state))

    @admin.display(description="What it says")
    def what(self, message: AlertMessage) -> str:
        ends = message.content["action"] == RESOLVE
        return f"The end of the incident {message.content['incident']}" if ends else subject(message.content)

    @admin.display(description="Place")
    def place(self, message: AlertMessage) -> str:
        return cleaned(message.channel.name, 60)

    @admin.display(description="Place")
    def place_link(self, message: AlertMessage) -> SafeString:
        return named_link(reverse("admin:cdr_alertchannel_change", args=[message.channel_id]), self.place(message))

    @admin.display(description="Next try (UTC)")
    def next_try(self, message: AlertMessage) -> str:
        return moment(message.due_at) if message.state == MessageState.WAITING else NOTHING
