"""/metrics of a worker (WORKER_METRICS): a small HTTP server of its own in a thread, since a worker has no other port.

Owns that server: a few connections at once, each for a few seconds, so that whoever opens many and says nothing costs the worker's
callbacks nothing. Must not know how callbacks are sent."""

import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread, Timer
from typing import Any

from django.conf import settings
from prometheus_client.metrics_core import Metric

from config.metrics.families import counters, gauges, of_every_process, one_label, seconds
from config.metrics.readers import REFUSED, may_see_figures
from config.metrics.rendering import CONTENT_TYPE_LATEST, rendered
from config.metrics.version import version
from config.serving_role import METRICS
from streams.delivery.counted_tries import counted
from streams.delivery.slow_endpoints import Lane, endpoints
from streams.outages import what_is_away
from streams.pure.call.measure import Histogram

log = logging.getLogger(__name__)

AT_ONCE = 8
PATIENCE_SECONDS = 5.0
PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP")


def of_deliveries() -> Iterator[Metric]:
    results: dict[tuple[str, ...], Histogram] = {(result,): histogram for result, histogram in counted.tries.items()}
    yield seconds("callback_try_seconds", "How long tries at status callbacks took, by what came of them.", results, ("result",))
    answers = {name: float(counted.answers[name]) for name in ("2xx", "3xx", "4xx", "5xx", "none")}
    yield counters("callback_answers", "What endpoints answered; none: nothing that could be read.", ("status",), one_label(answers))
    yield seconds("callback_delay_seconds", "From an event to the delivery of its callback.", {(): counted.delays})
    lanes = endpoints.count()
    named = {lane.name.lower(): float(lanes[lane]) for lane in Lane}
    yield gauges("callback_endpoints", "Endpoints of callbacks, by how they have answered here.", ("lane",), one_label(named))


class MetricsHandler(BaseHTTPRequestHandler):
    timeout = PATIENCE_SECONDS
    server_version, sys_version = "", ""

    def setup(self) -> None:
        super().setup()
        self.deadline = Timer(PATIENCE_SECONDS, self.cut_off)
        self.deadline.daemon = True
        self.deadline.start()

    def finish(self) -> None:
        self.deadline.cancel()
        super().finish()

    def cut_off(self) -> None:
        """Also of who sends a byte a second: the timeout of a socket is for each of them."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        passed_on = any(name in self.headers for name in PROXY_HEADERS)
        if self.path.partition("?")[0] != METRICS:
            self.answer(404, "text/plain; charset=utf-8", f"There is {METRICS} here, and nothing else.\n".encode())
        elif not may_see_figures(self.client_address[0], self.headers.get("Authorization", ""), passed_on=passed_on):
            self.answer(403, "text/plain; charset=utf-8", REFUSED.encode())
        else:
            self.answer(200, CONTENT_TYPE_LATEST, rendered([*of_every_process(version(), what_is_away()), *of_deliveries()]))

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Not a line for each scrape."""


class MetricsServer(ThreadingHTTPServer):
    """`close` ends it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._places = BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), MetricsHandler)
        self._thread = Thread(target=self.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody who went away, or was too slow, is nobody's fault here."""
        log.debug("A request for metrics failed.", exc_info=True)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


_servers: list[MetricsServer] = []


def serve_metrics() -> None:
    """Where WORKER_METRICS says so. A port that is taken costs a worker its figures, and nothing else."""
    host, port = settings.WORKER_METRICS
    if not port:
        return
    try:
        _servers.append(MetricsServer(host, port))
    except OSError as error:
        log.error(
            "This worker's metrics cannot be served on %s:%d (%s). Give each worker of a machine a port of its own.", host, port, error
        )


def stop_serving_metrics() -> None:
    while _servers:
        _servers.pop().close()
