"""A live call on a web process that has 256 descriptors, beside very many strangers: it loses nothing, and another one can begin."""

import asyncio
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.installation import ROOT, Installation, Web
from tests.journeys.stage import live, numbered, streams_to
from tests.warm_start import with_descriptors

STORMS = [
    ("idle", 400, 1),
    ("idle", 1000, 500),
    ("half", 400, 1),
    ("drip", 400, 40),
    ("hello", 400, 1),
    ("upgrade", 1000, 2),  # with a wrong password; not from where the gateways come from, who would have to wait after it
    ("page", 200, 50),
]
"""Kind (tests/streams/strangers.py), how many at once, and from how many addresses."""
FRAMES = 6_000
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has all of 127.0.0.0/8.")


@pytest.fixture(scope="module")
def small(installation: Installation) -> Iterator[Web]:
    process = installation.start_web("web with 256 descriptors", started_by=with_descriptors(256))
    yield Web(process)
    installation.processes.remove(process)
    process.stop()


@asynccontextmanager
async def storm(web: Web, kind: str, count: int, addresses: int) -> AsyncIterator[None]:
    """They stand there while this is entered."""
    words = (web.http_url.rpartition(":")[2], kind, str(count), "--addresses", str(addresses), "--gateway", "gw1")
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    strangers = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.streams.strangers", *words, cwd=ROOT, **pipes)
    assert strangers.stdout is not None and strangers.stdin is not None
    try:
        line = await asyncio.wait_for(strangers.stdout.readline(), 60)
        assert line.startswith(b"standing "), line
        yield
        strangers.stdin.close()
        await asyncio.wait_for(strangers.wait(), 60)
    finally:
        if strangers.returncode is None:
            strangers.kill()
            await strangers.wait()


async def speak(call: AsteriskCall, over: asyncio.Event) -> list[bytes]:
    """Frames of which no two are alike, in real time; those that were sent."""
    every = numbered(FRAMES)
    for first in range(0, FRAMES, 10):
        if over.is_set():
            return every[:first]
        await call.send_frames(every[first : first + 10])
    raise AssertionError("the storms took too long")


def alive(web: Web) -> int:
    with urllib.request.urlopen(f"{web.http_url}/healthz", timeout=30) as answer:
        return int(answer.status)


@pytest.mark.slow
async def test_a_live_call_loses_nothing_beside_strangers_and_another_one_begins(small: Web, answers: Answers) -> None:
    async with Customer() as customer, Customer() as other:
        call, conversation = await live(small, customer, streams_to(answers, customer))
        over = asyncio.Event()
        speaking = asyncio.create_task(speak(call, over))
        for kind, count, addresses in STORMS:
            async with storm(small, kind, count, addresses):
                assert await asyncio.to_thread(alive, small) == 200
        async with storm(small, "idle", 1000, 500):
            second, its_conversation = await live(small, other, streams_to(answers, other))
            await second.send_frames(numbered(50))
            await its_conversation.until_media(50)
            await second.hang_up()
        over.set()
        said = await speaking
        await conversation.until_media(len(said))
        assert [media.payload for media in conversation.media] == said
        await call.hang_up()
