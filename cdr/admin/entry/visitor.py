"""Whose request it is and where it came from, for the audit log.

Must not know what is done."""

from django.http import HttpRequest

from cdr.addresses import address_of
from cdr.audit import Actor


def visitor(request: HttpRequest) -> Actor:
    return Actor(request.user.get_username(), address_of(request))
