"""The pages that stand where there is nothing, or nothing for this visitor: with the bar of the console or the desk for who is signed in.

Owns which of the two it is. What the pages say is their templates'; an error of ours has a page (500.html) that asks nobody anything."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from cdr.admin import console
from cdr.desk import desk


def nothing_here(request: HttpRequest, exception: Http404) -> HttpResponse:
    return _page(request, "404.html", 404)


def nothing_for_you(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    return _page(request, "403.html", 403)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Before the middlewares have said who it is, it is nobody."""
    site = _site(request.path)
    if site is None or not hasattr(request, "user"):
        return render(request, template, status=status)
    vars(request)["current_app"] = site.name
    return render(request, template, site.each_context(request), status=status)


def _site(path: str) -> AdminSite | None:
    sites: tuple[AdminSite, ...] = (desk, console)
    return next((site for site in sites if path.startswith(reverse("admin:index", current_app=site.name))), None)
