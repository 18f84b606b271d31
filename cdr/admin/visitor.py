"""Whose request it is and where it came from, for the audit log.

Owns the reading of the address, for the counting of failed sign-ins as well. Must not know what is done."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

from cdr.audit import Actor
from cdr.pure.sign_in import counted_as


def visitor(request: HttpRequest) -> Actor:
    return Actor(request.user.get_username(), address_of(request))


def address_of(request: HttpRequest) -> str | None:
    """The peer's address; with a trusted proxy in front (HTTPS=1), the one that the proxy itself wrote: the last of the list."""
    nearest = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        nearest = request.headers.get("X-Forwarded-For", nearest).rpartition(",")[2]
    try:
        return str(ip_address(nearest.strip()))
    except ValueError:
        return None


def counted_address(request: HttpRequest) -> str | None:
    """The address under which this visitor's failed sign-ins are counted. django-axes asks by the setting AXES_CLIENT_IP_CALLABLE."""
    return counted_as(address_of(request))
