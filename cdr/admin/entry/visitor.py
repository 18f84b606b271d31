"""Whose request it is and where it came from, for the audit log and for the counting of failed sign-ins.

Must not know what is done."""

from django.http import HttpRequest

from cdr.addresses import address_of
from cdr.audit import Actor
from cdr.pure.sign_in import counted_as


def visitor(request: HttpRequest) -> Actor:
    return Actor(request.user.get_username(), address_of(request))


def counted_address(request: HttpRequest) -> str | None:
    """The address under which this visitor's failed sign-ins are counted. django-axes asks by the setting AXES_CLIENT_IP_CALLABLE."""
    return counted_as(address_of(request))
