"""How long one account waits beside another that floods a pool they share, in each pool, on PostgreSQL with a real worker.

    python -m tests.benchmarks.shares [--seconds 20] [--only words]

Starts a PostgreSQL and a Redis in temporary folders, a worker with its beat, and an endpoint that answers and one that hangs; measures in a
process of its own. Two minutes or three."""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import embedded_redis
from tests import postgres_server
from tests.benchmarks import endpoints
from tests.journeys.processes import ChildProcess
from tests.streams.name_server import NameServer

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=24.0, help="how long callbacks are measured, alone and beside each flood")
    parser.add_argument("--only", default="", help="only the pools whose name has these words")
    options = parser.parse_args()
    if postgres_server.binaries() is None:
        sys.stderr.write("No PostgreSQL here: set PG_BIN, or install postgresql.\n")
        return 1
    with postgres_server.running() as url, tempfile.TemporaryDirectory(prefix="bench-") as data:
        socket = Path(data) / "redis.sock"
        redis = subprocess.Popen(embedded_redis.command(embedded_redis.binary(), Path(data) / "redis", socket))
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": f"unix://{socket}",
            "DATA_DIR": data,
            "SECRET_KEY": secrets.token_hex(32),
            "SECRETS_KEY": secrets.token_hex(32),
            "DIAL_ALLOW": "127.0.0.0/8",
            "CALLBACK_TIMEOUT_SECONDS": "5",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        worker = None
        try:
            subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
            celery = [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat", "--loglevel", "INFO"]
            worker = ChildProcess("worker", celery, ROOT, {**environment, "LOG_LEVEL": "INFO"})
            worker.wait_for_line(r"celery@\S+ ready")
            with endpoints.running(5) as urls, answering_names() as names:
                command = [sys.executable, "-m", "tests.benchmarks.pools", str(options.seconds), options.only, names, *urls]
                return subprocess.run(command, env=environment, check=False).returncode
        finally:
            if worker is not None:
                worker.stop()
            redis.terminate()
            redis.wait(20)


@contextmanager
def answering_names() -> Iterator[str]:
    """The address of a name server that knows one name, and never answers for others."""
    server = NameServer({"good.example": ["192.0.2.1"]})
    yield server.address
    server.stop()


if __name__ == "__main__":
    sys.exit(main())
