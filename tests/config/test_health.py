"""Alive and ready, with each of the things readiness depends on taken away for real."""

import asyncio
import json
import threading
from datetime import timedelta

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.http import HttpRequest
from django.test import AsyncClient, AsyncRequestFactory, Client
from django.utils import timezone

from config import health
from config.serving_role import CONSOLE, MEDIA, in_role
from streams.calls import switchboard
from streams.models import Heartbeat

# The checks run in threads, on connections that see only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def working():
    return Heartbeat.objects.create(name="reaper", beat_at=timezone.now())


def ready() -> tuple[int, dict[str, object]]:
    response = Client().get("/readyz")
    return response.status_code, response.json()


def test_alive_needs_nothing():
    response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_everything_is_there(redis, working):
    assert ready() == (
        200,
        {"ready": True, "database": "ok", "redis": "ok", "worker": "ok", "loops": "ok", "leases": "ok", "process": "ok", "notes": "ok"},
    )


async def test_ready_over_asgi(redis, working):
    response = await AsyncClient().get("/readyz")
    assert response.status_code == 200 and response.json()["ready"]
    assert (await AsyncClient().get("/healthz")).content == b"ok\n"


def test_a_probe_needs_no_host_name_no_tls_and_no_login(settings, redis, working):
    settings.SECURE_SSL_REDIRECT = True
    assert Client(headers={"host": "10.11.12.13:8000"}).get("/healthz").status_code == 200
    assert Client(headers={"host": "10.11.12.13:8000"}).get("/readyz").status_code == 200


def test_without_redis_it_is_not_ready_and_gives_no_address_away(working):
    status, found = ready()
    assert status == 503 and found["redis"] == "does not answer PING" and found["database"] == "ok"


def test_without_a_worker_it_is_not_ready(redis):
    status, found = ready()
    assert status == 503 and "run `celery -A config worker`" in str(found["worker"])


def test_with_a_worker_that_fell_silent_it_is_not_ready(redis, working: Heartbeat, settings):
    working.beat_at -= timedelta(seconds=settings.LEASE_SECONDS + 15)
    working.save()
    status, found = ready()
    assert status == 503 and "has done nothing for 35 s" in str(found["worker"])


def test_while_it_is_being_stopped_it_is_not_ready(redis, working, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(switchboard, "stopping", True)
    assert ready()[0] == 503 and ready()[1]["process"] == "is being stopped"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch):
    """A database that takes queries and answers none, until the test is over."""
    over = threading.Event()
    monkeypatch.setitem(health.CHECKS, "database", lambda: "ok" if over.wait(20) else "never")
    monkeypatch.setattr(health, "LIMIT_SECONDS", 0.2)
    yield
    over.set()


async def test_what_hangs_is_named_within_the_limit_and_alive_stays_alive(redis, hanging):
    async with asyncio.timeout(15):
        for _ in range(3):
            found = (await AsyncClient().get("/readyz")).json()
            assert found["database"].startswith("no answer within") and found["redis"] == "ok"
        assert (await AsyncClient().get("/healthz")).status_code == 200


def test_what_hangs_is_asked_once(redis, hanging):
    """A probe every few seconds must not fill the threads while the database hangs."""
    before = health.ask(HttpRequest())["database"]
    for _ in range(3):
        assert ready()[0] == 503
    assert health.ask(HttpRequest())["database"] is before


def test_other_paths_go_on_to_the_pages():
    assert Client().get("/healthzz").status_code == 404


async def test_a_process_of_calls_asks_neither_for_redis_nor_for_a_worker_and_one_of_pages_for_both():
    """Without both of them here: calls go on, and a load balancer that took every process away would end that."""
    answers = {}
    for role in (MEDIA, CONSOLE):
        communicator = ApplicationCommunicator(in_role(role, get_asgi_application()), AsyncRequestFactory().get("/readyz").scope)
        await communicator.send_input({"type": "http.request"})
        start = await communicator.receive_output(30)
        answers[role] = start["status"], json.loads((await communicator.receive_output(30))["body"])
        await communicator.wait(30)
    assert answers[MEDIA][0] == 200 and "database" in answers[MEDIA][1] and not {"redis", "worker"} & answers[MEDIA][1].keys()
    assert answers[CONSOLE][0] == 503 and {"database", "redis", "worker"} <= answers[CONSOLE][1].keys()
