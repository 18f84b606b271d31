"""What is asked of a web process besides pages: its API, its probes, an open debug log.

Must not know what it should answer."""

import base64
import json
import urllib.request
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import AUTH_ID, AUTH_TOKEN


def live_log(pages: Web, console: Console, call_uuid: str) -> connect:
    """As a browser's script opens it."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in console.cookies)
    return connect(f"{pages.ws_url}/admin/live/call/{call_uuid}/", additional_headers={"Cookie": cookies, "Origin": pages.http_url})


def asked_of_the_api(pages: Web, method: str, path: str, **parameters: str) -> int:
    """The status; raises HTTPError for one that refuses."""
    credentials = base64.b64encode(f"{AUTH_ID}:{AUTH_TOKEN}".encode()).decode()
    url = f"{pages.http_url}/v1/Account/{AUTH_ID}/{path}"
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(parameters).encode() if parameters else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def status_of(web: Web, path: str, within_seconds: float = 30) -> int:
    with closing(HTTPConnection(urlsplit(web.http_url).netloc, timeout=within_seconds)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status
