"""Where a request came from: for the audit log, and for whoever counts what one address does.

Owns the reading of that address. Who is behind a proxy was seen before Django saw the request (config.behind_proxies). Must not know who
asks, or for what."""

from typing import Any

from django.http import HttpRequest

from streams.pure.peer_address import counted_as, peer_address


def address_of(request: HttpRequest) -> str | None:
    return peer_address(request.META.get("REMOTE_ADDR", ""))


def counted_address(request: HttpRequest) -> str | None:
    """The address under which is counted what this visitor does. django-axes asks by the setting AXES_CLIENT_IP_CALLABLE."""
    return counted_as(address_of(request))


def counted_address_of_socket(scope: dict[str, Any]) -> str | None:
    """The same of somebody who opens a WebSocket."""
    return counted_as(peer_address(str((scope.get("client") or ("",))[0])))
