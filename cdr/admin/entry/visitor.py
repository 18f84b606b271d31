"""Whose request it is and where it came from, for the audit log; and which site of ours it came to, the console or the desk.

Must not know what is done."""

from django.http import HttpRequest
from django.urls import reverse

from cdr.addresses import address_of
from cdr.audit import Actor


def visitor(request: HttpRequest) -> Actor:
    return Actor(request.user.get_username(), address_of(request))


def page_here(request: HttpRequest, page: str) -> str:
    """The address of a page that each site has, of the site that was asked."""
    match = request.resolver_match
    return reverse(f"admin:{page}", current_app=match.namespace if match else None)
