"""The find page of the desk: its lists, one's own applications by the beginning of their names, and the search of one's calls and streams.

Owns which places are offered there. How they are shown is cdr.admin.places's. Every row is of the visitor's scope."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cdr.admin.entry.access import GuardedSite
from cdr.admin.places import Lead, pages_of, places_page, searches, text_sought
from cdr.desk.records import name_of_row, scope_here
from cdr.pure.lookup import name_sought
from streams.models import Application

MOST_NAMED = 8
SEARCHED = (("Calls", "cdr_calldetail"), ("Streams", "cdr_streamdetail"))


def desk_find(request: HttpRequest, site: GuardedSite) -> HttpResponse:
    pages = pages_of(site.get_app_list(request), site.name)
    return places_page(request, site, pages, _at_desk(request, site, text_sought(request)), "a page or an application")


def _at_desk(request: HttpRequest, site: GuardedSite, text: str) -> Iterator[Lead]:
    scope = scope_here(request)
    if name := name_sought(text, timezone.localtime()):
        begun = scope.rows(Application).filter(name__istartswith=name).select_related("account").order_by("name", "account__name")
        for one in begun[:MOST_NAMED]:
            address = f"{site.page('streams_application_changelist')}{name_of_row(one)}/"
            yield Lead(one.name, "application", address, one.account.name if scope.has_several else "")
    yield from searches(text, [(words, site.page(f"{section}_changelist")) for words, section in SEARCHED])
