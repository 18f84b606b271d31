"""Each way a stream ends in health, and how a call ends with it: the four hangup reasons, seen on the wire and on the page."""

import asyncio
import time

import pytest

from streams.simulate.call_plan import End
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.page import Page
from tests.journeys.stage import live, speech, streams_to, written


async def stopped(customer: Customer, conversation: Conversation) -> None:
    await conversation.until_closed()
    await customer.receiver.until_event(conversation.stream_id, "StopStream")


def pages(console: Console, call_uuid: str, stream_id: str, words: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """The facts of the stream and of the call, once its page has `words`: a call's end is written after that of its streams."""
    page = console.call_that_says(call_uuid, words)
    return page.facts[f"s{stream_id}"], page.facts[""]


def press_stop(console: Console, call_uuid: str, stream_id: str) -> Page:
    """From the call's page by the stop link to the page that asks, and its button."""
    asked = console.get(console.call(call_uuid).link(rf"/streamdetail/{stream_id}/stop/"))
    assert "cannot be undone" in asked.text
    return console.submit(asked.form())


@pytest.mark.parametrize("keeps_call", [False, True])
async def test_an_operator_stops_a_stream_from_another_process(
    keeps_call: bool, web: Web, small_buffers: Web, answers: Answers, console: Console
) -> None:
    """The console of one web process, the call in another."""
    other_console = await asyncio.to_thread(small_buffers.console)
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer, keepCallAlive=str(keeps_call).lower())
        call, conversation = await live(web, customer, call_uuid)
        voice = asyncio.create_task(call.send_frames(speech(20)))
        await conversation.until_media(10)
        await written(customer, conversation)
        pressed_at = time.monotonic()
        page = await asyncio.to_thread(press_stop, other_console, call_uuid, conversation.stream_id)
        await stopped(customer, conversation)
        assert time.monotonic() - pressed_at < 5
        assert page.status == 200
        if keeps_call:
            assert await call.until_ended() is End.BY_PLATFORM
        assert (call.end is None) is not keeps_call
        await cancelled(voice)
        await call.hang_up()
        cause = "4010 End Of XML Instructions" if keeps_call else ""
        facts, call_facts = await asyncio.to_thread(pages, console, call_uuid, conversation.stream_id, cause)
    assert facts["Hangup reason"] == "API request"
    assert conversation.stop is None, "stop means the call is over; here only the stream is"
    assert conversation.close_code == 1000
    if keeps_call:
        assert (call_facts["Hangup cause"], call.texts) == (cause, ["HANGUP"])


async def test_a_stream_reaches_its_timeout(web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer, streamTimeout="1", keepCallAlive="false")
        call, conversation = await live(web, customer, call_uuid)
        began = time.monotonic()
        voice = asyncio.create_task(call.send_frames(speech(10)))
        await stopped(customer, conversation)
        assert time.monotonic() - began > 0.8
        assert call.end is None
        await cancelled(voice)
        await call.hang_up()
        facts, _ = await asyncio.to_thread(pages, console, call_uuid, conversation.stream_id)
    assert (facts["Hangup reason"], facts["Stream timeout"], facts["Duration"]) == ("Stream timeout", "1 s", "1 s")
    assert conversation.stop is None


async def bring_to_an_end(call: AsteriskCall, how: str) -> None:
    if how == "vanishes":
        return await call.vanish()
    return await call.hang_up()


@pytest.mark.parametrize(("how", "cause"), [("hangs up", "4000 Normal Hangup"), ("vanishes", "5000 Network Error")])
async def test_the_gateway_ends_the_call(how: str, cause: str, web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(web, customer, call_uuid)
        await call.send_frames(speech(0.4))
        await conversation.until_media(20)
        await bring_to_an_end(call, how)
        await stopped(customer, conversation)
        facts, call_facts = await asyncio.to_thread(pages, console, call_uuid, conversation.stream_id, cause)
    assert (facts["Hangup reason"], call_facts["Hangup cause"]) == ("Call hangup", cause)
    assert conversation.stop is not None
    assert conversation.close_code == 1000
