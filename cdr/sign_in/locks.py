"""Failed sign-ins, counted in the database by django-axes: whose are too many, until when, and how a lock is lifted.

Owns the counting. How many are too many is pure.sign_in's. Must not know pages."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from cdr.models import FailedSignIn
from cdr.pure.sign_in import LOCKED_MINUTES, MOST_OF_A_NAME, weighed

COOL_OFF = timedelta(minutes=LOCKED_MINUTES)


class Failures(NamedTuple):
    """How often it failed lately: with this name from this address, and from this address; when the last time was."""

    of_name: int
    of_address: int
    last_at: datetime | None

    @property
    def locked(self) -> bool:
        return weighed(self.of_name, self.of_address) >= MOST_OF_A_NAME

    @property
    def until(self) -> datetime:
        return (self.last_at or timezone.now()) + COOL_OFF


class Handler(AxesDatabaseHandler):
    """django-axes with two limits in place of one, and without what the browser says about itself: a guesser may say anything."""

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        request.axes_user_agent = request.axes_http_accept = ""
        super().user_login_failed(sender, credentials, request, **kwargs)

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        found = failures((credentials or {}).get("username"), request.axes_ip_address)
        return weighed(found.of_name, found.of_address)

    def reset_user_attempts(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Whoever signs in has his own failures forgiven, and not those with other names from his address."""
        name = (credentials or {}).get("username")
        return int(FailedSignIn._default_manager.filter(username=name, ip_address=request.axes_ip_address).delete()[0])


def failures(name: str | None, address: str | None) -> Failures:
    """`address` as pure.sign_in counts it."""
    from_address = recent().filter(ip_address=address)
    both = from_address.aggregate(count=Sum("failures_since_start"), last=Max("attempt_time"))
    of_name = from_address.filter(username=name).aggregate(count=Sum("failures_since_start"))
    return Failures(of_name["count"] or 0, both["count"] or 0, both["last"])


def recent() -> QuerySet[Any]:
    """Those that still count."""
    rows: QuerySet[Any] = FailedSignIn._default_manager.filter(attempt_time__gte=timezone.now() - COOL_OFF)
    return rows


def locked_out(request: HttpRequest, name: str) -> bool:
    """Before something else than a password is tried. Marks the request, as django-axes does where a password was."""
    locked = not AxesProxyHandler.is_allowed(request, {"username": name})
    vars(request)["axes_locked_out"] = locked
    return locked


def lift_all() -> int:
    """Forgets every failure, and with them every lock; says how many rows went."""
    return int(FailedSignIn._default_manager.all().delete()[0])


def prune() -> int:
    """Removes what no longer counts."""
    return int(FailedSignIn._default_manager.filter(attempt_time__lt=timezone.now() - COOL_OFF).delete()[0])
