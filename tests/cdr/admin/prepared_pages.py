"""A server of pages that Django's test client has been given: a browser looks at them, and each was drawn once.

Owns what is served, with the headers that the console gave it and the console's own files beside it. Knows no page."""

import mimetypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders

NOT_SENT = ("Refresh", "Content-Length")
"""A page that waits for a worker would be loaded anew each second or two while it is looked at."""


class PreparedPages(ThreadingHTTPServer):
    """`pages`: the answers, by path and query. Whatever else is asked for and is no file of the console is not there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: Mapping[str, Any] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: PreparedPages
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if (page := self.server.pages.get(self.path)) is not None:
            headers = {name: value for name, value in page.items() if name not in NOT_SENT}
            self.answer(page.status_code, page.content, headers)
        elif file := self.path.startswith(settings.STATIC_URL) and finders.find(self.path.removeprefix(settings.STATIC_URL)):
            kind = mimetypes.guess_type(self.path)[0] or "application/octet-stream"
            self.answer(200, Path(file).read_bytes(), {"Content-Type": kind, "Cache-Control": "max-age=600"})
        else:
            self.answer(404, b"", {})

    def answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said: object) -> None:
        """Nobody reads it."""


@contextmanager
def served() -> Iterator[PreparedPages]:
    server = PreparedPages()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
