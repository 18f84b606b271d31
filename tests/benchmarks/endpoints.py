"""Customers' side of `shares`: endpoints that answer at once or never, in a process that measures nothing."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Endpoint(BaseHTTPRequestHandler):
    """/hang takes a request and never answers; /arrived tells when each callback came first, by the machine's monotonic clock; anything
    else is answered at once."""

    over = threading.Event()
    arrived: dict[str, float] = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.arrived.setdefault(self.headers.get("webhook-id") or "", time.monotonic())
        self.do_GET()

    def do_GET(self) -> None:
        if self.path.startswith("/hang"):
            self.over.wait()
            return
        body = json.dumps(self.arrived).encode() if self.path == "/arrived" else b""
        with suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    request_queue_size = 500
    daemon_threads = True


@contextmanager
def running(count: int) -> Iterator[list[str]]:
    """So many hosts, as the platform counts them: ports."""
    servers = [Server(("127.0.0.1", 0), Endpoint) for _ in range(count)]
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
    Endpoint.over.set()
    for server in servers:
        server.shutdown()
        server.server_close()
