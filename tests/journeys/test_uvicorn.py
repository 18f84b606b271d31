"""The application is the same under another ASGI server: a call is forked, and its end is told from the vanishing of its gateway."""

import asyncio
from collections.abc import Iterator

import pytest

from streams.simulate.customer import Behaviour, Customer
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Installation, Web
from tests.journeys.stage import live, numbered, streams_to


@pytest.fixture(scope="module")
def uvicorn(installation: Installation) -> Iterator[Web]:
    web = installation.uvicorn()
    yield web
    installation.processes.remove(web.process)
    web.process.stop()


async def test_a_call_is_forked_and_echoed(uvicorn: Web, answers: Answers) -> None:
    sent = numbered(50)
    async with Customer(Behaviour(echo=True)) as customer:
        call, conversation = await live(uvicorn, customer, streams_to(answers, customer, bidirectional="true"))
        await call.send_frames(sent)
        await call.until(lambda: len(call.playback.played) >= 50, "the echo", 10)
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(sent) == b"".join(call.playback.played)
    assert call.complaints == []


async def test_a_gateway_that_vanishes(uvicorn: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call, conversation = await live(uvicorn, customer, streams_to(answers, customer))
        await call.send_frames(numbered(20))
        await call.vanish()
        await conversation.until_closed()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
    await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "5000 Network Error")
