"""Customers that stop reading: each level of the buffer seen on the wire, nobody else disturbed, nothing lost when they catch up."""

import asyncio
import re
import time
import uuid
from concurrent.futures import Future

import pytest

from streams.simulate.customer import Behaviour, Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.long_run import LongRun, levels, told_at, worst_gap_seconds
from tests.journeys.stage import live, numbered, plan, response, speech, stream, streams_to

# A small receive buffer, because what the customer's kernel has taken is audio nobody can know to be unread.
STOPS = Behaviour(stop_reading_after=25, receive_buffer_bytes=4096)
LINEAR = "audio/x-l16;rate=16000"


async def test_every_level_once_then_dropped_and_the_others_feel_nothing(small_buffers: Web, answers: Answers, console: Console) -> None:
    call_uuid, other_uuid = str(uuid.uuid4()), str(uuid.uuid4())
    async with Customer(STOPS) as slow, Customer() as good:
        slow_stream = stream(slow.url, contentType=LINEAR, statusCallbackUrl=slow.status_url)
        answers.set(call_uuid, response(slow_stream, stream(good.url + "?same-call", contentType=LINEAR)))
        answers.set(other_uuid, response(stream(good.url + "?other-call", contentType=LINEAR)))
        call, stuck = await live(small_buffers, slow, call_uuid)
        other = AsteriskCall(plan(small_buffers, call_uuid=other_uuid))
        await other.connect()
        await other.start_media()
        neighbours = [await good.conversation(1), await good.conversation(2)]
        voices = [asyncio.create_task(one.send_frames(speech(20))) for one in (call, other)]
        await stuck.until_media(25)
        stopped_at = int(time.time())
        await slow.receiver.until_event(stuck.stream_id, "DroppedStream", timeout_seconds=30)
        callbacks = slow.receiver.of(stuck.stream_id)
        assert call.end is None and other.end is None
        gaps = [worst_gap_seconds(neighbour) for neighbour in neighbours]
        await cancelled(*voices)
        await asyncio.gather(call.hang_up(), other.hang_up())
        facts, log = await asyncio.to_thread(lambda: (console.stream(call_uuid, stuck.stream_id), console.debug_log(stuck.stream_id)))
        page = await asyncio.to_thread(console.call_that_says, call_uuid, "It never passed 30 %.")
    degraded = [("DegradedStream", percent) for percent in ("30", "60", "90")]
    assert levels(callbacks) == [("StartStream", ""), *degraded, ("DroppedStream", "")]
    assert [callback.parameters["Error"] for callback in callbacks[1:]] == ["connection degraded"] * 3 + ["slow connection"]
    # A buffer of 3 s is 30 % full after 0.9 s; the customer's kernel and its library hide some more.
    seconds = [told_at(callback) - stopped_at for callback in callbacks[1:]]
    assert 0 <= seconds[0] <= 4 and 2 <= seconds[3] <= 7
    assert max(gaps) < 0.1
    assert (facts["Hangup reason"], facts["Highest buffer level"]) == ("Connection error", "90 % passed")
    for words in ("passed 30 %", "passed 60 %", "passed 90 %", "did not take the audio fast enough"):
        assert log.line(words)
    # The chart's level rises past each of them, and it is told in words; the neighbour on the same call has one that stays low.
    assert re.search(r"\(100 %\) at \S+, half .* It passed 30 % at \S+, 60 % at \S+ and 90 % at \S+\.", page.text)
    assert page.html.count('class="chart chart-bad"') == 1 and "It never passed 30 %." in page.text


async def test_a_customer_that_catches_up_gets_every_frame(small_buffers: Web, answers: Answers, console: Console) -> None:
    behaviour = Behaviour(stop_reading_after=25, read_again_after_seconds=1.8, receive_buffer_bytes=4096)
    sent = numbered(200)
    async with Customer(behaviour) as customer:
        call, conversation = await live(small_buffers, customer, streams_to(answers, customer))
        await call.send_frames(sent)
        await call.hang_up()
        await conversation.until_closed()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
        log = await asyncio.to_thread(console.debug_log, conversation.stream_id)
    assert conversation.audio == b"".join(sent)
    assert levels(customer.receiver.of(conversation.stream_id)) == [("StartStream", ""), ("DegradedStream", "30"), ("StopStream", "")]
    assert log.line("well below 30 % again")


@pytest.mark.slow
async def test_the_real_buffer_is_40_seconds_of_audio(long_run: Future[LongRun]) -> None:
    run = await asyncio.wait_for(asyncio.wrap_future(long_run), 90)
    degraded = [run.seconds["DegradedStream", percent] for percent in ("30", "60", "90")]
    assert 10 < degraded[0] < 19
    assert degraded == sorted(degraded) and degraded[1] - degraded[0] == pytest.approx(12, abs=2)
    assert degraded[2] < run.seconds["DroppedStream", ""] < 49
    assert run.dropped.parameters["Error"] == "slow connection"
    assert worst_gap_seconds(run.neighbour) < 0.1
    assert [media.chunk for media in run.neighbour.media] == list(range(1, len(run.neighbour.media) + 1))
