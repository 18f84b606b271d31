"""Who may read /metrics: an address of METRICS_ALLOW that asks a process itself, or whoever shows METRICS_TOKEN.

Owns that judgement. A proxy that passes everything on must not make the figures public: what came by somebody who is not known as a proxy
has no address, and outside the trial nobody may read until somebody was named."""

import logging
import time

from django.conf import settings
from django.utils.crypto import constant_time_compare

from streams.pure.foreign_text import cleaned
from streams.pure.peer_address import is_trusted

log = logging.getLogger(__name__)

LINE_SECONDS = 60.0
BEARER = "bearer "
REFUSED = "Metrics are for addresses in METRICS_ALLOW that ask this process itself, or with METRICS_TOKEN as a bearer token.\n"


class RefusedReaders:
    """The log has a line a minute, however often somebody asks."""

    def __init__(self) -> None:
        self.said_at = -LINE_SECONDS

    def note(self, address: str) -> None:
        if time.monotonic() - self.said_at >= LINE_SECONDS:
            self.said_at = time.monotonic()
            log.warning(
                "%s asked for /metrics and may not read it: see METRICS_ALLOW and METRICS_TOKEN.", cleaned(address, 60) or "Somebody"
            )


refused = RefusedReaders()


def may_see_figures(address: str, authorization: str, *, passed_on: bool) -> bool:
    """`address`: of the visitor, "" when that is not known; `passed_on`: by somebody who is not in TRUSTED_PROXIES."""
    shown = authorization[len(BEARER) :].strip() if authorization[: len(BEARER)].lower() == BEARER else ""
    if settings.METRICS_TOKEN and shown and constant_time_compare(shown.encode(), settings.METRICS_TOKEN.encode()):
        return True
    if not passed_on and is_trusted(address, settings.METRICS_ALLOW):
        return True
    refused.note(address)
    return False
