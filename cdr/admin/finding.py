"""What the console's find page finds beside pages: accounts, applications, gateways and hosts by the beginning of their names, and the
search of calls and streams.

Owns which of them are offered to whom, and in which order. What a search means is cdr.admin.lists.search's; it is not carried out here."""

from collections.abc import Iterator

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from cdr.admin.filters.named_choices import SEARCHED_KINDS, tenants_named
from cdr.admin.places import Lead, pages_of, places_page, searches, text_sought
from cdr.pages.recent_hosts import hosts_begun
from cdr.pure.lookup import host_named, name_sought

MOST_NAMED, MOST_HOSTS = 8, 6
NAMED = "a page, an account, an application, a gateway or a host"


def console_find(request: HttpRequest, site: AdminSite) -> HttpResponse:
    pages = pages_of(site.get_app_list(request), site.name, [("Health", "health")])
    return places_page(request, site, pages, _in_console(request, text_sought(request)), NAMED)


def _in_console(request: HttpRequest, text: str) -> Iterator[Lead]:
    may = request.user.has_perm
    kinds = [kind for kind in SEARCHED_KINDS if may(f"streams.view_{kind}")]
    found = sorted(tenants_named(text, kinds), key=lambda one: (one[3].lower() != text.lower(), SEARCHED_KINDS.index(one[0])))
    for kind, key, _, name in found[:MOST_NAMED]:
        yield Lead(name, kind, reverse(f"admin:streams_{kind}_change", args=[key]))
    if may("cdr.view_streamdetail") and (host := host_named(text).name) and name_sought(text, timezone.localtime()):
        for auth_id, account, known in hosts_begun(host, MOST_HOSTS):
            yield Lead(known, "host", reverse("admin:cdr_hostdetail_of", args=[auth_id, known]), account)
    lists = [("Calls", "cdr_calldetail", "cdr.view_calldetail"), ("Streams", "cdr_streamdetail", "cdr.view_streamdetail")]
    yield from searches(text, [(words, reverse(f"admin:{section}_changelist")) for words, section, right in lists if may(right)])
