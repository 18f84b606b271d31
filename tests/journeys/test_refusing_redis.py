"""A worker whose Redis refuses to write, as one does whose disk or memory is full: it waits, and goes on."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis

from config.celery import app
from tests.journeys.processes import STARTER, ChildProcess
from tests.streams.redis_server import RedisServer, hang_up_on_the_broker


@pytest.fixture(scope="module", autouse=True)
def starter() -> None:
    """The thread that starts child processes, which lives as long as the tests' process."""
    STARTER.submit(int).result()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()
    hang_up_on_the_broker()


@pytest.mark.slow
def test_a_worker_whose_redis_refuses_waits_and_goes_on(redis: RedisServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--concurrency", "1", "--loglevel", "info"]
    environment = {**os.environ, "REDIS_URL": settings.REDIS_URL, "DATA_DIR": str(tmp_path)}
    worker = ChildProcess("worker", command, Path(settings.BASE_DIR), environment)
    try:
        worker.wait_for_line("ready")
        with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
            client.config_set("min-replicas-to-write", "1")  # every write is refused, as by one whose disk is full
            worker.wait_for_line("Hearing from the broker failed")
            client.config_set("min-replicas-to-write", "0")
        app.send_task("streams.tasks.settle_starts")
        worker.wait_for_line("Hearing from the broker works again")
        assert "Traceback" not in worker.output.split("Hearing from the broker failed")[1]
    finally:
        worker.stop()
