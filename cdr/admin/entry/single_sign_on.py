"""Signing in by the identity provider: the way there, the way back, and what is said when there is none. Each is in the audit log.

Owns these two pages. What is asked of a token is cdr.sign_in.identity_provider's, whose row it is cdr.sign_in.outside_users'."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from cdr import audit
from cdr.addresses import address_of
from cdr.admin.additions import Context
from cdr.admin.entry.signing_in import NOBODY, complete, go_half_way
from cdr.audit import Actor
from cdr.pure.acts import Act
from cdr.sign_in import identity_provider, outside_users, second_factor, sessions
from cdr.sign_in.identity_provider import CLOCKS_APART_SECONDS
from cdr.sign_in.outside_users import NO_ROLE, NameTaken, signed_on

log = logging.getLogger(__name__)

BACKEND = "cdr.sign_in.second_factor.Backend"
STATES, NEXT = "oidc_states", "oidc_login_next"
"""The library's notes in a session: the questions that are open, and where somebody wanted to go."""
AGAIN = "again"
AWAY = "{name} does not answer as it should; the log says why. Try again, or sign in with a password if you are a superuser."
STALE = "This sign-in was begun in another browser, or too long ago. Begin it again."


class _WayThere(OIDCAuthenticationRequestView):
    get_settings = staticmethod(identity_provider.setting)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Who is to confirm that it is him is asked there whatever session he has there, and the token has to say when that was."""
        return {"prompt": "login", "max_age": "0"} if AGAIN in request.GET else {}


@require_GET
@never_cache
def there(request: HttpRequest) -> HttpResponse:
    """To the provider, with a question that only this session can have answered."""
    _only_where_it_is_on()
    try:
        response: HttpResponse = _WayThere.as_view()(request)
    except identity_provider.FAULTS as fault:
        log.warning("%s cannot be asked: %s: %s", settings.OIDC_ISSUER, type(fault).__name__, fault)
        return _refused(request, AWAY.format(name=settings.OIDC_NAME))
    return response


@require_GET
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """From the provider, with a code. Whatever is wrong with it: to the page for signing in, with a sentence."""
    _only_where_it_is_on()
    question = request.session.get(STATES, {}).pop(request.GET.get("state", ""), None)
    request.session.modified = True  # asked once, answered once
    if question is None:
        return _refused(request, STALE)
    if "code" not in request.GET:
        return _refused(request, f"{settings.OIDC_NAME} did not sign you in.")
    uri = request.build_absolute_uri(reverse(settings.OIDC_AUTHENTICATION_CALLBACK_URL))
    try:
        return _let_in(request, identity_provider.claims_of(request, uri, question["nonce"], question["code_verifier"]))
    except identity_provider.ProviderFault as fault:
        log.warning("%s was not believed: %s", settings.OIDC_ISSUER, fault)
        return _refused(request, AWAY.format(name=settings.OIDC_NAME))
    except NameTaken as problem:
        return _refused(request, str(problem), User(username=NOBODY))


def _let_in(request: HttpRequest, claims: Mapping[str, Any]) -> HttpResponse:
    who = signed_on(claims)
    if who is None:
        return _refused(request, NO_ROLE, User(username=NOBODY))
    actor = Actor(who.user.get_username(), address_of(request))
    if who.is_new or who.changed:
        audit.write(actor, Act.ADD if who.is_new else Act.CHANGE, who.user, **who.changed, by="groups at the identity provider")
    if who.refusal:
        return _refused(request, who.refusal, who.user)
    target = request.session.pop(NEXT, None) or reverse("admin:index")
    if request.user.is_authenticated and request.user.pk != who.user.pk:
        logout(request)
    who.user.backend = BACKEND  # as Django's authenticate notes it
    outside_users.mark_outside(request.session, who.user)
    request.session.set_expiry(round(settings.OIDC_SESSION_HOURS * 3600))
    if settings.OIDC_SECOND_FACTOR == "console" and second_factor.device_of(who.user):
        return go_half_way(request, who.user, target)
    complete(request, who.user, "single sign-on")
    if not asked_just_now(claims):
        sessions.forget_confirmation(request.session)  # the provider's own session let him in, and whoever else sits there
    return HttpResponseRedirect(target)


def asked_just_now(claims: Mapping[str, Any]) -> bool:
    """Whether the provider has asked for a password, or whatever it asks for, a moment ago: that is, whether this is certainly him."""
    asked_at = claims.get("auth_time")
    return isinstance(asked_at, int) and -CLOCKS_APART_SECONDS <= time.time() - asked_at < sessions.CONFIRMED_SECONDS


def _refused(request: HttpRequest, words: str, subject: User | None = None) -> HttpResponse:
    """`subject`: whom to note a failure of, where the provider has said who it is."""
    if subject is not None:
        audit.write(Actor(subject.get_username(), address_of(request)), Act.FAIL_TO_SIGN_IN, subject, **{"with": "single sign-on"})
    messages.error(request, words)
    return HttpResponseRedirect(reverse("admin:login"))


def _only_where_it_is_on() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404


def door() -> Context:
    """For the page for signing in: where it leads, and what it is called; nothing where it is off."""
    return {"single_sign_on": settings.OIDC_NAME} if settings.OIDC_ISSUER else {}


def way_out(request: HttpRequest) -> Context:
    """For the page after signing out: that the provider's own session goes on."""
    if not outside_users.is_outside(request.user, request.session):
        return {}
    url, here = identity_provider.end_session_url(), request.build_absolute_uri(reverse("admin:login"))
    query = urlencode({"client_id": settings.OIDC_CLIENT_ID, "post_logout_redirect_uri": here})
    return {"single_sign_on": settings.OIDC_NAME, "sign_out_there": f"{url}?{query}" if url else ""}
