"""Where a request came from: for the audit log, and for whoever counts what one address does.

Owns the reading of that address, with a proxy in front or without. Must not know who asks, or for what."""

from django.conf import settings
from django.http import HttpRequest

from streams.pure.gateway.peer_address import peer_address


def address_of(request: HttpRequest) -> str | None:
    """The peer's address; with a trusted proxy in front (HTTPS=1), the one that the proxy itself wrote: the last of the list."""
    peer = request.META.get("REMOTE_ADDR", "")
    return peer_address(peer, request.headers.get("X-Forwarded-For", peer) if settings.SECURE_PROXY_SSL_HEADER else None)
