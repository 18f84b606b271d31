"""A worker whose Redis refuses to write, as one does whose disk or memory is full, or goes: it waits, and goes on."""

import os
import sys
import time
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


@pytest.fixture(autouse=True)
def hung_up(redis: RedisServer) -> Iterator[None]:
    yield
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


@pytest.mark.slow
def test_a_worker_with_a_message_in_hand_survives_that_its_redis_goes(redis: RedisServer, tmp_path: Path) -> None:
    """Two threads work on two of three messages; the third is in hand, taken and not acknowledged, while a fourth is waited for."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.journeys.slow_worker", "worker", "--concurrency", "2"]
    environment = {**os.environ, "REDIS_URL": settings.REDIS_URL, "DATA_DIR": str(tmp_path)}
    worker = ChildProcess("worker", [*command, "--loglevel", "info"], Path(settings.BASE_DIR), environment)
    try:
        worker.wait_for_line("ready")
        for _ in range(3):
            send("takes_its_time", 3)
        with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
            deadline = time.monotonic() + 30
            while client.llen("celery"):
                assert time.monotonic() < deadline, worker.output
                time.sleep(0.01)
        redis.kill()
        worker.wait_for_line("Hearing from the broker failed")
        redis.start()
        send("streams.tasks.settle_starts")
        worker.wait_for_line("Hearing from the broker works again")
    finally:
        worker.stop()


def send(task: str, *arguments: object) -> None:
    """By a connection of its own, which no Redis of before has broken."""
    with app.connection_for_write() as connection:
        app.send_task(task, arguments, connection=connection)
