"""All is well, or what is not: each thing taken away for real, and what is said of it."""

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import AsyncClient, Client
from django.utils import timezone
from redis import Redis

from cdr.alerts.transitions import too_many_words
from cdr.models import Export, UrlTest
from cdr.pure.alerts.kinds import AlertKind
from config import health, readiness, redis_client, status
from streams import keeper, process_troubles
from streams.calls import lease_keeping, note_queue, spool
from streams.models import Call, Callback, Heartbeat, ProcessReport
from streams.pure.lifecycle import CallState
from streams.pure.trouble import Trouble
from tests.cdr.alerts.rows import channel, only, rule
from tests.streams.callback_rows import account, owed, stream
from tests.streams.redis_server import RedisServer
from tests.streams.refusing_database import refusing

# The checks run in threads, on connections that see only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "_said", health.SaidTroubles())  # an earlier test's troubles are no news
    readiness._last_probe.at = float("-inf")


@pytest.fixture
def working() -> Heartbeat:
    return Heartbeat.objects.create(name="reaper", beat_at=timezone.now())


def said() -> dict[str, dict[str, str]]:
    """The troubles by what they are about; the status code says the same."""
    response = Client().get("/status")
    body = response.json()
    assert response.status_code == (200 if body["well"] else 503) and body["well"] == (body["troubles"] == [])
    assert all(trouble[words].endswith(".") for trouble in body["troubles"] for words in ("what", "for_calls", "remedy"))
    return {trouble["about"]: trouble for trouble in body["troubles"]}


def test_all_is_well(redis: RedisServer, working: Heartbeat) -> None:
    response = Client(headers={"host": "10.11.12.13:8000"}).get("/status")
    assert (response.status_code, response.json()) == (200, {"well": True, "troubles": []})


async def test_over_asgi(redis: RedisServer, working: Heartbeat) -> None:
    assert (await AsyncClient().get("/status")).json()["well"]


def test_without_redis(working: Heartbeat) -> None:
    found = said()
    assert list(found) == ["redis"] and found["redis"]["what"] == "Redis does not answer."
    assert found["redis"]["for_calls"].startswith("Calls go on")


def test_without_redis_no_worker_is_blamed() -> None:
    assert list(said()) == ["redis"]


def test_a_redis_that_refuses_writes(redis: RedisServer, working: Heartbeat, settings: Any) -> None:
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        client.config_set("maxmemory", "1")
        assert said()["redis"]["what"] == "Redis answers and refuses to be written to."
        client.config_set("maxmemory", "0")
    assert said() == {}


def test_a_redis_that_takes_connections_and_says_nothing(working: Heartbeat, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "LIMIT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert list(said()) == ["redis"]


async def test_a_database_that_takes_no_writes(redis: RedisServer) -> None:
    await Heartbeat.objects.acreate(name="reaper", beat_at=timezone.now())
    async with refusing("read only"):
        readiness._last_probe.at = float("-inf")
        troubles = (await AsyncClient().get("/status")).json()["troubles"]
        assert [trouble["about"] for trouble in troubles] == ["database"] and "cannot write calls to it" in troubles[0]["what"]
    assert (await AsyncClient().get("/status")).json()["well"]


def test_before_any_worker_has_worked(redis: RedisServer) -> None:
    assert said()["worker"]["what"] == "No worker has done anything yet."


def test_a_worker_or_a_beat_that_fell_silent(redis: RedisServer, working: Heartbeat, settings: Any) -> None:
    """Whose fault it is, the queue tells: beat puts in, the worker takes out."""
    working.beat_at -= timedelta(seconds=settings.LEASE_SECONDS + 15)
    working.save()
    assert "The worker has done nothing for 35 s, because nothing is sent to it" in said()["beat"]["what"]
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        client.lpush("celery", "a message")
    assert "though there is work" in said()["worker"]["what"]


def test_calls_that_nobody_ends(redis: RedisServer, working: Heartbeat, settings: Any) -> None:
    call = Call.objects.create(account=account(), started_at=timezone.now(), owner="gone")
    Call.objects.filter(pk=call.pk).update(lease_until=timezone.now() - timedelta(seconds=settings.LEASE_SECONDS * 2))
    assert said() == {}
    Call.objects.filter(pk=call.pk).update(lease_until=timezone.now() - timedelta(seconds=settings.LEASE_SECONDS * 2 + 15))
    assert list(said()) == ["calls"]
    Call.objects.filter(pk=call.pk).update(state=CallState.ENDED)
    assert said() == {}


def test_callbacks_that_no_worker_tries(redis: RedisServer, working: Heartbeat) -> None:
    callback = owed(stream(), "https://a.example/")
    late = Callback.objects.filter(pk=callback.pk)
    late.update(due_at=timezone.now() - timedelta(seconds=60))
    assert said() == {}
    late.update(due_at=timezone.now() - timedelta(minutes=7, seconds=3))
    assert said()["callbacks"]["what"] == "A status callback has been due for 7 minutes, and no worker has tried it."
    late.update(due_at=timezone.now() + timedelta(hours=1))
    assert said() == {}


def test_a_customer_whose_endpoint_hangs_is_no_trouble_of_the_platform(redis: RedisServer, working: Heartbeat, settings: Any) -> None:
    """He has as many tries under way as he may have; what else of his is due waits for them."""
    settings.CALLBACKS_AT_ONCE_PER_HOST = 1
    hanging, waiting = (owed(stream(), "https://a.example/") for _ in range(2))
    Callback.objects.update(due_at=timezone.now() - timedelta(hours=1), account=hanging.account, host=hanging.host)
    Callback.objects.filter(pk=hanging.pk).update(claimed_by="a worker", claimed_until=timezone.now() + timedelta(seconds=60))
    assert said() == {}
    Callback.objects.filter(pk=waiting.pk).update(host="another.example:443")
    assert list(said()) == ["callbacks"]


@pytest.mark.parametrize("about", ["exports", "url_tests"])
def test_jobs_that_no_worker_takes(redis: RedisServer, working: Heartbeat, about: str) -> None:
    owner = User.objects.create_user("maria")
    if about == "exports":
        jobs: QuerySet[Any] = Export.objects.filter(pk=Export.objects.create(owner=owner, section="calldetail", format="csv").pk)
    else:
        seen = {"call_id": uuid4(), "stream_id": uuid4()}
        test = UrlTest.objects.create(owner=owner, account=account(), url="wss://a.example", **seen)
        jobs = UrlTest.objects.filter(pk=test.pk)
    assert said() == {}
    jobs.update(created_at=timezone.now() - timedelta(minutes=6))
    assert "has waited for 6 minutes" in said()[about]["what"]
    jobs.update(claimed_by="a worker", claimed_until=timezone.now() + timedelta(minutes=1))
    assert said() == {}


KNOWN_OF_ITSELF: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "loops": (keeper, "loops_down", lambda **_: ["timing of live calls"]),
    "leases": (lease_keeping, "leases_run_out", lambda: True),
    "notes": (note_queue, "notes_aside", lambda: 2),
    "spool": (spool, "notes_in_memory_only", lambda: True),
}


@pytest.mark.parametrize("about", KNOWN_OF_ITSELF)
def test_what_a_process_knows_of_itself(redis: RedisServer, working: Heartbeat, monkeypatch: pytest.MonkeyPatch, about: str) -> None:
    monkeypatch.setattr(*KNOWN_OF_ITSELF[about])
    assert list(said()) == [about]


def test_what_another_process_has_reported_is_said_here_once_and_forgotten_with_it(redis: RedisServer, working: Heartbeat) -> None:
    trouble = Trouble("notes", "Two notes wait.", "Calls go on.", "See the log.")
    for owner in ("a", "b"):
        process_troubles.report(owner, [trouble])
    assert said() == {"notes": trouble._asdict()}
    process_troubles.report("a", [trouble._replace(what="Three notes wait.")])
    process_troubles.withdraw("b")
    assert said()["notes"]["what"] == "Three notes wait."
    ProcessReport.objects.update(reported_at=timezone.now() - timedelta(minutes=2))
    assert said() == {}
    process_troubles.forget_old()
    assert not ProcessReport.objects.exists()


def test_the_log_is_told_when_it_changes(working: Heartbeat, redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    redis.kill()
    for _ in range(3):
        assert list(said()) == ["redis"]
    redis.start()
    assert said() == {}
    messages = [record.getMessage() for record in caplog.records if record.name == "config.health"]
    assert [message.split(".")[0] for message in messages] == ["Redis does not answer", "All is well again"]


def test_strangers_are_told_no_secret(settings: Any, tmp_path: Path) -> None:
    """Everything is wrong that can be: neither where it is nor how it failed is said."""
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    owed(stream(), "https://secret.customer.example/", due_at=timezone.now() - timedelta(hours=3))
    text = json.dumps(said())
    for secret in ("hunter2", "127.0.0.1", "customer.example", str(settings.DATA_DIR), "Error", "errno"):
        assert secret not in text, secret


# Alerts themselves --------------------------------------------------------------------------------------------------------------
def test_alerts_that_reach_nobody(redis: RedisServer, working: Heartbeat) -> None:
    """One that has just failed is tried again; one that is switched off is nobody's loss."""
    now = timezone.now()
    for minutes, enabled in ((1, True), (30, True), (30, False)):
        channel(failing_since=now - timedelta(minutes=minutes), enabled=enabled)
    assert said()["alerts"]["what"] == "Alerts do not reach 1 of the 2 places where they are told."


def test_alert_rules_that_cannot_be_looked_at(redis: RedisServer, working: Heartbeat) -> None:
    only(AlertKind.CONNECTION_ERRORS, problem=too_many_words(7))
    assert said() == {}
    rule(AlertKind.CONNECTION_ERRORS, problem="The database refused the question: no.")
    assert said()["alerts"]["what"] == "1 alert rule could not be looked at."
