"""A worker while its broker is away or refuses says so in a line of its own, instead of Celery's many."""

import logging

import pytest
from redis.exceptions import ResponseError

from config import broker_lines
from streams.outages import Outage


def record(name: str, words: str, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.ERROR, "", 1, words, None, info)


def test_celerys_lines_of_the_broker_become_one(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(broker_lines, "broker", Outage(broker_lines.log, "broker"))
    lets_through = broker_lines.BrokerLines().filter
    assert not lets_through(record("celery.worker.consumer.consumer", "consumer: Cannot connect to redis://: refused. Trying again"))
    assert not lets_through(record("kombu.transport.redis", "maybe_refresh_binding_expiry: Redis error", ResponseError("OOM")))
    assert lets_through(record("celery.worker.consumer.consumer", "Received unregistered task of type 'x'", KeyError("x")))
    assert lets_through(record("celery.app.trace", "Task failed", ResponseError("OOM")))
    assert [" ".join(line.getMessage().split()[:2]) for line in caplog.records] == ["broker failed"]
