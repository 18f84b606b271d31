"""The page behind a mailed invitation: a name and a password for who is new, one button for who is signed in.

Owns that page, and the one of every link that leads nowhere. What an invitation opens is cdr.invitations'."""

from typing import cast

from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cdr.addresses import address_of
from cdr.admin.entry.signing_in import complete
from cdr.audit import Actor
from cdr.desk.site import desk
from cdr.invitation_rows import Invitation
from cdr.invitations import accept, working_invitation
from cdr.sign_in import second_factor

BACKEND = "cdr.sign_in.second_factor.Backend"
HEADERS = {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow, noarchive"}
"""No other place learns the link. Of a page with no referrer at all a browser sends its forms without an origin, and they are refused."""


class NewPersonForm(UserCreationForm):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    class Meta:
        model = User
        fields = ("username",)
        help_texts = {"username": "At most 150 characters: letters, digits and . + - _"}

    def clean_username(self) -> str:
        """No address: whether one is taken would tell whether it is known."""
        if "@" in self.cleaned_data.get("username", ""):
            raise ValidationError("A name has no “@” in it: choose one that is no mail address.")
        return str(super().clean_username())


class _Overtaken(Exception):
    """Somebody else was quicker: what was made meanwhile is undone."""


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_view(request: HttpRequest, link: str) -> HttpResponse:
    vars(request)["current_app"] = desk.name
    invitation = working_invitation(link[:100])
    if invitation is None:
        return _nowhere(request)
    signed_in = request.user.is_authenticated and _is_certain(request)
    if request.method == "POST" and "join" in request.POST and signed_in:
        return _joined(request, invitation)
    form = NewPersonForm(request.POST if request.method == "POST" and "join" not in request.POST else None)
    if form.is_bound and form.is_valid():
        return _made(request, invitation, form)
    if signed_in and not form.is_bound:
        form.fields["username"].widget.attrs.pop("autofocus", None)  # the button to join as who one is has it
    return _page(request, "desk/invitation.html", 200, invitation=invitation, form=form, signed_in=signed_in, title="An invitation")


def _is_certain(request: HttpRequest) -> bool:
    """Also of who is asked for a second factor and has none yet: the desk lets him set one up, and see nothing before."""
    return second_factor.passed(request.user, request.session) or second_factor.device_of(request.user) is None


def _joined(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    user = cast(User, request.user)
    done = accept(invitation, user, Actor(user.get_username(), address_of(request)))
    return HttpResponseRedirect(desk.page("index")) if done else _nowhere(request)


def _made(request: HttpRequest, invitation: Invitation, form: NewPersonForm) -> HttpResponse:
    try:
        with transaction.atomic():
            user = form.save(commit=False)
            user.email = invitation.email
            user.save()
            if not accept(invitation, user, Actor(user.get_username(), address_of(request))):
                raise _Overtaken
    except _Overtaken:
        return _nowhere(request)
    user.backend = BACKEND  # as Django's authenticate notes it
    complete(request, user, "invitation")
    return HttpResponseRedirect(desk.page("index"))


def _nowhere(request: HttpRequest) -> HttpResponse:
    """The same for a link that never was, was used, revoked or is over."""
    return _page(request, "desk/no_invitation.html", 404, title="No such invitation")


def _page(request: HttpRequest, template: str, status: int, **content: object) -> HttpResponse:
    context = {"site_base": "desk/base.html", "site_header": desk.site_header, "site_title": desk.site_title, **content}
    response = TemplateResponse(request, template, context, status=status, headers=HEADERS)
    vars(response)["_has_been_logged"] = True  # Django's own mark: it would write the link, or each guess, into the log
    return response
