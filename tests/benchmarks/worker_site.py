"""A database, a Redis and workers of a benchmark, in temporary folders. Owns starting and stopping them; must not know what is measured."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from config import embedded_redis
from config.processes import WORKER
from tests import postgres_server
from tests.journeys.processes import ChildProcess

ROOT = Path(__file__).parent.parent.parent


class Site(NamedTuple):
    """What runs; `environment` is that of a process which belongs to it."""

    environment: dict[str, str]
    workers: list[ChildProcess]
    redis_pid: int


@contextmanager
def running(*, postgresql: bool, workers: int = 1, **more: str) -> Iterator[Site]:
    """The first worker has beat. Without PostgreSQL the database is a file of SQLite, as under `make run`."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        socket = data / "redis.sock"
        url = {"DATABASE_URL": stack.enter_context(postgres_server.running())} if postgresql else {}
        environment = {
            **os.environ,
            "REDIS_URL": f"unix://{socket}",
            "DATA_DIR": str(data),
            "SECRET_KEY": secrets.token_hex(32),
            "SECRETS_KEY": secrets.token_hex(32),
            "DIAL_ALLOW": "127.0.0.0/8",
            "LOG_LEVEL": "ERROR",
            "CELERY_SKIP_CHECKS": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **url,
            **more,
        }
        redis = subprocess.Popen(embedded_redis.command(embedded_redis.binary(), data / "redis", socket))
        stack.callback(lambda: (redis.terminate(), redis.wait(20)))
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
        started = []
        for number in range(workers):
            command = [*WORKER, "--loglevel", "INFO", "--hostname", f"worker{number}@bench", *(["--beat"] if number == 0 else [])]
            started.append(ChildProcess(f"worker {number}", command, ROOT, {**environment, "LOG_LEVEL": "INFO"}))
            stack.callback(started[-1].stop)
        for worker in started:
            worker.wait_for_line(r"celery@\S+ ready|worker\d+@bench ready")
        yield Site(environment, started, redis.pid)
