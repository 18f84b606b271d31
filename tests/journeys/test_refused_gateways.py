"""Gateways that bring something wrong: one clear sentence where it entered, and everything else goes on."""

import asyncio
import uuid

import pytest

from streams.simulate.call_plan import CallRefused, End
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import PASSWORD, live, plan, speech, streams_to


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "gw1.*wrong user name or password"),
        ({"password": ""}, "gw1.*wrong user name or password"),
        ({"gateway": "nobody"}, "nobody.*no gateway of that name"),
    ],
)
async def test_wrong_credentials(changes: dict[str, str], words: str, web: Web) -> None:
    with pytest.raises(CallRefused, match="HTTP 403"):
        await AsteriskCall(plan(web, **changes)).connect()
    line = await asyncio.to_thread(web.process.wait_for_line, words)
    assert PASSWORD not in line.string


async def test_a_path_that_does_not_exist(web: Web) -> None:
    call = AsteriskCall(plan(web, platform=f"{web.ws_url}/elsewhere"))
    with pytest.raises(CallRefused, match="HTTP 40[34]"):
        await call.connect()


@pytest.mark.parametrize("codec", ["g729", "opus", "codec2"])
async def test_a_codec_we_do_not_speak(codec: str, web: Web, console: Console) -> None:
    call = AsteriskCall(plan(web, codec=codec))
    await call.connect()
    await call.start_media()
    assert await call.until_ended() is End.BY_PLATFORM
    await call.hang_up()
    page = await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, codec)
    assert "ulaw" in next(line for line in page.lines.values() if codec in line)


async def test_text_that_is_not_the_dialect_is_noted_and_does_no_harm(web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(web, customer, call_uuid)
        for nonsense in ("HELLO WORLD", "{not json", "DTMF_END digit:x", "\N{RIGHT-TO-LEFT OVERRIDE}" * 3, "MEDIA_START format:ulaw"):
            await call.send_text(nonsense)
        await call.send_frames(speech(0.2))
        await conversation.until_media(10)
        assert call.end is None
        await call.hang_up()
        await conversation.until_closed()
    page = await asyncio.to_thread(console.call_that_says, call_uuid, "4000 Normal Hangup")
    assert len([line for line in page.lines.values() if "not its protocol" in line]) == 5
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.html


async def test_the_second_socket_of_a_live_call_is_refused(web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer))
        second = AsteriskCall(plan(web, call_uuid=call.plan.call_uuid))
        await second.connect()
        await second.start_media()
        assert await second.until_ended() is End.BY_PLATFORM
        await second.hang_up()
        await call.send_frames(speech(0.2))
        await conversation.until_media(10)
        await call.hang_up()


@pytest.mark.parametrize("given", ["", "not-a-uuid"])
async def test_a_call_without_a_usable_uuid_gets_a_fresh_one(given: str, web: Web, console: Console) -> None:
    number = f"1{uuid.uuid4().int % 10**10:010}"
    call = AsteriskCall(plan(web, call_uuid=given, from_number=number))
    await call.connect()
    await call.start_media()
    await call.until_ended()
    await call.hang_up()
    page = await asyncio.to_thread(console.call_that_says, number, "7011 Error Reaching Answer URL")
    assert uuid.UUID(page.facts[""]["Call UUID"]).version == 4
