"""The desk itself: who gets in, its frame, and which addresses it has: those that are named here and by its lists, and none that Django's
AdminSite brings along.

Owns what belongs to no single list. Must not know the lists: they register themselves here. Whose rows are whose is cdr.desk_scope's."""

from typing import Any, cast

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.http import require_safe

from cdr.admin.additions import Context
from cdr.admin.entry.access import GuardedSite
from cdr.admin.entry.signing_in import SignInForm
from cdr.desk.finding import desk_find
from cdr.desk_scope import scope_of, scope_of_request
from cdr.invitations import working_invitation

ORDER = ("CallDetail", "StreamDetail", "Callback", "Statement", "Application", "AuthToken", "Membership", "UrlTest")
INVITATIONS = "/invitation/"
FIRST_PAGE = "cdr_calldetail_changelist"


class DeskSignInForm(SignInForm):
    error_messages = {
        "invalid_login": "This name and this password do not open the desk. Both are told apart by capitals. Who belongs to no account, or "
        "to none any more, needs an invitation: sign in from its page."
    }

    def require_place(self, user: Any) -> None:
        """Who has none yet may sign in on the way to an invitation that works, to join as who he is."""
        if scope_of(user) is None and not self._comes_invited():
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")

    def _comes_invited(self) -> bool:
        target = str(self.request.POST.get(REDIRECT_FIELD_NAME) or self.request.GET.get(REDIRECT_FIELD_NAME, ""))
        return target.startswith(INVITATIONS) and working_invitation(target.removeprefix(INVITATIONS)) is not None


class Desk(GuardedSite):
    site_header = site_title = "Streamdesk"
    index_title = "Your calls"
    site_url = None
    enable_nav_sidebar = False
    sign_in_form = DeskSignInForm
    single_sign_on = False

    def admits(self, request: HttpRequest) -> bool:
        """For who belongs to an account, and for nobody else: a place in the console is none here."""
        return scope_of_request(request) is not None

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [
            path("", self.admin_view(require_safe(self.index)), name="index"),
            path("login/", self.login, name="login"),
            path("login/code/", self.login_code, name="login_code"),
            path("logout/", self.logout, name="logout"),
            path("find/", self.admin_view(require_safe(self.find)), name="find"),
            path("second-factor/", self.second_factor, name="second_factor"),
            path("sessions/", self.admin_view(self.own_sessions), name="own_sessions"),
            path("time-zone/", self.admin_view(self.own_time_zone), name="own_time_zone"),
            path("password/", self.admin_view(self.password_change, cacheable=True), name="password_change"),
            path("password/done/", self.admin_view(self.password_change_done, cacheable=True), name="password_change_done"),
            *(path(f"{known.address}/", include(known.get_urls())) for known in cast(dict[Any, Any], self._registry).values()),
            re_path(r"^.*$", self.admin_view(self.nothing)),
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """One section with its lists, in the order in which they are needed."""
        known = sorted(cast(dict[Any, Any], self._registry).items(), key=lambda one: ORDER.index(one[0].__name__))
        lists = [
            {
                "name": model._meta.verbose_name_plural.capitalize(),
                "admin_url": self.page(f"{listed.section}_changelist"),
                "seldom": listed.seldom,
            }
            for model, listed in known
        ]
        return [{"name": "Desk", "models": lists}]

    def get_log_entries(self, request: HttpRequest) -> Any:
        """Django's own log of the console: not even asked for."""
        return ()

    def each_context(self, request: HttpRequest) -> Context:
        scope = scope_of_request(request)
        placeless = scope is None and request.user.is_authenticated
        known = {"places": scope.places if scope else (), "placeless": placeless}
        return {**super().each_context(request), "site_base": "desk/base.html", **known}

    def index(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(self.page(FIRST_PAGE))

    def find(self, request: HttpRequest) -> HttpResponse:
        return desk_find(request, self)

    def nothing(self, request: HttpRequest) -> HttpResponse:
        raise Http404


desk = Desk(name="desk")
