"""The find page, and so the box that Ctrl-K opens over any other: where a few typed letters lead. Pages by their names, and the lists that
search calls and streams.

Owns how places are shown, and which pages there are. Must not know rows: each site has its own."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from cdr.pure.figures import counted
from streams.pure.foreign_text import cleaned

MOST_TYPED, SHOWN_TYPED = 200, 60
MOST_PAGES = 8
OWN_PAGES = (
    ("Second factor", "second_factor"),
    ("Sessions", "own_sessions"),
    ("Time zone", "own_time_zone"),
    ("Change password", "password_change"),
)
"""In the menu beside one's name."""


class Lead(NamedTuple):
    """Somewhere to go. `kind`: what it is. `of`: whose, where several may have one of that name."""

    name: str
    kind: str
    address: str
    of: str = ""


def text_sought(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:MOST_TYPED]


def places_page(request: HttpRequest, site: AdminSite, pages: Iterable[Lead], others: Iterable[Lead], named: str) -> HttpResponse:
    """`others`: what is found beside pages, from the best on; asked for only where something is typed. `named`: of what names are known."""
    text = text_sought(request)
    places = [*pages_named(pages, text), *others] if text else list(pages)
    shown = {"q": text, "places": places, "named": named, "said": counted(len(places), "place")}
    context = {**site.each_context(request), "title": "Find", **shown}
    return TemplateResponse(request, "admin/find.html", context)


def pages_of(sections: Iterable[Any], site_name: str, more: Iterable[tuple[str, str]] = ()) -> list[Lead]:
    """The lists of a site's sections, those needed all day first, and pages that belong to no list, by their names and those of their
    addresses."""
    listed = sorted((one for section in sections for one in section["models"] if one["admin_url"]), key=lambda one: bool(one["seldom"]))
    lists = [Lead(one["name"], "page", one["admin_url"]) for one in listed]
    apart = [Lead(words, "page", reverse(f"admin:{name}", current_app=site_name)) for words, name in (*more, *OWN_PAGES)]
    return [*lists, *apart]


def pages_named(pages: Iterable[Lead], text: str) -> list[Lead]:
    """Those that begin with the text, and then those of which another word does."""
    sought = text.lower()
    begun = {page: page.name.lower().startswith(sought) for page in pages if f" {page.name.lower()}".find(f" {sought}") >= 0}
    return sorted(begun, key=lambda page: not begun[page])[:MOST_PAGES]


def searches(text: str, lists: Iterable[tuple[str, str]]) -> Iterator[Lead]:
    """The text as a search of each list, by the list's name and address."""
    for name, address in lists:
        yield Lead(f"{name}: search for “{cleaned(text, SHOWN_TYPED)}”", "search", f"{address}?{urlencode({'q': text})}")
