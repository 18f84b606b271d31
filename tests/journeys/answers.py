"""The customer's answer URL: an HTTP server that says for each call what to stream, as its test told it to."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """One fetch of the answer; `parameters` are its form fields or its query."""

    method: str
    path: str
    headers: dict[str, str]
    parameters: dict[str, str]


@dataclass
class Answers:
    """What each call is answered with, by its UUID: a document, or a status with a document. Unknown calls get `otherwise`, or 404."""

    documents: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    otherwise: str = ""
    url: str = ""

    def set(self, call_uuid: str, document: str | bytes, status: int = 200, content_type: str = "application/xml") -> None:
        self.documents[call_uuid] = (status, content_type, document.encode() if isinstance(document, str) else document)


class AnswerServer(ThreadingHTTPServer):
    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        answers.url = f"http://127.0.0.1:{self.server_port}/answer"
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Returns when every request has been answered."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: AnswerServer

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def do_GET(self) -> None:
        self.answer(urlsplit(self.path).query)

    def answer(self, form: str) -> None:
        parameters = dict(parse_qsl(form, keep_blank_values=True))
        answers, call_uuid = self.server.answers, parameters.get("CallUUID", "")
        headers = {name.lower(): value for name, value in self.headers.items()}
        answers.requests[call_uuid] = Request(self.command, self.path, headers, parameters)
        if call_uuid in answers.hanging:
            self.connection.recv(1)  # until the platform loses patience
        unknown = (200, "application/xml", answers.otherwise.encode()) if answers.otherwise else (404, "text/plain", b"no such call")
        status, content_type, document = answers.documents.get(call_uuid, unknown)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test that fails shows the platform's output."""
