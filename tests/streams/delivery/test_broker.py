"""Nudges over a real Redis: there, gone, hanging and back again."""

import base64
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from streams.delivery import broker, hint, nudge
from streams.outages import Outage
from tests.streams.redis_server import RedisServer, hang_up_on_the_broker


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Overrides the fixture of this folder: here the broker is what is tested."""
    hang_up_on_the_broker()
    monkeypatch.setattr(broker, "_broker", broker.new_broker())
    yield
    hang_up_on_the_broker()


def waiting() -> list[dict[str, Any]]:
    """The messages in Celery's queue, oldest first."""
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        return [json.loads(message) for message in reversed(client.lrange("celery", 0, -1))]


def seconds(act: Callable[[], None]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


@contextmanager
def nobody_asks_the_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    asked: list[bool] = []
    with monkeypatch.context() as patched:
        patched.setattr(Outage, "worked", lambda self: asked.append(True))
        patched.setattr(Outage, "failed", lambda self, error, meanwhile: asked.append(False))
        yield
    assert asked == []


def test_a_nudge_is_a_task_with_the_streams_key(redis: RedisServer):
    nudge(7)
    nudge(8)
    headers = [message["headers"] for message in waiting()]
    assert [header["task"] for header in headers] == ["streams.tasks.deliver_stream"] * 2
    assert [header["argsrepr"] for header in headers] == ["[7]", "[8]"]
    assert all(header["expires"] is None for header in headers), "two machines' clocks differ"


def test_what_nobody_takes_does_not_grow_for_ever(redis: RedisServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(broker, "MOST_WAITING", 3)
    for number in range(5):
        nudge(number)
    assert len(waiting()) == 3


def test_a_broker_that_is_down_costs_little_once_and_is_reported_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    assert seconds(lambda: nudge(1)) < 5, "Celery's own retries take six seconds"
    with nobody_asks_the_broker(monkeypatch):
        for number in range(100):
            nudge(number)
    broker._broker.rest_until = 0
    nudge(1)
    assert [record.levelname for record in caplog.records if record.name == broker.__name__] == ["WARNING"]
    assert "callbacks wait in the database until it is back." in caplog.text


def test_a_broker_that_hangs_costs_its_time_limit_and_then_nothing(redis: RedisServer, monkeypatch: pytest.MonkeyPatch):
    nudge(1)
    assert redis.process is not None
    os.kill(redis.process.pid, signal.SIGSTOP)
    assert 0.5 < seconds(lambda: nudge(2)) < 5, "Celery's own patience is ten seconds"
    with nobody_asks_the_broker(monkeypatch):
        nudge(3)


def test_a_broker_that_comes_back_is_used_again(redis: RedisServer, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, broker.__name__)
    nudge(1)
    redis.kill()
    nudge(2)
    redis.start()
    nudge(3)
    assert all(message["headers"]["argsrepr"] == "[1]" for message in waiting())
    broker._broker.rest_until = 0
    nudge(4)
    assert waiting()[-1]["headers"]["argsrepr"] == "[4]"
    assert [record.getMessage() for record in caplog.records if record.name == broker.__name__][-1].startswith(
        "Sending to the broker works again"
    )


def test_one_account_with_very_many_callbacks_fills_no_queue(redis: RedisServer):
    for number in range(1000):
        hint(number, account_id=1)
    hint(5000, account_id=2)
    keys = [json.loads(base64.b64decode(message["body"]))[0][0] for message in waiting()]
    assert keys[-1] == 5000 and len(keys) < 500
    assert keys[:50] == list(range(50))


def test_an_accounts_hints_come_back_with_time():
    own = broker.new_broker()
    assert [own.may_hint(1, 0.0) for _ in range(60)].count(True) == broker.HINTS.at_once
    assert [own.may_hint(1, 1.0) for _ in range(60)].count(True) == broker.HINTS.a_second
    assert own.may_hint(2, 1.0)


def test_of_many_accounts_a_worker_is_not_told_each_time():
    """It finds the others when it looks for one it was told of."""
    own = broker.new_broker()
    assert [own.may_hint(account, 0.0) for account in range(500)].count(True) == broker.HINTS_OF_ALL.at_once
    assert [own.may_hint(account, 1.0) for account in range(500)].count(True) == broker.HINTS_OF_ALL.a_second
