"""Audio from outside: nothing lost over a minute, tones that keep their pitch through every conversion, customers on the published SDK."""

import asyncio
import uuid
from typing import Any

import numpy as np
import pytest

from streams.pure.audio.convert import format_of_content_type, to_linear
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall, place_call
from streams.simulate.wav import frames
from tests.journeys.answers import Answers
from tests.journeys.installation import Web
from tests.journeys.sdk_customer import sdk_service
from tests.journeys.stage import AUTH_ID, live, numbered, plan, response, speech, stream, streams_to

CODECS = ("ulaw", "alaw", "g722", "slin", "slin12", "slin16", "slin24", "slin32", "slin44", "slin48")
CONTENT_TYPES = ("audio/x-mulaw;rate=8000", "audio/x-l16;rate=8000", "audio/x-l16;rate=16000")
FRAME_BYTES = {"audio/x-mulaw;rate=8000": 160, "audio/x-l16;rate=8000": 320, "audio/x-l16;rate=16000": 640}


async def test_a_minute_of_audio_loses_nothing(web: Web, answers: Answers) -> None:
    sent = numbered(3000)
    async with Customer() as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer), pace=15)
        await call.send_frames(sent)
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(sent)
    assert [media.chunk for media in conversation.media] == list(range(1, 3001))


async def test_a_tone_is_the_same_tone_after_every_conversion(web: Web, answers: Answers) -> None:
    """Every codec of the gateway to every content type, all at once: 30 streams of 10 calls."""
    async with Customer() as customer:
        await asyncio.gather(*(tone_through(web, answers, customer, codec) for codec in CODECS))


async def tone_through(web: Web, answers: Answers, customer: Customer, codec: str) -> None:
    rate = 16_000
    tone = (10_000 * np.sin(2 * np.pi * 440 * np.arange(int(2.4 * rate)) / rate)).astype("<i2").tobytes()
    call_uuid = str(uuid.uuid4())
    answers.set(call_uuid, response(*(stream(f"{customer.url}?{number}", contentType=kind) for number, kind in enumerate(CONTENT_TYPES))))
    call = AsteriskCall(plan(web, call_uuid=call_uuid, codec=codec, pace=4))
    await call.connect()
    await call.start_media()

    def mine() -> list[Any]:
        return [conversation for conversation in customer.conversations if conversation.call_id == call_uuid]

    await customer.until(lambda: len(mine()) == 3, f"three streams of the {codec} call")
    await call.send_frames(frames(tone, AudioFormat(Encoding.L16, rate), codec))
    await call.hang_up()
    for conversation in mine():
        await conversation.until_closed()
        kind = CONTENT_TYPES[int(conversation.path.split("?")[1])]
        form = format_of_content_type(kind)
        assert conversation.start["start"]["mediaFormat"] == {"encoding": kind.split(";")[0], "sampleRate": form.rate}
        assert {len(media.payload) for media in conversation.media[:-1]} == {FRAME_BYTES[kind]}, (codec, kind)
        samples = to_linear(conversation.audio, form)
        assert len(samples) / form.rate == pytest.approx(2.4, abs=0.06), (codec, kind)
        second = samples[form.rate // 2 : form.rate // 2 + form.rate].astype(float)
        assert pitch_hz(second, form.rate) == pytest.approx(440, abs=1), (codec, kind)
        loudness_db = 20 * np.log10(np.sqrt(np.mean(second**2)) / (10_000 / np.sqrt(2)))
        assert abs(loudness_db) < 0.5, (codec, kind)


def pitch_hz(second: np.ndarray, rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(second))) * rate / len(second))


@pytest.mark.parametrize("codec", ["alaw", "slin16"])
async def test_speech_arrives_as_it_was_spoken(web: Web, answers: Answers, codec: str) -> None:
    """Linear audio passes as it is; A-law is decoded exactly."""
    kind = "audio/x-l16;rate=16000" if codec == "slin16" else "audio/x-l16;rate=8000"
    sent = speech(1, codec)
    async with Customer() as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer, contentType=kind), codec=codec, pace=5)
        await call.send_frames(sent)
        await call.hang_up()
        await conversation.until_closed()
    source = AudioFormat(Encoding.L16, 16_000) if codec == "slin16" else AudioFormat(Encoding.ALAW, 8000)
    assert conversation.audio == to_linear(b"".join(sent), source).tobytes()


async def test_audio_before_media_start_is_not_taken_for_nonsense(web: Web, answers: Answers) -> None:
    """Asterisk 22.7 does that under load."""
    async with Customer() as customer:
        call = AsteriskCall(plan(web, call_uuid=streams_to(answers, customer)))
        await call.connect()
        for frame in speech(0.1):
            await call.send_frame(frame)
        await call.start_media()
        conversation = await customer.conversation_of(call.plan.call_uuid)
        await call.send_frames(speech(0.2))
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio.endswith(b"".join(speech(0.2)))
    assert call.complaints == []


async def test_several_streams_of_one_call_get_the_same_audio(web: Web, answers: Answers) -> None:
    sent = numbered(40)
    async with Customer() as first, Customer() as second:
        call_uuid = str(uuid.uuid4())
        attributes = {"contentType": "audio/x-mulaw;rate=8000", "keepCallAlive": "true"}
        answers.set(call_uuid, response(stream(first.url, **attributes), stream(second.url, **attributes)))
        call, one = await live(web, first, call_uuid)
        other = await second.conversation_of(call_uuid)
        await call.send_frames(sent)
        await call.hang_up()
        await asyncio.gather(one.until_closed(), other.until_closed())
    assert one.audio == other.audio == b"".join(sent)
    assert one.stream_id != other.stream_id


async def test_a_customer_built_on_the_published_sdk(web: Web, answers: Answers) -> None:
    call_uuid, sent = str(uuid.uuid4()), numbered(100)
    async with sdk_service() as (service, url):
        answers.set(call_uuid, response(stream(url, contentType="audio/x-mulaw;rate=8000", keepCallAlive="true", extraHeaders="a=1")))
        report = await place_call(plan(web, call_uuid=call_uuid, frames=sent, dtmf="42#"))
        await asyncio.wait_for(service.gone.wait(), 30)
    assert report.complaints == ()
    (started,) = service.events
    assert (started.start.call_id, started.start.account_id, started.extra_headers) == (call_uuid, AUTH_ID, "a=1")
    assert started.start.media_format.encoding == "audio/x-mulaw"
    # The call spoke before its stream was there, so only the beginning may be missing.
    assert b"".join(sent).endswith(service.audio) and len(service.audio) > 80 * 160
    assert service.digits == "42#"
    # This SDK knows no stop event, and says so; nothing else may displease it.
    assert [str(error) for error in service.errors] == ["Unknown event type: stop"]
