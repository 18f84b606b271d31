"""`serve --processes 2`: one port, calls in both processes, one that dies takes its own with it and no other, and a stop is of all."""

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from streams.simulate.call_plan import End
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.free_port import free_ports_in_a_row
from tests.journeys.answers import Answers
from tests.journeys.installation import Installation, Web
from tests.journeys.stage import live, speech, streams_to, written
from tests.process_use import children

CALLS = 6
BEGINNING = speech(0.1)


@pytest.fixture
def own_ports() -> range:
    return free_ports_in_a_row(2)


@pytest.fixture
def several(installation: Installation, own_ports: range) -> Iterator[Web]:
    web = installation.web("two processes", options=("--own-port", str(own_ports[0])), SERVE_PROCESSES="2")
    yield web
    installation.processes.remove(web.process)
    web.process.stop()


async def test_one_that_is_killed_takes_its_own_calls_and_is_started_again(several: Web, own_ports: range, answers: Answers) -> None:
    async with Customer() as customer:
        for port in own_ports:
            await until_healthy(port)
        calls = [await spoken(several, customer, answers) for _ in range(CALLS)]
        live_calls = [await asyncio.to_thread(calls_live, port) for port in own_ports]
        assert sum(live_calls) == CALLS and min(live_calls) >= 2, "each shows its own, on its own port"
        assert (await asyncio.to_thread(answer, urlsplit(several.http_url).port or 0, "/metrics"))[0] == 404
        os.kill(children(several.process.pid)[0], signal.SIGKILL)
        endings = [asyncio.create_task(call.until_ended()) for call, _ in calls]
        await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
        for port in own_ports:
            await until_healthy(port)  # again
        lost = [(call, conversation) for call, conversation in calls if call.end is not None]
        assert {call.end for call, _ in lost} == {End.LOST}
        assert 2 <= len(lost) <= 4, "calls are spread evenly"
        kept = [each for each in calls if each not in lost] + [await spoken(several, customer, answers)]
        for call, conversation in kept:
            await call.send_frames(speech(0.3))
            await call.hang_up()
            await conversation.until_closed()
            assert conversation.audio == b"".join(BEGINNING + speech(0.3))
        for call, conversation in lost:
            await call.hang_up()
            await customer.receiver.until_event(conversation.stream_id, "DroppedStream", timeout_seconds=30)
        await asyncio.gather(*endings)
    several.process.signal(signal.SIGTERM)
    assert await asyncio.to_thread(several.process.wait, 40) == 0


async def spoken(web: Web, customer: Customer, answers: Answers) -> tuple[AsteriskCall, Conversation]:
    """A call that has said its BEGINNING, and whose rows are there: without them there is nothing to be told when its process is killed."""
    call, conversation = await live(web, customer, streams_to(answers, customer))
    await call.send_frames(BEGINNING)
    await written(customer, conversation)
    return call, conversation


async def until_healthy(port: int) -> None:
    async with asyncio.timeout(40):
        while not await asyncio.to_thread(healthy, port):
            await asyncio.sleep(0.1)


def healthy(port: int) -> bool:
    try:
        return answer(port, "/healthz")[0] == 200
    except OSError:
        return False


def calls_live(port: int) -> int:
    _, figures = answer(port, "/metrics")
    found = re.search(r"^streamdesk_calls_live (\S+)", figures, re.MULTILINE)
    assert found, figures
    return int(float(found[1]))


def answer(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
