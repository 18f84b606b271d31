"""An old mod_audio_stream whose connection is cut and that comes back: one call, one stream, one bill; and one that comes back in vain."""

import asyncio
import re
from dataclasses import replace

import pytest

from streams.simulate.audio_stream import AudioStreamCall
from streams.simulate.call_plan import CallRefused, End
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import numbered, plan, streams_to, written

L16 = "audio/x-l16;rate=8000"
FRAMES = [frame + frame for frame in numbered(60)]


async def live(web: Web, customer: Customer, answers: Answers, **attributes: str) -> tuple[AudioStreamCall, Conversation]:
    call_uuid = streams_to(answers, customer, contentType=L16, **attributes)
    call = AudioStreamCall(plan(web, gateway="gw-audio_stream", dialect="audio_stream", codec="slin", pace=10, call_uuid=call_uuid))
    await call.connect()
    await call.start_media()
    return call, await customer.conversation_of(call_uuid)


async def test_audio_before_and_after_is_one_stream(web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers)
        for number in (20, 40, 60):
            await call.send_frames(FRAMES[number - 20 : number])
            await conversation.until_media(number)
            if number < 60:
                await call.reset()
                await asyncio.sleep(0.2)
                await call.reconnect()
        await call.hang_up()
        await conversation.until_closed()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
        page = await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "4000 Normal Hangup")
        log = await asyncio.to_thread(console.debug_log, conversation.stream_id)
    assert conversation.audio == b"".join(FRAMES)
    assert [media.chunk for media in conversation.media] == list(range(1, 61))
    assert len(customer.conversations) == 1
    assert [callback.event for callback in customer.receiver.callbacks] == ["StartStream", "StopStream"]
    assert page.facts[f"s{conversation.stream_id}"]["Billed amount"] == "0.00300 USD"
    resumed = [line for line in log.lines.values() if "brought the call back on another socket" in line]
    assert len(resumed) == 2
    gaps_ms = [int(found[1]) for line in resumed if (found := re.search(r"no audio had come for (\d+) ms", line))]
    assert len(gaps_ms) == 2 and all(150 < gap < 2000 for gap in gaps_ms)


async def test_a_socket_that_still_looks_well_is_taken_over_with_its_playback(web: Web, answers: Answers) -> None:
    async with Customer(Behaviour(echo=True)) as customer:
        call, conversation = await live(web, customer, answers, bidirectional="true")
        await call.send_frames(FRAMES[:20])
        await conversation.until_media(20)
        await asyncio.sleep(1)  # a socket is taken over only once it is a second old
        again = AudioStreamCall(call.plan)
        await again.connect()
        await again.start_media()
        assert await call.until_ended() is End.BY_PLATFORM
        await again.send_frames(FRAMES[20:])
        await again.until(lambda: b"".join(again.playout.played).endswith(FRAMES[-1]), "the end of what the service played")
        await again.hang_up()
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(FRAMES)
    assert call.report().close_code == 4410
    assert b"".join(again.playout.played) == b"".join(FRAMES[20:])


async def test_another_process_refuses_it_in_words_and_its_own_takes_it(web: Web, small_buffers: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers)
        await call.send_frames(FRAMES[:20])
        await conversation.until_media(20)
        await call.reset()
        elsewhere = AudioStreamCall(replace(call.plan, platform=small_buffers.ws_url))
        await elsewhere.connect()
        await elsewhere.start_media()
        assert await elsewhere.until_ended() is End.BY_PLATFORM
        close = elsewhere.protocol.close_rcvd
        assert close is not None and (close.code, close.reason) == (4409, f"call_uuid {call.plan.call_uuid} is held by another process.")
        await elsewhere.hang_up()
        await call.reconnect()
        await call.send_frames(FRAMES[20:])
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(FRAMES)
    assert len(customer.conversations) == 1


async def test_a_call_that_was_hung_up_stays_so(web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers)
        await call.send_frames(FRAMES[:20])
        await conversation.until_media(20)
        await written(customer, conversation)
        asked = await asyncio.to_thread(lambda: console.get(console.call(call.plan.call_uuid).link(r"/hang-up/$")))
        await asyncio.to_thread(console.submit, asked.form())
        assert await call.until_ended() is End.BY_PLATFORM
        await call.hang_up()
        await conversation.until_closed()
        for _ in range(5):
            with pytest.raises(CallRefused, match="HTTP 403"):
                await AudioStreamCall(call.plan).connect()
        page = await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "4000 Normal Hangup")
    assert "API Request" in page.text
    assert len(customer.conversations) == 1
    assert len([line for line in web.process.output.splitlines() if call.plan.call_uuid in line and "WARNING" in line]) == 1
