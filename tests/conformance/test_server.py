"""The server's WebSockets against the Autobahn test suite, as a client that does everything a client should not."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config import child_process
from tests.conformance import autobahn

REVIEWED: dict[str, str] = {}
"""Cases that go wrong, each with why that is right."""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    command = (sys.executable, "-m", "tests.conformance.echo_server")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, **child_process.options(autobahn.ROOT))
    assert process.stdout is not None
    try:
        yield int(await asyncio.wait_for(process.stdout.readline(), 10))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@autobahn.here
@pytest.mark.slow
async def test_no_case_goes_wrong_but_the_reviewed_ones(port: int, tmp_path: Path) -> None:
    servers = {"servers": [{"agent": autobahn.AGENT, "url": f"ws://127.0.0.1:{port}"}]}
    async with autobahn.wstest("fuzzingclient", tmp_path, servers) as process:
        status = await asyncio.wait_for(process.wait(), autobahn.LIMIT_SECONDS)
    assert status == 0, (tmp_path / "output").read_text()
    found = autobahn.verdicts(tmp_path)
    print(found)  # to be read with -s
    assert found.counts.total() > 240
    assert found.bad.keys() == REVIEWED.keys(), found.bad
