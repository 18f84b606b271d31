"""The page of one's own sessions: since when, where, with which browser; end one of them, or all others.

Owns that page. When a session is over by itself is cdr.sign_in.sessions'."""

from datetime import datetime
from typing import NamedTuple, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.crypto import constant_time_compare

from cdr.admin.additions import Context
from cdr.admin.entry.visitor import page_here, visitor
from cdr.models import ConsoleSession
from cdr.pure.browser_words import browser_words
from cdr.pure.figures import counted, moment
from cdr.sign_in import sessions


class SessionLine(NamedTuple):
    name: str
    this: bool
    browser: str
    said: str
    address: str
    begun: str
    last_seen: datetime


def own_sessions(request: HttpRequest, context: Context) -> HttpResponse:
    user = cast(User, request.user)
    if request.method == "POST":
        return _ended(request, user)
    lines = [_line(row, request.session.session_key) for row in sessions.sessions_of(user)]
    shown = {"title": "Your sessions", "lines": lines, "others": len(lines) > 1, "idle_minutes": settings.SESSION_IDLE_MINUTES}
    return TemplateResponse(request, "admin/sessions.html", {**context, **shown})


def _line(row: ConsoleSession, present: str | None) -> SessionLine:
    return SessionLine(
        name=sessions.name_of_session(row),
        this=row.session_key == present,
        browser=browser_words(row.browser),
        said=row.browser,
        address=row.address or "unknown",
        begun=moment(row.begun_at),
        last_seen=row.last_seen_at,
    )


def _ended(request: HttpRequest, user: User) -> HttpResponse:
    """The present one ends by logging out, and not here: who ends it by mistake would wonder."""
    others = [row for row in sessions.sessions_of(user) if row.session_key != request.session.session_key]
    wanted = request.POST.get("end", "")
    chosen = others if "others" in request.POST else [row for row in others if constant_time_compare(sessions.name_of_session(row), wanted)]
    ended = sum(sessions.end(row, visitor(request), "ended on the page of sessions") for row in chosen)
    if ended:
        messages.success(request, f"{counted(ended, 'session')} ended: what is open there is closed within 5 seconds.")
    else:
        messages.warning(request, "Nothing was done: that session has ended already.")
    return HttpResponseRedirect(page_here(request, "own_sessions"))
