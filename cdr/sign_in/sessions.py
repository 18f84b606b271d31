"""The console's sessions, in the database: whose each is, when it began, where it was used last, and when it is over.

Owns the end of a session that nobody uses, and of one that is old. What counts as use is a request for a page (`note_use`): an open
socket, which only looks whether its session is still there, keeps none alive. Must not know pages."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cdr import audit
from cdr.addresses import address_of
from cdr.audit import Actor
from cdr.models import ConsoleSession
from cdr.pure.acts import Act
from streams.pure.foreign_text import cleaned

log = logging.getLogger(__name__)

BEGUN, CONFIRMED = "begun", "confirmed_at"
"""What a session holds: when and where its user signed in, and when it was last certain that it is him."""
CONFIRMED_SECONDS = 300
NOTED_SECONDS = 60
"""A use is written down when the last one that was is so old, or a tenth of the idle limit: a page costs no write."""
READ = "SELECT * FROM cdr_consolesession WHERE session_key = %s"
"""Written out, because every page asks it: Django makes the same of its models in four times as long."""


class SessionStore(db.SessionStore):
    """Django's, and beside the data of a session the columns that are asked for. Named so because Django asks for this name."""

    row: ConsoleSession | None = None

    @classmethod
    def get_model_class(cls) -> type[ConsoleSession]:
        return ConsoleSession

    def _get_session_from_db(self) -> ConsoleSession | None:
        row, now = next(iter(ConsoleSession.objects.raw(READ, [self.session_key])), None), timezone.now()
        if row is not None and row.expire_date <= now:
            row = None
        if row is not None and row.user_id is not None and (why := why_over(row, now)):
            end(row, Actor(row.user.get_username() if row.user else "", row.address), why)
            row = None
        if row is None:
            self._session_key = None
        self.row = row
        return row

    async def _aget_session_from_db(self) -> ConsoleSession | None:
        return await sync_to_async(self._get_session_from_db)()

    def create_model_instance(self, data: dict[str, Any]) -> ConsoleSession:
        row = cast(ConsoleSession, super().create_model_instance(data))
        begun = data.get(BEGUN) or {}
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.begun_at = datetime.fromisoformat(begun["at"]) if begun else None
        row.address, row.browser = begun.get("address"), begun.get("browser", "")
        row.last_seen_at = timezone.now()
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> ConsoleSession:
        return await sync_to_async(self.create_model_instance)(data)

    @classmethod
    def clear_expired(cls) -> None:
        super().clear_expired()
        for row in ConsoleSession.objects.filter(_over(timezone.now())).select_related("user"):
            end(row, Actor(row.user.get_username() if row.user else "", row.address), why_over(row, timezone.now()))


def user_of(session: SessionStore) -> Any:
    """Whose it is now, as Django's own middleware finds it: an ended session and a changed password count at once."""
    request = HttpRequest()
    request.session = session
    return get_user(request)


# The beginning -------------------------------------------------------------------------------------------------------
def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Django's signal `user_logged_in`: who has just signed in has confirmed who he is."""
    request.session[BEGUN] = {"at": timezone.now().isoformat(), "address": address_of(request), "browser": _browser(request)}
    mark_confirmed(request.session)


def mark_confirmed(session: Any) -> None:
    session[CONFIRMED] = time.time()


def forget_confirmation(session: Any) -> None:
    session.pop(CONFIRMED, None)


def is_confirmed(session: Any) -> bool:
    """Whether it was certain a moment ago whose session it is. A clock that was set back confirms nobody."""
    return 0 <= time.time() - float(session.get(CONFIRMED, 0)) < CONFIRMED_SECONDS


def note_use(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware behind Django's own for sessions: a request for a page is use."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        row, now = getattr(request.session, "row", None), timezone.now()
        if (
            row is not None
            and row.user_id is not None
            and now - row.last_seen_at >= min(timedelta(seconds=NOTED_SECONDS), idle_limit() / 10)
        ):
            _note(row, last_seen_at=now, address=address_of(request), browser=_browser(request))
        return response

    return middleware


def _note(row: ConsoleSession, **seen: object) -> None:
    """A page that could be read is not lost because this could not be written: the next one notes it."""
    try:
        with transaction.atomic():
            ConsoleSession.objects.filter(pk=row.pk).update(**seen)
    except DatabaseError as error:
        log.warning("The use of a session could not be written down (%s).", error)


def _browser(request: HttpRequest) -> str:
    return cleaned(request.headers.get("User-Agent", ""), 200)


# The end -------------------------------------------------------------------------------------------------------------
def why_over(row: ConsoleSession, now: datetime) -> str:
    """In words; "" while it is not."""
    if now - row.last_seen_at >= idle_limit():
        return f"not used for {settings.SESSION_IDLE_MINUTES} minutes"
    if row.begun_at and now - row.begun_at >= timedelta(seconds=settings.SESSION_COOKIE_AGE):
        return f"{settings.SESSION_COOKIE_AGE // 86_400} days old"
    return ""


def idle_limit() -> timedelta:
    return timedelta(minutes=settings.SESSION_IDLE_MINUTES)


def end(row: ConsoleSession, actor: Actor, why: str) -> bool:
    """False when it has ended already."""
    with transaction.atomic():
        ended = bool(ConsoleSession.objects.filter(pk=row.pk).delete()[0])
        if ended and row.user:
            facts = {"why": why, "from": row.address or "", "browser": row.browser}
            audit.write(actor, Act.END_SESSION, row.user, **facts)
        return ended


def sessions_of(user: User) -> QuerySet[ConsoleSession]:
    """Those that are not over, the one used last first."""
    now = timezone.now()
    return (
        ConsoleSession.objects.filter(user=user, expire_date__gt=now)
        .exclude(_over(now))
        .select_related("user")
        .order_by("-last_seen_at", "pk")
    )


def name_of_session(row: ConsoleSession) -> str:
    """By which a page speaks of it: the key itself opens the console."""
    return salted_hmac("console session", row.session_key).hexdigest()[:24]


def _over(now: datetime) -> Q:
    old = Q(begun_at__lte=now - timedelta(seconds=settings.SESSION_COOKIE_AGE))
    return Q(user__isnull=False) & (Q(last_seen_at__lte=now - idle_limit()) | old)
