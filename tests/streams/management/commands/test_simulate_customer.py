"""`manage.py simulate_customer` as a process: what it serves, what it prints, how it stops."""

import asyncio
import json
import os
import signal
import socket
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

MANAGE = Path(__file__).parents[4] / "manage.py"


@asynccontextmanager
async def customer(*options: str) -> AsyncIterator[tuple[Process, str, str]]:
    """The process, its stream URL and its status callback URL."""
    words = [sys.executable, str(MANAGE), "simulate_customer", "--port", "0", *options]
    process = await asyncio.create_subprocess_exec(*words, stdout=PIPE, stderr=PIPE, env=os.environ | {"PYTHONWARNINGS": "ignore"})
    try:
        yield process, await line(process, "streams: "), await line(process, "status callbacks: ")
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process, after: str) -> str:
    """The next printed line from `after` on."""
    assert process.stdout is not None
    text = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    assert after in text, text + (await process.communicate())[1].decode()
    return text.split(after, 1)[1].strip()


async def test_tells_what_happens_and_stops_when_asked() -> None:
    async with customer() as (process, url, status_url):
        async with connect(url) as client:
            media_format = {"encoding": "audio/x-l16", "sampleRate": 16000}
            await client.send(json.dumps({"event": "start", "start": {"callId": "c", "streamId": "s", "mediaFormat": media_format}}))
            assert await line(process, "stream s") == "of call c starts: audio/x-l16 16000 Hz"
        assert await line(process, "stream s") == "closed with 1000, after 0 media messages"
        await asyncio.to_thread(urllib.request.urlopen, status_url, b"Event=StopStream&StreamID=s")
        assert await line(process, "callback StopStream") == "of stream s: answered 200"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_behaves_as_the_options_say() -> None:
    async with customer("--refuse", "1", "--refuse-status", "403", "--close-after", "0", "--close-code", "4001") as (_, url, _status_url):
        with pytest.raises(InvalidStatus, match="403"):
            await connect(url)
        async with connect(url) as client:
            await client.send("{}")
            await client.wait_closed()
            assert client.close_code == 4001


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            CommandError, match=rf"^Port {port} on 127.0.0.1 cannot be used \(Address already in use\). Try another --port.$"
        ):
            call_command("simulate_customer", "--port", str(port))
