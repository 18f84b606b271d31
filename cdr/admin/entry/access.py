"""Who gets to the pages of the console at all: staff who have signed in with all that is asked of them.

Owns the doors of the site: signing in, its second step, signing out, and one's own second factor. Must not know the lists."""

from typing import ClassVar, cast

from django.contrib import admin
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from cdr import audit
from cdr.admin.additions import Context
from cdr.admin.entry import single_sign_on
from cdr.admin.entry.confirming import confirm_first
from cdr.admin.entry.own_password import OwnPasswordView
from cdr.admin.entry.own_sessions import own_sessions
from cdr.admin.entry.own_time_zone import own_time_zone, shown_zone
from cdr.admin.entry.second_factors import SecondFactorView
from cdr.admin.entry.signing_in import CodeView, SignInForm, SignInView
from cdr.admin.entry.visitor import visitor
from cdr.pure.acts import Act
from cdr.sign_in import second_factor


class GuardedSite(admin.AdminSite):
    """`sign_in_form` says whom of those with a right password this site is for. `single_sign_on`: whether the identity provider vouches
    for its people."""

    logout_template = "admin/signed_out.html"
    sign_in_form: ClassVar[type[SignInForm]] = SignInForm
    single_sign_on: ClassVar[bool] = True

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [
            path("login/code/", self.login_code, name="login_code"),
            path("login/single-sign-on/", single_sign_on.there, name="single_sign_on"),
            path("login/single-sign-on/back/", single_sign_on.back, name="single_sign_on_back"),
            path("second-factor/", self.second_factor, name="second_factor"),
            path("sessions/", self.admin_view(self.own_sessions), name="own_sessions"),
            path("time-zone/", self.admin_view(self.own_time_zone), name="own_time_zone"),
            *super().get_urls(),
        ]

    def page(self, name: str) -> str:
        """The address of one of the pages that belong to no list."""
        return reverse(f"admin:{name}", current_app=self.name)

    def admits(self, request: HttpRequest) -> bool:
        """Whether this site is for its visitor, second factor or not."""
        return super().has_permission(request)

    def has_permission(self, request: HttpRequest) -> bool:
        return self.admits(request) and self._passed(request)

    def _passed(self, request: HttpRequest) -> bool:
        """Asked once a request."""
        if "second_factor_passed" not in vars(request):
            vars(request)["second_factor_passed"] = second_factor.passed(request.user, request.session)
        return bool(vars(request)["second_factor_passed"])

    def _may_set_up(self, request: HttpRequest) -> bool:
        """Also somebody who is asked for a second factor and has none yet: this page is all that he sees."""
        return self.admits(request) and (self._passed(request) or second_factor.device_of(request.user) is None)

    def login(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(self.page("index"))
        if request.method == "GET" and self._may_set_up(request):
            return HttpResponseRedirect(self.page("second_factor"))
        if request.user.is_authenticated and not self._passed(request):
            logout(request)  # a session from before the second factor was set up
        context = {**self._step(request, "Log in"), **(single_sign_on.door() if self.single_sign_on else {})}
        view = SignInView.as_view(extra_context=context, next_page=self.page("index"), authentication_form=self.sign_in_form)
        return cast(HttpResponse, view(request))

    def login_code(self, request: HttpRequest) -> HttpResponseBase:
        return CodeView.as_view(extra_context=self._step(request, "Second step"), next_page=self.page("index"))(request)

    def logout(self, request: HttpRequest, extra_context: Context | None = None) -> TemplateResponse:
        if request.method == "POST" and request.user.is_authenticated:
            audit.write(visitor(request), Act.SIGN_OUT, request.user)
        return super().logout(request, {**single_sign_on.way_out(request), **(extra_context or {})})

    def second_factor(self, request: HttpRequest) -> HttpResponseBase:
        if not self._may_set_up(request):
            return HttpResponseRedirect(f"{self.page('login')}?{urlencode({'next': request.path})}")
        context = {**self.each_context(request), "title": "Second factor"}
        view = never_cache(SecondFactorView.as_view(extra_context=context))
        if request.method == "POST" and "confirm" not in request.POST:
            return confirm_first(request, lambda: view(request), self.each_context(request))
        return view(request)

    def own_sessions(self, request: HttpRequest) -> HttpResponse:
        return own_sessions(request, self.each_context(request))

    def own_time_zone(self, request: HttpRequest) -> HttpResponse:
        return own_time_zone(request, self.each_context(request))

    def each_context(self, request: HttpRequest) -> Context:
        return {**super().each_context(request), "shown_zone": shown_zone(request)}

    def password_change(self, request: HttpRequest, extra_context: Context | None = None) -> TemplateResponse:
        context = {**self.each_context(request), **(extra_context or {})}
        view = OwnPasswordView.as_view(extra_context=context, success_url=self.page("password_change_done"))
        return cast(TemplateResponse, view(request))

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No form of the console completes what is typed, so nobody needs a door to the rows of every model."""
        raise PermissionDenied

    def _step(self, request: HttpRequest, title: str) -> Context:
        context = {**self.each_context(request), "title": title, "subtitle": None, "app_path": request.get_full_path()}
        return {**context, "username": request.user.get_username()}
