"""The processes that are measured: Streamdesk as it is run, and the yardsticks (tests/benchmarks/yardsticks). Each on the first core only.

Owns how each is started and stopped. Must not know what is measured."""

import atexit
import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PASSWORD = secrets.token_hex(16)
AUTHORIZATION = base64.b64encode(f"bench:{PASSWORD}".encode()).decode()
CORES = sorted(os.sched_getaffinity(0))
UNREACHED = 100_000
"""Calls and streams at once."""
WS_VERSION = "8.23.0"
NPM_FOLDER = ROOT / "build" / f"ws-{WS_VERSION}"

Contender = Callable[[int, str, Path], AbstractContextManager[subprocess.Popen[bytes]]]


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process on the first core only, stopped by its own id."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log)
    os.sched_setaffinity(process.pid, {CORES[0]})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def yardstick(name: str, port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One that is written in Python."""
    with started([sys.executable, "-m", f"tests.benchmarks.yardsticks.{name}", str(port), customer_url], {}) as process:
        yield process


@contextmanager
def node_relay(port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = ["node", str(ROOT / "tests" / "benchmarks" / "yardsticks" / "node_relay.js"), str(port), customer_url]
    with started(command, {"NODE_PATH": str(NPM_FOLDER / "node_modules")}) as process:
        yield process


def has_node() -> bool:
    """Whether Node's yardstick can be run here; its package is brought where it is missing."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return False
    if not (NPM_FOLDER / "node_modules" / ".package-lock.json").exists():
        NPM_FOLDER.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(NPM_FOLDER), "--no-audit", "--no-fund", "--ignore-scripts", f"ws@{WS_VERSION}"]
        return subprocess.run(command, capture_output=True, timeout=90, check=False).returncode == 0
    return True


@contextmanager
def streamdesk(port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The web process as it is run for real, on an embedded database of its own."""
    with streamdesk_of(["manage.py", "serve", "--port", str(port)], port, customer_url, folder) as process:
        yield process


@contextmanager
def without_turns(port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The same, of an account whose conversations are not measured."""
    with streamdesk_of(["manage.py", "serve", "--port", str(port)], port, customer_url, folder, measure_turns=False) as process:
        yield process


@contextmanager
def under_uvicorn(port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The same application under another server, as docs/operation.md says."""
    options = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "off", "--log-level", "warning"]
    with streamdesk_of(["-m", "uvicorn", "config.asgi:application", "--port", str(port), *options], port, customer_url, folder) as process:
        yield process


@contextmanager
def streamdesk_of(
    arguments: list[str], port: int, customer_url: str, folder: Path, **of_account: object
) -> Iterator[subprocess.Popen[bytes]]:
    """The same by another command, or for another account."""
    environment = {"DATA_DIR": str(folder), "DRAIN_SECONDS": "0", "PORT": str(port), "LOG_LEVEL": "WARNING"}
    tenant = folder / "tenant.json"
    tenant.write_text(json.dumps({"accounts": [{**account(customer_url), **of_account}]}))
    shutil.copytree(migrated_folder(ROOT), folder, dirs_exist_ok=True)
    manage(ROOT, environment, "provision", str(tenant))
    with started([sys.executable, *arguments], environment) as process:
        yield process


@cache
def migrated_folder(root: Path) -> Path:
    """Made once: a DATA_DIR with its tables, to be copied."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    manage(root, {"DATA_DIR": folder.name}, "migrate", "-v0")
    return Path(folder.name)


def manage(root: Path, environment: dict[str, str], *command: str) -> None:
    words = [sys.executable, "manage.py", *command]
    subprocess.run(words, cwd=root, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)


def account(customer_url: str) -> dict[str, object]:
    stream = f'<Response><Stream contentType="audio/x-mulaw;rate=8000" bidirectional="true">{customer_url}</Stream></Response>'
    return {
        "name": "bench",
        "auth_id": "MABENCHBENCHBENCHBEN",
        "auth_token": secrets.token_hex(20),
        "rate": "0.003",
        "billing_interval": 60,
        "currency": "USD",
        "concurrent_calls_limit": UNREACHED,
        "concurrent_streams_limit": UNREACHED,
        "applications": [{"name": "fork", "answer_xml": stream}],
        "gateways": [{"name": "bench", "dialect": "asterisk", "password": PASSWORD, "application": "fork"}],
    }


CONTENDERS: dict[str, Contender] = {
    "streamdesk": streamdesk,
    "without turns": without_turns,
    "uvicorn": under_uvicorn,
    "Node ws": node_relay,
    "picows": partial(yardstick, "picows_relay"),
    "websockets": partial(yardstick, "websockets_relay"),
    "stock consumer": partial(yardstick, "stock_consumer"),
}
ASKED_FOR = ("uvicorn",)
