"""The users that an identity provider vouches for: made when they first come, and at each sign-in given what its groups give, and no more.

Owns which row is whose, and what becomes of one whose groups are gone. Must not know tokens or pages."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from cdr import roles
from cdr.models import OutsideIdentity
from cdr.pure.claimed_roles import ClaimedRoles, claimed_name, claimed_roles

ON_THE_SESSION = "signed_on_outside"
"""Of a session that began by single sign-on: at which provider, and whose it is."""


class SignedOn(NamedTuple):
    """`changed`: what this sign-in changed, {field: [old, new]}, for the audit log. `refusal`: why there is no way in, or ''."""

    user: User
    is_new: bool
    changed: dict[str, list[str]]
    refusal: str


class NameTaken(Exception):
    """Somebody has this name here who signs in with a password. The message says what to do."""


def signed_on(claims: Mapping[str, Any]) -> SignedOn | None:
    """Who these claims are about, as they are after them; None for somebody who never was here and has no role. Raises NameTaken."""
    given = claimed_roles(claims.get(settings.OIDC_GROUPS_CLAIM), settings.OIDC_ROLES, roles.ROLES, settings.OIDC_SUPERUSERS)
    with transaction.atomic():
        key = {"issuer": settings.OIDC_ISSUER, "subject": str(claims["sub"])}
        known = OutsideIdentity.objects.select_for_update().filter(**key).select_related("user").first()
        if known is None and given.none:
            return None
        user = known.user if known else _made(claims, key)
        changed = _give(user, given)
    return SignedOn(user, known is None, changed, _refusal(user))


def _made(claims: Mapping[str, Any], key: dict[str, str]) -> User:
    name = claimed_name(claims)
    if User.objects.filter(username__iexact=name).exists():
        raise NameTaken(f"There is a user {name} here already, who may be somebody else. A superuser can rename that one.")
    try:
        user = User.objects.create_user(name, email=str(claims.get("email") or "")[:254])
        OutsideIdentity.objects.create(user=user, **key)
    except IntegrityError as error:  # at the same moment, by another browser
        raise NameTaken(f"There is a user {name} here already. Try again.") from error
    return user


def _give(user: User, given: ClaimedRoles) -> dict[str, list[str]]:
    """Exactly what the claims give: what was given by hand is gone, as is the way into the console with the last of it."""
    groups = list(Group.objects.filter(name__in=given.groups))
    before, after = sorted(user.groups.values_list("name", flat=True)), sorted(group.name for group in groups)
    changed = {} if before == after else {"groups": [", ".join(before), ", ".join(after)]}
    if user.is_superuser != given.superuser:
        changed["superuser"] = [str(user.is_superuser), str(given.superuser)]
    user.groups.set(groups)
    user.is_superuser, user.is_staff = given.superuser, bool(groups) or given.superuser
    user.save(update_fields=["is_superuser", "is_staff"])
    return changed


def _refusal(user: User) -> str:
    if not user.is_active:
        return "This user has been switched off in the console."
    return "" if user.is_staff else NO_ROLE


NO_ROLE = "None of your groups has a role in this console. Ask whoever gives out groups at your identity provider."


def mark_outside(session: Any, user: User) -> None:
    session[ON_THE_SESSION] = [settings.OIDC_ISSUER, user.pk]


def is_outside(user: Any, session: Any) -> bool:
    """Whether it was by the provider that this user got into this session."""
    return bool(settings.OIDC_ISSUER and session.get(ON_THE_SESSION) == [settings.OIDC_ISSUER, user.pk])


def vouched_for(user: Any, session: Any) -> bool:
    """Whether the provider has seen to it that who signed in is who he says, with whatever factors it asks for."""
    return settings.OIDC_SECOND_FACTOR == "provider" and is_outside(user, session)


def refusal_of_password(user: Any) -> str:
    """Why somebody may not sign in with a password, or "". Beside single sign-on it is for those who get in when the provider is away."""
    if not settings.OIDC_ISSUER or settings.OIDC_PASSWORDS == "everybody" or user.is_superuser:
        return ""
    return f"Sign in with {settings.OIDC_NAME}. Passwords are for superusers, for when it is away."
