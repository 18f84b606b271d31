"""A row whose page shows what it is and what happens to it, with the form behind a door: "Edit".

Owns the two addresses, and what of the page which reader may see. What stands on a page is cdr.pages'. Must not know which rows there
are."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from cdr.admin.additions import Additions, Context, Door, OwnPage, PageAdmin, Where
from cdr.pages.masked_page import NumberedPage, as_seen
from cdr.roles import NUMBERS, SECRETS

MONEY = "cdr.view_charge"
PARTS = {
    "calls": "cdr.view_calldetail",
    "streams": "cdr.view_streamdetail",
    "callbacks": "streams.view_callback",
    "accounts": "streams.view_account",
    "applications": "streams.view_application",
    "gateways": "streams.view_gateway",
    "refusals": "streams.view_gatewayrefusal",
    "alerts": "cdr.view_alert",
    "groups": "auth.view_group",
    "audit": "cdr.view_auditentry",
    "tokens": "streams.rotate_token",
    "rates": "streams.set_rates",
    "cards": "streams.view_ratecard",
}
"""Parts of such pages, each for those who may see its rows (or, of tokens and rates, change them) anywhere else."""


class WithOverview(PageAdmin):
    overview_template: ClassVar[str]

    def overview(self, request: HttpRequest, row: Any) -> Context:
        """What its template is rendered with: `page`, and what only these pages know."""
        raise NotImplementedError

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        """The page of a row; a form that is sent here, or stands in a window of another form, is Django's."""
        looks = request.method in ("GET", "HEAD") and "_popup" not in request.GET
        row = self.get_object(request, unquote(object_id)) if looks else None
        if row is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        may = {part: request.user.has_perm(permission) for part, permission in PARTS.items()}
        shown = {"row": row, "may": may, "doors": self.doors(Where.RECORD, request, row), **self.overview(request, row)}
        return TemplateResponse(request, self.overview_template, self.page_context(request, str(row), **shown))

    def edit_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """The form alone, for those who may change the row."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return super().change_view(request, str(key))

    def render_change_form(  # noqa: PLR0917 - Django's
        self, request: HttpRequest, context: Context, add: bool = False, change: bool = False, form_url: str = "", obj: Model | None = None
    ) -> HttpResponse:
        """With the way back; the doors to what can be done stand on the page."""
        context["own_page"] = self.own_url("change", obj.pk) if obj else ""
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Model) -> HttpResponseRedirect:
        """Back to its page, which shows what came of it."""
        return HttpResponseRedirect(self.own_url("change", obj.pk))

    def as_seen(self, request: HttpRequest, page: NumberedPage) -> NumberedPage:
        return as_seen(page, whole_numbers=request.user.has_perm(NUMBERS), secrets=request.user.has_perm(SECRETS))

    def _edit_door(self, request: HttpRequest, row: Model) -> Iterator[Door]:
        if self.has_change_permission(request, row):
            yield Door("Edit", self.own_url("edit", row.pk))

    adds = Additions(pages=(OwnPage("edit", "<int:key>/edit/", edit_view),), doors={Where.RECORD: _edit_door})
