"""`manage.py serve`: says where it listens, answers, stops with status 0, and says in a sentence when the port is taken."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from config import child_process
from tests.warm_start import WarmPopen

ROOT = Path(__file__).parents[4]
PROXIED = {"HTTPS": "1", "TRUSTED_PROXIES": "127.0.0.1"}


@asynccontextmanager
async def serving(folder: Path, port: int, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    options = child_process.options(ROOT, {"DATA_DIR": str(folder), "PORT": "", "DATABASE_URL": ""} | environment)
    output = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    with mock.patch.object(subprocess, "Popen", WarmPopen):
        process = await asyncio.create_subprocess_exec(sys.executable, "manage.py", "serve", "--port", str(port), **options, **output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def address_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    assert line.startswith("Listening on http://127.0.0.1:"), line
    return line.split()[-1]


async def test_it_says_where_it_listens_and_told_to_stop_it_is_unready_while_its_port_still_answers(tmp_path: Path):
    """Without Redis and a worker it is never ready; what counts here is why. Another that wants the same port says so in a sentence."""
    async with serving(tmp_path, 0, DRAIN_NOTICE_SECONDS="300", **PROXIED) as process:
        address = await address_of(process)
        await it_stands_behind_its_proxies_and_refuses_plain_secrets(address)
        assert await asyncio.to_thread(read, address + "/healthz") == b"ok\n"
        assert await asyncio.to_thread(said_of_the_process, address) == "ok"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            while await asyncio.to_thread(said_of_the_process, address) != "is being stopped":
                await asyncio.sleep(0.02)
        assert await asyncio.to_thread(read, address + "/healthz") == b"ok\n"
        await a_port_in_use_is_one_sentence_with_another_to_try(tmp_path, urlsplit(address).port or 0)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def a_port_in_use_is_one_sentence_with_another_to_try(folder: Path, port: int) -> None:
    async with serving(folder, port, SERVE_ROLE="media") as process:
        _, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert complaint.decode().startswith(f"CommandError: 127.0.0.1:{port} cannot be listened on: ")
    assert complaint.decode().rstrip().endswith(f"Choose another port with --port or PORT, such as PORT={port + 1}.")
    assert os.linesep not in complaint.decode().rstrip()


def answered(url: str, data: bytes | None = None, **headers: str) -> int:
    """The status, without following a redirect."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        connection.request("POST" if data else "GET", place.path, data, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


async def test_where_pages_are_all_it_serves_it_stands_behind_its_proxies_as_well(tmp_path: Path):
    async with serving(tmp_path, 0, SERVE_ROLE="console", **PROXIED) as process:
        await it_stands_behind_its_proxies_and_refuses_plain_secrets(await address_of(process))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def it_stands_behind_its_proxies_and_refuses_plain_secrets(address: str) -> None:
    """With TLS at the proxy, a page that did not know of it would lead to itself for ever."""
    page = address + "/admin/login/"
    assert await asyncio.to_thread(answered, page) == 301
    assert await asyncio.to_thread(answered, page, X_Forwarded_Proto="https") == 200
    assert await asyncio.to_thread(answered, page, X_Forwarded_Proto="https", X_Forwarded_Host="evil.example") == 400
    assert await asyncio.to_thread(answered, page, b"password=secret") == 403
    assert await asyncio.to_thread(answered, f"{address}/nowhere/", X_Forwarded_Proto="https") == 404


def said_of_the_process(address: str) -> str:
    with pytest.raises(urllib.error.HTTPError, match="503") as unready:
        read(address + "/readyz")
    with unready.value as answer:
        return str(json.load(answer)["process"])


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return bytes(response.read())


@pytest.mark.parametrize("count", ["0", "-1", "257", "many", ""])
def test_a_number_of_processes_that_is_none_is_a_sentence(count: str):
    with pytest.raises(CommandError, match=f"'{count}' is not a number of processes from 1 to 256"):
        call_command("serve", f"--processes={count}")
