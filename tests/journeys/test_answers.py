"""What an application answers, good and bad: hangup causes 8011 and 7011 with a reason a support person can read."""

import asyncio
import uuid

import pytest
from plivo.utils import validate_v3_signature

from streams.simulate.call_plan import End
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import AUTH_TOKEN, live, numbered, plan, response, stream, streams_to

GOOD = "wss://example.org/stream"
INVALID = {
    "HTML": ("<!DOCTYPE html><html><body>Not found</body></html>", "HTML"),
    "not XML": ("<Response><Stream>wss://example.org/</Response>", "line 1"),
    "another root": (f"<Answer>{stream(GOOD)}</Answer>", "<Response>"),
    "entities": ('<!DOCTYPE r [<!ENTITY a "b">]><Response>&a;</Response>', "DOCTYPE"),
    "no WebSocket URL": (response(stream("https://example.org/")), "ws"),
    "direction": (response(stream(GOOD, bidirectional="maybe")), "bidirectional"),
    "content type": (response(stream(GOOD, contentType="audio/x-l16;rate=24000")), "contentType"),
    "both directions and both tracks": (response(stream(GOOD, bidirectional="true", audioTrack="both")), "audioTrack"),
    "empty": ("", "empty"),
}


async def ended_by_the_platform(web: Web, call_uuid: str) -> AsteriskCall:
    call = AsteriskCall(plan(web, call_uuid=call_uuid))
    await call.connect()
    await call.start_media()
    voice = asyncio.create_task(call.send_frames(numbered(500)))
    assert await call.until_ended() is End.BY_PLATFORM
    await voice
    await call.hang_up()
    return call


@pytest.mark.parametrize("name", INVALID)
async def test_invalid_xml(name: str, web: Web, answers: Answers, console: Console) -> None:
    document, words = INVALID[name]
    call_uuid = str(uuid.uuid4())
    answers.set(call_uuid, document)
    call = await ended_by_the_platform(web, call_uuid)
    assert call.texts == ["HANGUP"]
    page = await asyncio.to_thread(console.call_that_says, call_uuid, "8011 Invalid Answer XML")
    assert words.lower() in next(line for line in page.lines.values() if "no usable answer" in line).lower()


UNREACHABLE = {
    "HTTP 404": (404, b"nothing here", "404"),
    "HTTP 500": (500, b"broken", "500"),
    "redirect": (302, b"", "302"),
    "too large": (200, b"<Response>" + b" " * 100_000, "100"),
}


@pytest.mark.parametrize("name", UNREACHABLE)
async def test_an_answer_that_cannot_be_had(name: str, web: Web, answers: Answers, console: Console) -> None:
    status, content, words = UNREACHABLE[name]
    call_uuid = str(uuid.uuid4())
    answers.set(call_uuid, content, status)
    await ended_by_the_platform(web, call_uuid)
    page = await asyncio.to_thread(console.call_that_says, call_uuid, "7011 Error Reaching Answer URL")
    assert words in next(line for line in page.lines.values() if "no usable answer" in line)


async def test_an_answer_that_never_comes(web: Web, answers: Answers, console: Console) -> None:
    call_uuid = str(uuid.uuid4())
    answers.hanging.add(call_uuid)
    await ended_by_the_platform(web, call_uuid)
    assert await asyncio.to_thread(console.call_that_says, call_uuid, "7011 Error Reaching Answer URL")


async def test_what_is_not_streamed_is_warned_of_and_the_rest_is_done(web: Web, answers: Answers, console: Console) -> None:
    call_uuid = str(uuid.uuid4())
    async with Customer() as customer:
        one = stream(f"\n   {customer.url}\n  ", contentType="audio/x-mulaw;rate=8000", unheardOf="1")
        answers.set(call_uuid, response("<Speak>Hello</Speak>", one, one))
        call, conversation = await live(web, customer, call_uuid)
        await call.send_frames(numbered(10))
        await conversation.until_media(10)
        await call.hang_up()
        await conversation.until_closed()
        assert len(customer.conversations) == 1
    page = await asyncio.to_thread(console.call_that_says, call_uuid, "4000 Normal Hangup")
    for words in ("Speak", "unheardOf", "goes to the same URL as one before it"):
        assert any(words in line for line in page.lines.values() if "was not followed" in line), words


async def test_an_answer_asked_by_get(web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call, _ = await live(web, customer, streams_to(answers, customer), gateway="gw-get")
        await call.hang_up()
    request = answers.requests[call.plan.call_uuid]
    assert (request.method, request.parameters["Event"], request.parameters["From"]) == ("GET", "StartApp", "18005550199")
    nonce, signature = request.headers["x-plivo-signature-v3-nonce"], request.headers["x-plivo-signature-v3"]
    assert validate_v3_signature("GET", answers.url, nonce, AUTH_TOKEN, signature, dict(request.parameters))
