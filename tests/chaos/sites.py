"""Installations to do harm to: the large form (two web processes, two workers, beat, PostgreSQL, Redis, a proxy before each store) and the
embedded one (`manage.py run` on SQLite).

Owns their processes, settings and accounts. Everything is started as an operator would start it. Must not know faults."""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from config.processes import CELERY, WORKER
from tests import migrated
from tests.chaos import rows
from tests.chaos.stores import Postgres, RedisStore
from tests.free_port import free_port
from tests.journeys.processes import ChildProcess, clean_environment
from tests.process_use import children

ROOT = Path(__file__).resolve().parents[2]
DIALECTS = ("asterisk", "audio_stream", "audio_fork", "twilio")
ACCOUNTS = ("Alder", "Birch")
PASSWORD, TOKEN, CANARY = "chaos-gateway-canary-q7v2x9k4", "chaos-token-canary-w3n8z5t1r6-long", "chaos-header-canary-p4d9"
SECRET, SECRETS = "chaos-secret-canary-" + "s" * 40, "chaos-secrets-canary-" + "k" * 40
CANARIES = (PASSWORD, TOKEN, CANARY, SECRET, SECRETS)
LEASE_SECONDS = 7
MISSED_SECONDS = 7
"""Without media, at the embedded form."""

# Quicker than in real operation, where nothing but waiting would be different.
SETTINGS = {
    "CONNECT_TIMEOUT_SECONDS": "2",
    "CONNECT_RETRY_SECONDS": "0.2 0.5",
    "CALLBACK_TIMEOUT_SECONDS": "5",
    "CALLBACK_RETRY_SECONDS": "0.3 0.5 1 1 2 2 3 3 5 5",
    "ANSWER_TIMEOUT_SECONDS": "5",
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "DRAIN_NOTICE_SECONDS": "0",
    "DRAIN_SECONDS": "15",
    "GATEWAY_RESUME_SECONDS": "1",
    "MEDIA_TIMEOUT_SECONDS": "14",
    "WORKER_THREADS": "16",
    "DEMO": "0",
}
FAKETIME = next((path for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


def provisioned(answer_url: str) -> dict[str, Any]:
    """Two accounts, each with a gateway of every dialect; one lets silence be filled, one does not."""
    accounts = []
    for name in ACCOUNTS:
        gateway = {"password": PASSWORD, "application": "asked"}
        accounts.append(
            {
                "name": name,
                "auth_id": f"MA{name.upper() * 4}"[:20].ljust(20, "X"),
                "auth_token": TOKEN + name,
                "rate": "0.00300",
                "billing_interval": 1 if name == "Birch" else 60,
                "currency": "USD",
                "fill_silence": name == "Alder",
                "applications": [{"name": "asked", "answer_url": answer_url}],
                "gateways": [gateway | {"name": f"{name.lower()}-{dialect}", "dialect": dialect} for dialect in DIALECTS],
            }
        )
    return {"accounts": accounts}


class Site:
    """`webs` are the ports that take calls, by the name of their process."""

    ask: rows.Ask

    def __init__(self, name: str, answer_url: str) -> None:
        self.name, self.answer_url = name, answer_url
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.environment = clean_environment() | SETTINGS | {"DATA_DIR": str(self.folder), "PYTHONUNBUFFERED": "1"}
        self.processes: dict[str, ChildProcess] = {}
        self.webs: dict[str, str] = {}
        self.past: list[str] = []

    def spawn(self, name: str, *command: str, **more: str) -> ChildProcess:
        process = ChildProcess(name, command, ROOT, self.environment | more)
        self.processes[name] = process
        return process

    def manage(self, *arguments: str) -> None:
        """Runs a command to its end."""
        process = ChildProcess(arguments[0], (sys.executable, "manage.py", *arguments), ROOT, self.environment)
        try:
            assert process.wait(120) == 0, process.output
        finally:
            process.stop()

    def provision(self) -> None:
        file = self.folder / "accounts.json"
        file.write_text(json.dumps(provisioned(self.answer_url)))
        self.manage("provision", str(file))

    def kill(self, name: str) -> None:
        """SIGKILL, and it is gone when this returns."""
        process = self.processes.pop(name)
        self.past.append(process.output)
        with suppress(ProcessLookupError):
            process.signal(signal.SIGKILL)
        process.stop()

    def end(self, name: str) -> int:
        """SIGTERM, as long as it takes within its time; its status."""
        process = self.processes.pop(name)
        process.signal(signal.SIGTERM)
        try:
            return process.wait(40)
        finally:
            process.stop()
            self.past.append(process.output)

    def pid(self, name: str) -> int:
        """Of the process itself."""
        return self.processes[name].pid

    def alive(self) -> dict[str, int]:
        """What is measured and looked after, by name."""
        return {name: process.pid for name, process in self.processes.items()}

    def said(self) -> str:
        """All that its processes printed."""
        return "\n".join([*self.past, *(process.output for process in self.processes.values())])

    def ready(self, web: str) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.webs[web].replace("ws", "http", 1) + "/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    async def stop(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.signal(signal.SIGCONT)
                process.signal(signal.SIGTERM)
        names = list(self.processes)
        await asyncio.gather(*(asyncio.to_thread(self.processes.pop(name).stop) for name in names))
        shutil.rmtree(self.folder, ignore_errors=True)


class LargeSite(Site):
    """Its processes may be started again with clocks of their own, where libfaketime is."""

    def __init__(self, name: str, answer_url: str) -> None:
        super().__init__(name, answer_url)
        self.postgres, self.redis = Postgres(), RedisStore(self.folder)
        self.ask = self.postgres.sql

    async def start(self) -> None:
        await self.postgres.proxy.start()
        await self.redis.proxy.start()
        self.environment |= {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url, "DIAL_ALLOW": "127.0.0.0/8"}
        self.environment |= {"SECRET_KEY": SECRET, "SECRETS_KEY": SECRETS}
        await asyncio.gather(asyncio.to_thread(self.postgres.make), asyncio.to_thread(self.redis.start))
        await asyncio.to_thread(self.manage, "migrate", "--verbosity", "0")
        workers = (asyncio.to_thread(self.start_worker, name) for name in ("worker 1", "worker 2"))
        await asyncio.gather(self._start_provisioned(), *workers, asyncio.to_thread(self.start_beat, "beat"))

    async def _start_provisioned(self) -> None:
        """A web process that was there before its gateways would refuse them until it looks again, a second later."""
        await asyncio.to_thread(self.provision)
        await asyncio.gather(*(asyncio.to_thread(self.start_web, name) for name in ("web 1", "web 2")))

    def start_web(self, name: str, *before: str, **more: str) -> None:
        """`before`: a command that runs it."""
        process = self.spawn(name, *before, sys.executable, "manage.py", "serve", "--port", "0", **more)
        self.webs[name] = process.wait_for_line(r"Listening on http(://\S+)", 90).group(1).join(("ws", ""))

    def start_worker(self, name: str, **more: str) -> None:
        worker = (*WORKER, "--loglevel", "INFO", "-n", f"{name.replace(' ', '-')}@%h")
        self.spawn(name, *worker, **more).wait_for_line(r"celery@\S+ ready|\S+ ready\.", 90)

    def start_beat(self, name: str, **more: str) -> None:
        self.spawn(name, *CELERY, "beat", "--loglevel", "INFO", "-s", str(self.folder / "beat"), **more)

    def clock_file(self, name: str) -> Path:
        return self.folder / f"clock-{name.replace(' ', '-')}"

    def clock(self, name: str) -> dict[str, str]:
        """The environment of a process that `set_clock` can set the clock of. It makes a process slow: libfaketime asks for its own
        time at every step."""
        self.set_clock(name, 0)
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.clock_file(name)),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_clock(self, name: str, seconds: int) -> None:
        self.clock_file(name).write_text(f"{seconds:+d}s\n")

    async def stop(self) -> None:
        self.postgres.proxy.heal()
        self.redis.proxy.heal()
        with suppress(AttributeError, ProcessLookupError):
            self.redis.resume()
            self.postgres.resume()
        await super().stop()
        await self.postgres.proxy.stop()
        await self.redis.proxy.stop()
        await asyncio.to_thread(self.postgres.remove)
        await asyncio.to_thread(self.redis.remove)


class EmbeddedSite(Site):
    """What `make run` starts, without the demo. Its processes are the supervisor's children, which starts those again that fall."""

    async def start(self) -> None:
        self.database = self.folder / "streamdesk.sqlite3"
        self.ask = rows.of_sqlite(self.database)
        await asyncio.to_thread(migrated.copy_to, self.database)
        port = free_port()
        # Buffers that are full within the time of a trial, and gateways that are missed within it: nobody is stopped for longer here.
        self.environment |= {"BUFFER_MS": "4000", "CONNECT_TIMEOUT_SECONDS": "1.4", "CONNECT_RETRY_SECONDS": "0.1 0.2"}
        self.environment |= {"MEDIA_TIMEOUT_SECONDS": str(MISSED_SECONDS)}
        run = (sys.executable, "manage.py", "run")
        process = self.spawn("run", *run, PORT=str(port))
        self.webs["web"] = f"ws://127.0.0.1:{port}"
        await asyncio.to_thread(self.provision)
        await asyncio.to_thread(process.wait_for_line, "Streamdesk is running", 120)

    def alive(self) -> dict[str, int]:
        """The supervisor's children, by what their command lines say."""
        found = {}
        for pid in children(self.processes["run"].pid):
            with suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                name = next((word for word in ("serve", "worker", "beat") if word in words), "redis")
                found[{"serve": "web"}.get(name, name)] = pid
        return found

    def pid(self, name: str) -> int:
        return self.alive()[name]
