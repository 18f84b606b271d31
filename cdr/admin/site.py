"""The console itself: its name, the order of its sections and its first page.

Owns what belongs to no single list. Must not know the lists: they register themselves here."""

from typing import TypedDict, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from cdr.admin.additions import Context
from cdr.admin.entry.access import GuardedSite
from cdr.admin.finding import console_find
from cdr.pages.board import board
from cdr.pages.health import health_page
from streams.database_clock import database_now

SECTIONS = (
    ("Calls", ("CallDetail", "StreamDetail", "Callback", "HostDetail", "ListAct")),
    ("Money", ("Statement", "RateCard")),
    ("Tenants", ("Account", "Application", "Gateway", "GatewayRefusal", "UrlTest", "TrialCall")),
    ("Alerts", ("Alert", "AlertRule", "AlertChannel", "AlertMessage")),
    ("Staff", ("User", "Group", "FailedSignIn", "AuditEntry", "RetentionRun")),
)
"""Section name, and the models in it; a section without a model that the reader may see is left out."""
SELDOM = frozenset(
    {
        *("RateCard", "GatewayRefusal", "UrlTest", "FailedSignIn", "RetentionRun", "ListAct", "TrialCall"),
        *("Alert", "AlertRule", "AlertChannel", "AlertMessage"),
    }
)
"""On the first page only: in the line at the top of each page there is room for those one needs all day. (Alerts have the bell.)"""


class ListedModel(TypedDict):
    """What of Django's description of a model's pages the first page needs, and whether it is SELDOM."""

    name: str
    object_name: str
    admin_url: str
    add_url: str | None
    seldom: bool


class Section(TypedDict):
    name: str
    app_label: str
    app_url: str
    has_module_perms: bool
    models: list[ListedModel]


class Console(GuardedSite):
    site_header = site_title = "Streamdesk"
    index_title = "Find out what happened"
    site_url = None
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Section]:
        """The sections in the order in which they are needed; of one app, as Django has them."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        listed = [cast(ListedModel, {**model, "seldom": model["object_name"] in SELDOM}) for app in apps for model in app["models"]]
        models = {model["object_name"]: model for model in listed}
        sections = [(name, [models[known] for known in names if known in models]) for name, names in SECTIONS]
        return [_section(name, found) for name, found in sections if found]

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [
            path("health/", self.admin_view(self.health), name="health"),
            path("find/", self.admin_view(require_safe(self.find)), name="find"),
            *super().get_urls(),
        ]

    def health(self, request: HttpRequest) -> TemplateResponse:
        """For everybody who is signed in, as the strip is."""
        troubles = import_string(settings.KNOWN_TROUBLES)()
        shown = health_page(database_now(), troubles, see_owners=request.user.has_perm("cdr.view_calldetail"))
        context = {**self.each_context(request), "title": "Health", "health": shown}
        return TemplateResponse(request, "admin/cdr/health.html", context)

    def find(self, request: HttpRequest) -> HttpResponse:
        """For everybody who is signed in: to what they may see."""
        return console_find(request, self)

    def index(self, request: HttpRequest, extra_context: Context | None = None) -> TemplateResponse:
        """The figures are shown to those who may see calls and streams."""
        seen = request.user.has_perms(["cdr.view_calldetail", "cdr.view_streamdetail", "streams.view_callback"])
        shown = board(timezone.now(), settings.LEASE_SECONDS) if seen else None
        context = {"board": shown, "may_see_gateways": request.user.has_perm("streams.view_gateway"), **(extra_context or {})}
        return super().index(request, context)


def _section(name: str, models: list[ListedModel]) -> Section:
    return Section(name=name, app_label=name.lower(), app_url=models[0]["admin_url"], has_module_perms=True, models=models)


console = Console()
