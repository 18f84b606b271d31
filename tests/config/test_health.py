"""Alive and ready, with each of the things readiness depends on taken away for real, and each that it does not."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import ProgrammingError
from django.test import AsyncClient, AsyncRequestFactory, Client

from config import background_checks, readiness
from config.asgi import django_application
from config.serving_role import ALL, CONSOLE, MEDIA, in_role
from config.status import database_trouble
from streams.calls import switchboard
from tests.streams.refusing_database import refusing

# The checks run in threads, on connections that see only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)

WELL = {"ready": True, "database": "ok", "loops": "ok", "leases": "ok", "process": "ok"}


def ready() -> tuple[int, dict[str, object]]:
    response = Client().get("/readyz")
    return response.status_code, response.json()


async def answer_of(role: str, path: str = "/readyz") -> tuple[int, dict[str, object]]:
    """Of a process of that role."""
    communicator = ApplicationCommunicator(in_role(role, django_application), AsyncRequestFactory().get(path).scope)
    await communicator.send_input({"type": "http.request"})
    start = await communicator.receive_output(30)
    body = json.loads((await communicator.receive_output(30))["body"])
    await communicator.wait(30)
    return start["status"], body


def test_alive_needs_nothing() -> None:
    response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_without_redis_worker_and_beat_calls_are_taken() -> None:
    """None of them is there: a load balancer that took every process away for it would end what works."""
    assert ready() == (200, WELL)


@pytest.mark.parametrize("role", [ALL, MEDIA, CONSOLE])
async def test_in_every_role(role: str) -> None:
    assert await answer_of(role) == (200, WELL)
    assert (await AsyncClient().get("/healthz")).content == b"ok\n"


def test_a_probe_needs_no_host_name_no_tls_and_no_login(settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    for path in ("/healthz", "/readyz"):
        assert Client(headers={"host": "10.11.12.13:8000"}).get(path).status_code == 200


def test_while_it_is_being_stopped_it_is_not_ready(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(switchboard, "stopping", True)
    assert ready() == (503, {**WELL, "ready": False, "process": "is being stopped"})
    assert caplog.text == ""


async def test_a_database_that_takes_no_writes_keeps_calls_away_and_lets_the_console_show_what_is_wrong() -> None:
    async with refusing("read only"):
        readiness._last_probe.at = float("-inf")
        status, found = await answer_of(MEDIA)
        assert (status, found["database"]) == (503, "answers, but this process cannot write calls to it")
        assert await answer_of(CONSOLE) == (200, WELL)
    assert await answer_of(MEDIA) == (200, WELL)


@pytest.mark.parametrize("role", [MEDIA, CONSOLE])
async def test_before_migrate_it_is_said_that_the_tables_are_missing(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_table() -> None:
        raise ProgrammingError('relation "streams_heartbeat" does not exist')

    monkeypatch.setattr("streams.journal.probe", no_table)
    readiness._last_probe.at = float("-inf")
    status, found = await answer_of(role)
    assert (status, found["database"]) == (503, "has not the tables that this version needs: manage.py migrate makes them")
    monkeypatch.undo()
    assert await answer_of(role) == (200, WELL), "nothing had to be restarted"
    [trouble] = database_trouble(readiness.UNMIGRATED)
    assert trouble.remedy.startswith("Run manage.py migrate")


def test_a_probe_that_goes_wrong_all_day_is_a_line_and_not_one_for_each(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readiness, "loops_problem", lambda: "note writer 1 failed and is being started again; the log says why")
    for _ in range(3):
        assert ready()[0] == 503
    monkeypatch.undo()
    assert ready()[0] == 200
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2 and said[0].startswith("Being ready for calls failed (loops: note writer 1 failed"), said
    assert "works again" in said[1] and "3 failures" in said[1]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that takes queries and answers none, until the test is over."""
    over = threading.Event()
    monkeypatch.setattr(readiness.database, "_ask", lambda: "ok" if over.wait(20) else "never")
    monkeypatch.setattr("config.health.LIMIT_SECONDS", 0.2)
    yield
    over.set()
    readiness.database.begin().result(20)


async def test_what_hangs_is_named_within_the_limit_and_alive_stays_alive(hanging) -> None:
    async with asyncio.timeout(15):
        for _ in range(3):
            assert str((await AsyncClient().get("/readyz")).json()["database"]).startswith("no answer within")
        assert (await AsyncClient().get("/healthz")).status_code == 200


def test_what_hangs_is_asked_once(hanging) -> None:
    """A probe every few seconds must not fill the threads while the database hangs."""
    before = readiness.database.begin()
    for _ in range(3):
        assert ready()[0] == 503
    assert readiness.database.begin() is before


def test_a_check_of_ours_that_breaks_is_no_answer_of_well(caplog: pytest.LogCaptureFixture) -> None:
    check = background_checks.BackgroundCheck(lambda: str(1 // 0), late=lambda: "late", broken=lambda: "broken")
    assert check.last() is None
    assert check.begin().result(10) == check.last() == "broken" and "ZeroDivisionError" in caplog.text


def test_an_answer_that_is_fresh_is_not_asked_for_again() -> None:
    check = background_checks.BackgroundCheck(threading.get_native_id, late=int, broken=int)
    first = check.begin(60)
    first.result(10)
    assert check.begin(60) is first and check.begin(0) is not first
    check.begin(60).result(10)


def test_other_paths_go_on_to_the_pages() -> None:
    assert Client().get("/healthzz").status_code == 404
