"""A real identity provider (oidc-provider-mock) in a process of its own, and a person who signs in with it by a browser's requests."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config import child_process
from tests.free_port import free_port

ROOT = Path(__file__).parent.parent
CLIENT_ID, CLIENT_SECRET = "desk", "only-for-tests"


class IdentityProvider:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def says(self, subject: str, **claims: Any) -> None:
        """What it says of somebody from now on."""
        body = json.dumps(claims).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.issuer}/users/{subject}", body, headers, method="PUT")
        urllib.request.urlopen(request, timeout=30).close()

    def authorize(self, url: str, subject: str, action: str = "authorize") -> str:
        """Where somebody's browser is sent who signs in there."""
        body = urllib.parse.urlencode({"sub": subject, "action": action}).encode()
        try:
            urllib.request.build_opener(NoRedirects).open(url, body, timeout=30).close()
        except urllib.error.HTTPError as redirect:
            with redirect:
                return str(redirect.headers["Location"])
        raise AssertionError("it sends nobody anywhere")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **child_process.options(ROOT)}
    process = subprocess.Popen(command, **options)
    try:
        until_it_answers(f"http://127.0.0.1:{port}/.well-known/openid-configuration", process)
        yield IdentityProvider(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the identity provider ended"
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the identity provider does not answer")
