"""Reports of errors: what a process sends to Sentry, by a real process and a real receiver; and what it never tells."""

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from config.environment import Environment
from config.error_reports import report_address, tellable_words
from tests import warm_start
from tests.free_port import free_port

ROOT = Path(__file__).resolve().parents[2]
CALL = "816e0b22-6913-4b43-88a9-6d3054b77df9"
FAILS = f"""
import logging, uuid
import django
django.setup()
from django.test import Client
from streams.log_subject import speak_of_call

def part(password):
    number = "+49 170 1234567"
    raise ValueError(f"No route to {{number}} by https://hunter1:hunter2@host/?token=hunter3")

def page(request):
    raise RuntimeError("page")

import config.urls
from django.urls import path
config.urls.urlpatterns.insert(0, path("hunter5/", page))
speak_of_call(uuid.UUID("{CALL}"))
try:
    part("hunter4")
except ValueError:
    logging.getLogger("streams.x").exception("It broke for %s: wss://host/?key=hunter6", "+491709876543")
logging.getLogger("streams.x").warning("hunter7 is no error")
sent = {{"HTTP_AUTHORIZATION": "hunter12", "HTTP_HOST": "localhost"}}
Client(raise_request_exception=False).post("/hunter5/?hunter8=hunter9", {{"hunter10": "hunter11"}}, **sent)
"""


@pytest.fixture
def envelopes(httpserver: HTTPServer) -> list[str]:
    """What was received, whole."""
    received: list[str] = []

    def take(request: Request) -> Response:
        data = request.get_data()
        received.append((gzip.decompress(data) if request.headers.get("Content-Encoding") == "gzip" else data).decode())
        return Response("{}")

    httpserver.expect_request("/api/7/envelope/").respond_with_handler(take)
    return received


def run(code: str, folder: Path, dsn: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(folder), "SENTRY_DSN": dsn, "no_proxy": "*"}
    return warm_start.outcome(["-c", code], environment)


def events(envelopes: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for text in envelopes for line in text.splitlines() if '"event_id"' in line and '"level"' in line]


def test_errors_are_reported_with_where_and_which_call_and_without_what_is_secret(
    httpserver: HTTPServer, envelopes: list[str], tmp_path: Path
) -> None:
    ended = run(FAILS, tmp_path, f"http://public@127.0.0.1:{httpserver.port}/7")
    assert ended.returncode == 0, ended.stderr
    broke, page = events(envelopes)
    assert broke["logentry"]["message"] == "It broke for (a number): wss://host/?key=***"
    (error,) = broke["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "No route to (a number) by https://***@host/?token=***")
    assert [frame["function"] for frame in error["stacktrace"]["frames"]] == ["<module>", "part"]
    assert broke["tags"]["call"] == CALL and broke["level"] == "error"
    assert page["exception"]["values"][-1]["value"] == "page"
    assert "a path of 9 characters" in page["logentry"]["message"]
    told = "".join(envelopes)
    assert '"vars"' not in told and "warning" not in told
    assert "hunter" not in told and "1709876543" not in told


def test_a_process_whose_sentry_is_away_ends_in_time_and_says_nothing_of_it(tmp_path: Path) -> None:
    code = "import logging, django; django.setup(); logging.getLogger('streams.x').error('It broke.')"
    ended = run(code, tmp_path, f"http://public@127.0.0.1:{free_port()}/7")
    assert ended.returncode == 0 and ended.stderr.count("\n") == 1, ended.stderr


def test_without_an_address_the_library_is_not_even_imported(tmp_path: Path) -> None:
    code = "import sys, django; django.setup(); sys.exit('sentry_sdk' in sys.modules)"
    assert run(code, tmp_path, "").returncode == 0


@pytest.mark.parametrize("dsn", ["sentry.example.org", "https://sentry.example.org/7", "https://key@/7", "https://key@host/project", "key"])
def test_what_is_no_address_of_a_project_is_refused_without_its_key(dsn: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"^SENTRY_DSN is not the address of a project\. It looks like https://key@sentry"
    ) as refused:
        report_address(Environment({"SENTRY_DSN": dsn.replace("key", "hunter2")}))
    assert "hunter2" not in str(refused.value)


@given(
    st.from_regex(r"\+?[1-9]([ .-]?[0-9]){6,14}", fullmatch=True),
    st.sampled_from(["{}", "from {} to", "({})", "Key (from)=({}) exists", "'{}',"]),
)
def test_numbers_are_taken_out_however_they_are_written(number: str, words: str) -> None:
    assert tellable_words(words.format(number)) == words.format("(a number)")


def test_what_is_no_number_stays() -> None:
    words = f"Call {CALL} of 127.0.0.1:8000 took 61.4 s, 4000 Normal Hangup"
    assert tellable_words(words) == words
