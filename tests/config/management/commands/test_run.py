"""`manage.py run` as a person starts it: a real process on an empty folder, its demo call, and what is left when it stops.

No Redis, no PostgreSQL and no network but loopback is needed."""

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config import claims, credentials, first_users
from config.management.commands.run import logins, prepared_demo
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

ROOT = Path(__file__).parents[4]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks for left processes in /proc")]
OUR_OWN = ("SECRET_KEY", "SECRETS_KEY", "DIAL_ALLOW", "DJANGO_SETTINGS_MODULE")


class Run:
    """A running `manage.py run`; `said` is what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, port: int) -> None:
        self.process, self.folder, self.port = process, folder, port
        self.said = ""

    async def says(self, words: str) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while words not in self.said:
                line = (await self.process.stdout.readline()).decode()
                assert line, f"it ended before it said {words!r}:\n{self.said}"
                self.said += line

    async def ends(self) -> int:
        assert self.process.stdout is not None
        self.said += (await asyncio.wait_for(self.process.stdout.read(), 60)).decode()
        return await self.process.wait()

    def processes(self) -> list[int]:
        """Whatever has our folder in its environment or, as Redis overwrites that, in its command line."""
        folder = str(self.folder).encode()
        return [
            int(entry.name) for entry in Path("/proc").glob("[0-9]*") if folder in readable(entry / "environ") + readable(entry / "cmdline")
        ]

    async def nothing_is_left(self) -> None:
        async with asyncio.timeout(30):
            while self.processes():
                await asyncio.sleep(0.05)


def readable(file: Path) -> bytes:
    with contextlib.suppress(OSError):
        return file.read_bytes()
    return b""


@asynccontextmanager
async def running(folder: Path, port: int, **environment: str) -> AsyncIterator[Run]:
    inherited = {name: value for name, value in os.environ.items() if name not in OUR_OWN}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "run"),
        cwd=ROOT,
        env=inherited | {"DATA_DIR": str(folder), "PORT": str(port)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Run(process, folder, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_days_of_an_installation(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]):
    """One folder, as a start takes seconds: stopped during its first one, then with its demo call, and after a kill with what it
    remembers."""
    port = unused_tcp_port_factory()
    async with running(tmp_path, port) as run:
        await run.says("Starting ...")
        run.process.send_signal(signal.SIGTERM)
        assert await run.ends() == 0
        await run.nothing_is_left()
    async with running(tmp_path, port) as run:
        await run.says("Ctrl-C stops everything.")
        secrets = credentials.load(tmp_path)
        assert f"http://127.0.0.1:{port}/" in run.said
        assert f"admin / {secrets['admin_password']}" in run.said and f"support / {secrets['support_password']}" in run.said
        assert "127.0.0.0/8" in run.said and "simulate_gateway --url" in run.said
        await run.says("The demo call is over.")
        await run.says("callback StopStream")
        assert re.search(r"customer \| .*callback StartStream.*answered 200", run.said)
        the_demo_shows_a_conversation(tmp_path)
        await asyncio.to_thread(all_is_well, port)
        await a_second_run_on_the_same_folder_is_one_sentence(run)
        await a_fallen_web_process_is_started_again(run)
        assert len(run.processes()) >= 6
        run.process.kill()
        await run.nothing_is_left()
    async with running(tmp_path, port, DEMO="0") as run:
        await run.says("Ctrl-C stops everything.")
        assert secrets["admin_password"] in run.said and "created account" not in run.said
        assert "customer" not in run.said and "simulate_gateway" not in run.said
        run.process.send_signal(signal.SIGINT)
        assert await run.ends() == 0, run.said
        assert "does not stop and is killed" not in run.said and "Traceback" not in run.said
        await run.nothing_is_left()


@pytest.mark.django_db
def test_a_demo_call_is_placed_once() -> None:
    assert prepared_demo("the-demo-gateways-password").place_call
    good_call(make_gateway())
    assert not prepared_demo("the-demo-gateways-password").place_call


@pytest.mark.django_db
def test_first_passwords_are_printed_by_the_trial_only(settings: Any) -> None:
    secrets = {"admin_password": "first-of-admin", "support_password": "first-of-support"}
    first_users.create(**secrets)
    settings.EMBEDDED = True
    assert "admin / first-of-admin   (administrator)" in logins(secrets)
    settings.EMBEDDED = False
    said = "\n".join(logins(secrets))
    assert "admin / first password" in said and "credentials.txt" in said and "first-of" not in said


async def a_fallen_web_process_is_started_again(run: Run) -> None:
    web = next(pid for pid in run.processes() if b"serve\0" in readable(Path(f"/proc/{pid}/cmdline")))
    os.kill(web, signal.SIGKILL)
    await run.says("web was ended by SIGKILL. It is started again in 1 s.")
    run.said = ""
    await run.says("Listening on")


def the_demo_shows_a_conversation(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "streamdesk.sqlite3")) as database:
        turns, responses = database.execute("SELECT turns, responses FROM streams_streamconversation").fetchone()
    assert turns >= 4 and responses >= 3


def all_is_well(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5) as response:
            assert response.status == 200
            return
        assert time.monotonic() < deadline, "not well"
        time.sleep(0.2)


def test_a_port_in_use_is_one_sentence(tmp_path: Path, unused_tcp_port: int, settings: Any) -> None:
    settings.DATA_DIR, settings.PORT, settings.HOST = tmp_path, unused_tcp_port, "127.0.0.1"
    expected = f"PORT={unused_tcp_port} is in use by another program. Try another: make run PORT={unused_tcp_port + 1}."
    with claims._bound("127.0.0.1", unused_tcp_port), pytest.raises(CommandError) as refused:
        call_command("run")
    assert str(refused.value) == expected


async def a_second_run_on_the_same_folder_is_one_sentence(first: Run) -> None:
    async with running(first.folder, first.port) as run:
        assert await run.ends() == 1
    owner = first.process.pid
    assert run.said.startswith(f"CommandError: DATA_DIR={first.folder} is in use: a Streamdesk runs on it already (process {owner}).")
    assert run.said.count("\n") == 1
