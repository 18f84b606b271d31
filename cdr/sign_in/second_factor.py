"""The second factor of a sign-in: a six-digit code that an app makes (TOTP), and recovery codes for when the app is lost.

Owns whether a session has passed it, and its rows, which are django-otp's. Must not know pages."""

from datetime import datetime
from typing import Any, NamedTuple

import segno
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import connection, transaction
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


# Written out, because every page asks both: Django makes the same of its models in ten times as long as they take.
WITH_THE_APP = """
SELECT auth_user.*, (SELECT id FROM otp_totp_totpdevice WHERE user_id = auth_user.id AND confirmed LIMIT 1) AS app_key
FROM auth_user WHERE id = %s
"""
OWN_AND_OF_GROUPS = """
SELECT app_label, codename FROM auth_permission JOIN django_content_type ON django_content_type.id = content_type_id
WHERE auth_permission.id IN (
    SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %s UNION ALL
    SELECT permission_id FROM auth_group_permissions JOIN auth_user_groups USING (group_id) WHERE user_id = %s
)
"""


class Backend(ModelBackend):
    """Reads a session's user together with the key of the app, and what they may do by themselves together with what their groups let
    them do, so that neither costs each page a query more."""

    def get_user(self, user_id: int) -> User | None:
        user = next(iter(User.objects.raw(WITH_THE_APP, [user_id])), None)
        return user if self.user_can_authenticate(user) else None

    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> set[str]:
        """Django's own hook: it asks for both, and puts them together."""
        plain = user_obj.is_active and not user_obj.is_anonymous and not user_obj.is_superuser
        if plain and obj is None and not hasattr(user_obj, "_user_perm_cache"):
            user_obj._user_perm_cache, user_obj._group_perm_cache = _own_and_of_groups(user_obj), set()
        return super()._get_permissions(user_obj, obj, from_name)  # type: ignore[misc,no-any-return]  # not in the stubs


def _own_and_of_groups(user: User) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(OWN_AND_OF_GROUPS, [user.pk, user.pk])
        return {f"{app_label}.{codename}" for app_label, codename in cursor.fetchall()}


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
