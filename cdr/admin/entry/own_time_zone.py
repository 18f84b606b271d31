"""The page on which somebody says by which clock a second time stands beside UTC, and the cookie that keeps it for one browser.

Owns that page, and what a cookie may hold: of what is no zone UTC alone is shown. How such a time is written is cdr.pure.second_time's."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from cdr.admin.additions import Context
from cdr.pure.second_time import zone_named

COOKIE = "time_zone"
KEPT_SECONDS = 365 * 24 * 3600


def shown_zone(request: HttpRequest) -> str:
    """ "" where UTC alone is shown."""
    try:
        return zone_named(request.COOKIES.get(COOKIE, ""))
    except ValueError:
        return ""


def own_time_zone(request: HttpRequest, context: Context) -> HttpResponse:
    """GET asks, POST keeps."""
    typed = request.POST.get("zone", "") if request.method == "POST" else shown_zone(request)
    try:
        name, problem = zone_named(typed), ""
    except ValueError as error:
        name, problem = "", str(error)
    if request.method == "POST" and not problem:
        return _kept(request, name)
    shown = {"title": "Time zone", "typed": typed, "problem": problem}
    return TemplateResponse(request, "admin/time_zone.html", {**context, **shown}, status=400 if problem else 200)


def _kept(request: HttpRequest, name: str) -> HttpResponse:
    answer = HttpResponseRedirect(request.path)
    answer.set_cookie(COOKIE, name, KEPT_SECONDS, path="/", secure=request.is_secure(), httponly=True, samesite="Lax")
    messages.success(request, f"Beside UTC stands the time of {name}." if name else "Times are in UTC alone.")
    return answer
