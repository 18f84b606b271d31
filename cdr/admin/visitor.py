"""Whose request it is and where it came from, for the audit log.

Owns the reading of the address. Must not know what is done."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

from cdr.audit import Actor


def visitor(request: HttpRequest) -> Actor:
    return Actor(request.user.get_username(), _address(request))


def _address(request: HttpRequest) -> str | None:
    """The peer's address; with a trusted proxy in front (HTTPS=1), the one that the proxy itself wrote: the last of the list."""
    nearest = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        nearest = request.headers.get("X-Forwarded-For", nearest).rpartition(",")[2]
    try:
        return str(ip_address(nearest.strip()))
    except ValueError:
        return None
