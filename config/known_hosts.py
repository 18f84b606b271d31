"""Who asks for a host that is none of ALLOWED_HOSTS is answered with one sentence, and is one line of the log: no traceback, no mail.

Owns that answer. Scanners ask so all day; Django would log an error for each."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from cdr.addresses import address_of
from streams.pure.foreign_text import cleaned

log = logging.getLogger(__name__)

LINE_SECONDS = 10
"""Between two lines: however often somebody asks, the log does not fill."""
WORDS = "This address is not served here. Whoever runs it: ALLOWED_HOSTS names the hosts that are.\n"


class ForeignHosts:
    """What was asked since the last line."""

    def __init__(self) -> None:
        self.unsaid, self.said_at = 0, -float(LINE_SECONDS)

    def note(self, request: HttpRequest) -> None:
        self.unsaid += 1
        if time.monotonic() - self.said_at >= LINE_SECONDS:
            more = f" ({self.unsaid - 1} more like it came before)" if self.unsaid > 1 else ""
            host = cleaned(request.META.get("HTTP_HOST", ""), 100)
            log.warning("%s asked for the host %r, which is none of ALLOWED_HOSTS.%s", address_of(request) or "Somebody", host, more)
            self.unsaid, self.said_at = 0, time.monotonic()


foreign_hosts = ForeignHosts()


def known_hosts(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Before anything of Django's asks for the host."""

    def answer(request: HttpRequest) -> HttpResponse:
        return get_response(request) if is_known(request) else not_served(request)

    return answer


def is_known(request: HttpRequest) -> bool:
    """As Django judges it, `.example.com` and all."""
    domain, _ = split_domain_port(request._get_raw_host())  # type: ignore[attr-defined]  # Django's own way to it, which raises nothing
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def not_served(request: HttpRequest) -> HttpResponse:
    foreign_hosts.note(request)
    response = HttpResponse(WORDS, status=400, content_type="text/plain; charset=utf-8")
    vars(response)["_has_been_logged"] = True  # Django's own mark: it would add a line to each
    return response
