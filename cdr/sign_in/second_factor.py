"""The second factor of a sign-in: a six-digit code that an app makes (TOTP), and recovery codes for when the app is lost.

Owns whether a session has passed it, and its rows, which are django-otp's. Must not know pages."""

from datetime import datetime
from typing import Any, NamedTuple

import segno
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from cdr.models import AuthenticatorApp
from cdr.sign_in import outside_users, recovery_codes

RECOVERY_CODES = 10
MOST_COUNTED = 10
"""django-otp doubles the wait with each wrong code. From here it stays at 2 ** 9 s, so that no stranger locks anybody out for days."""


class CodeCheck(NamedTuple):
    """Whether the code was right; when not even a right one counts before a time, that time."""

    right: bool
    not_before: datetime | None = None


class Backend(ModelBackend):
    """Reads a session's user together with the key of the app, and what they may do by themselves together with what their groups let
    them do, so that neither costs each page a query more."""

    def get_user(self, user_id: int) -> User | None:
        app = TOTPDevice.objects.filter(user_id=OuterRef("pk"), confirmed=True).values("pk")[:1]
        user = User.objects.annotate(app_key=Subquery(app)).filter(pk=user_id).first()
        return user if self.user_can_authenticate(user) else None

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        """Django's own hook, as is the next: it asks for both, and puts them together."""
        own, groups = super()._get_user_permissions(user_obj), super()._get_group_permissions(user_obj)  # type: ignore[misc]
        return own.order_by().union(groups.order_by())  # type: ignore[no-any-return]

    def _get_group_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()


def device_of(user: Any) -> AuthenticatorApp | None:
    """The app of a user who has set it up."""
    return AuthenticatorApp.objects.filter(user_id=user.pk, confirmed=True).first() if user.pk else None


def passed(user: Any, session: Any) -> bool:
    """Whether this session of this user may see anything. One that began before the second factor was set up may not; one that began
    at an identity provider whose business it is has passed."""
    if outside_users.vouched_for(user, session):
        return True
    key = user.app_key if hasattr(user, "app_key") else getattr(device_of(user), "pk", None)
    if key is None:
        return not settings.REQUIRE_SECOND_FACTOR
    return bool(session.get(DEVICE_ID_SESSION_KEY) == TOTPDevice(pk=key).persistent_id)


def mark_passed(session: Any, device: AuthenticatorApp) -> None:
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice(pk=device.pk).persistent_id


# Setting it up -------------------------------------------------------------------------------------------------------
def begin(user: User) -> AuthenticatorApp:
    """A new secret, which counts when a code of it was given. What was begun before is forgotten."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        device: AuthenticatorApp = AuthenticatorApp.objects.create(user=user, name="app", confirmed=False)
        return device


def unfinished(user: User) -> AuthenticatorApp | None:
    """The app that was begun and not confirmed yet."""
    device: AuthenticatorApp | None = AuthenticatorApp.objects.filter(user=user, confirmed=False).first()
    return device


def confirm(user: User, code: str) -> CodeCheck:
    """Makes the app that was begun the user's second factor when the code is right."""
    with transaction.atomic():
        device = AuthenticatorApp.objects.select_for_update().filter(user=user, confirmed=False).first()
        answer = _verified(device, code)
        if answer.right and device is not None:
            TOTPDevice.objects.filter(user=user, confirmed=True).delete()
            TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        return answer


def new_recovery_codes(user: User) -> list[str]:
    """Each is good once; the ones before are good no more."""
    name = f"{recovery_codes.NAME} {recovery_codes.new_salt()}"
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    kept = [recovery_codes.digest_of(code, name) for code in codes]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name=name)
        StaticToken.objects.bulk_create([StaticToken(device=device, token=digest) for digest in kept])
    return codes


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def remove(user: User) -> None:
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()


def qr_code(device: AuthenticatorApp) -> str:
    """As the address of an image: dark on white in either theme, because apps read it so."""
    return str(segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))


def secret_words(device: AuthenticatorApp) -> str:
    """The secret in groups of four, to type it where no camera is."""
    secret = device.config_url.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


# Asking for it -------------------------------------------------------------------------------------------------------
def check(user: User, code: str) -> CodeCheck:
    """A code of the app, or a recovery code, which is used up."""
    typed = code.replace(" ", "").replace("-", "").lower()
    if typed.isdigit() and len(typed) == 6:
        with transaction.atomic():
            return _verified(AuthenticatorApp.objects.select_for_update().filter(user=user, confirmed=True).first(), typed)
    with transaction.atomic():
        device = StaticDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        return _verified(device, recovery_codes.digest_of(typed, device.name) if device else "")


def _verified(device: Any, code: str) -> CodeCheck:
    if device is None:
        return CodeCheck(False)
    device.throttling_failure_count = min(device.throttling_failure_count, MOST_COUNTED)
    allowed, why = device.verify_is_allowed()
    if not allowed:
        return CodeCheck(False, why.get("locked_until") or timezone.now())
    return CodeCheck(bool(device.verify_token(code.replace(" ", ""))))
