"""Where a request came from: for the audit log, and for whoever counts what one address does.

Owns the reading of that address, with a proxy in front or without. Must not know who asks, or for what."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The peer's address; with a trusted proxy in front (HTTPS=1), the one that the proxy itself wrote: the last of the list."""
    nearest = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        nearest = request.headers.get("X-Forwarded-For", nearest).rpartition(",")[2]
    try:
        return str(ip_address(nearest.strip()))
    except ValueError:
        return None
