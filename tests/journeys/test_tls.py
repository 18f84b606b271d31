"""Customers on wss:// and https://: audio and callbacks over TLS, certificates that are nobody's, and the buffer's truth under TLS."""

import asyncio
import ssl
import uuid
from pathlib import Path

import pytest

from streams.simulate.customer import Behaviour, Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.certificates import Authority
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.long_run import levels
from tests.journeys.stage import live, numbered, plan, response, speech, stream, streams_to


async def test_audio_and_callbacks_over_tls(web: Web, answers: Answers, authority: Authority) -> None:
    sent = numbered(50)
    async with Customer(tls=authority.customer()) as customer:
        assert customer.url.startswith("wss://") and customer.status_url.startswith("https://")
        call, conversation = await live(web, customer, streams_to(answers, customer))
        await call.send_frames(sent)
        await call.hang_up()
        await conversation.until_closed()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
    assert conversation.audio == b"".join(sent)
    assert conversation.close_code == 1000


@pytest.fixture
def untrusted(authority: Authority, tmp_path: Path) -> dict[str, ssl.SSLContext]:
    return {"certificate": Authority(tmp_path).customer(), "IP address mismatch": authority.customer("192.0.2.1")}


@pytest.mark.parametrize("words", ["certificate", "IP address mismatch"])
async def test_a_certificate_that_is_not_to_be_trusted(
    words: str, web: Web, answers: Answers, untrusted: dict[str, ssl.SSLContext], console: Console
) -> None:
    call_uuid = str(uuid.uuid4())
    async with Customer(tls=untrusted[words]) as service, Customer() as callbacks:
        answers.set(call_uuid, response(stream(service.url, statusCallbackUrl=callbacks.status_url)))
        call = AsteriskCall(plan(web, call_uuid=call_uuid))
        await call.connect()
        await call.start_media()
        await callbacks.receiver.until(lambda: callbacks.receiver.callbacks, "DroppedStream")
        await call.hang_up()
        (dropped,) = callbacks.receiver.callbacks
        log = await asyncio.to_thread(console.debug_log, dropped.parameters["StreamID"])
    assert "TLS failed" in log.line("The stream ended") and words in log.line("The stream ended")


async def test_a_slow_customer_is_seen_through_tls(small_buffers: Web, answers: Answers, authority: Authority) -> None:
    behaviour = Behaviour(stop_reading_after=25, receive_buffer_bytes=4096)
    async with Customer(behaviour, tls=authority.customer()) as customer:
        call, conversation = await live(
            small_buffers, customer, streams_to(answers, customer, contentType="audio/x-l16;rate=16000", keepCallAlive="false")
        )
        voice = asyncio.create_task(call.send_frames(speech(20)))
        await customer.receiver.until_event(conversation.stream_id, "DroppedStream", timeout_seconds=15)
        await cancelled(voice)
        await call.hang_up()
    names = [event for event, _ in levels(customer.receiver.of(conversation.stream_id))]
    assert names == ["StartStream", *["DegradedStream"] * 3, "DroppedStream"]
