"""The page behind a link to a debug log: the console's debug log for somebody without a login, who reads and does nothing else.

Owns that page and the one for every link that leads nowhere. It is drawn without a request, so that nothing of a session is on it, and on
threads of its own: however often strangers ask, nobody's pages wait. Which links work is cdr.log_links', how often is cdr.link_limits'."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from cdr import link_limits, log_links
from cdr.addresses import counted_address
from cdr.link_limits import TooOften
from cdr.log_links import SharedLog
from cdr.pages.log.page import log_page
from cdr.pure.figures import clock, moment
from cdr.pure.log.filter import asked_by
from cdr.pure.visits import PageVisit, visit_of
from streams.database_threads import DatabaseThreads
from streams.shares import Places, Shares

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
LOOKS = ("GET", "HEAD")

_threads = DatabaseThreads(2, "shared-log")
_places = Places(Shares("pages behind links", places=2, each=1))
"""Of links: one that is asked for by many takes half at most."""


@csrf_exempt
async def log_view(request: HttpRequest, link: str) -> HttpResponse:
    """Whatever stands below /shared/ is answered here, also what is no link."""
    return await _threads.run_for(link[:100], _places, answer_link, request, link)


def answer_link(request: HttpRequest, link: str) -> HttpResponse:
    try:
        shared = link_limits.read_link(link, counted_address(request) or "unknown") if request.method in LOOKS else None
        if shared is None:
            return _leads_nowhere()
        visit = visit_of(request.method or "", request.headers)
        if visit in (PageVisit.PERSON, PageVisit.WITHIN):
            link_limits.count_reading(shared)
            return _log(request, link, shared, visit)
    except TooOften as error:
        return _too_often(error)
    # 503: a browser that fetches ahead throws that away, and asks again when a person comes.
    return _page("shared/unopened.html", 503 if visit == PageVisit.AHEAD else 200, {})


def _log(request: HttpRequest, link: str, shared: SharedLog, visit: PageVisit) -> HttpResponse:
    log = shared.find()
    if log is None:
        return _leads_nowhere()
    page = log_page(log, asked_by(dict(request.GET.lists())), whole_numbers=shared.whole_numbers)
    log_links.note_opening(shared.link, within=visit == PageVisit.WITHIN)
    shown = {"log": page, "here": request.path, "link": link.rstrip("/"), "brief": log.brief, "masked": not shared.whole_numbers}
    times = {"state_at": clock(timezone.now()), "until": moment(shared.link.expires_at)}
    return _page("shared/log.html", 400 if page.asked.problem else 200, {**shown, **times})


def _leads_nowhere() -> HttpResponse:
    """404, not 410: that something was there once would be said of one link, and not of another."""
    return _page("shared/nothing.html", 404, {})


def _too_often(error: TooOften) -> HttpResponse:
    response = _page("shared/too_often.html", 429, {"words": str(error), "seconds": error.seconds})
    response["Retry-After"] = str(error.seconds)
    return response


def _page(template: str, status: int, shown: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(render_to_string(template, {"shared": True, **shown}), status=status, headers=HEADERS)
    vars(response)["_has_been_logged"] = True  # Django's own mark: it would write the link, or each guess, into the log
    return response
