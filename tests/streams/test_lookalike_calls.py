"""Calls of Twilio's lookalikes from the consumer to a real customer and back: in order, in the right byte order, in the codec they want."""

import base64
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from channels.db import database_sync_to_async

from cdr.pure.log.wording import words_of
from cdr.pure.timing_words import arrival_words
from streams.models import Call, StreamEvent
from streams.pure.audio.convert import tone
from streams.pure.audio.g711 import ALAW_TO_LINEAR, MULAW_TO_LINEAR
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import PASSWORD, application, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
WIDE = AudioFormat(Encoding.L16, 16_000)


def telnyx_start(encoding: str, rate: int = 8000) -> dict[str, Any]:
    start = {"call_control_id": f"v2:{uuid.uuid4()}", "from": "+13122010094", "to": "+13122123456"}
    return {
        "event": "start",
        "sequence_number": "1",
        "stream_id": "32de0dea",
        "start": {**start, "media_format": {"encoding": encoding, "sample_rate": rate, "channels": 1}},
    }


def telnyx_media(number: int, payload: bytes) -> dict[str, Any]:
    media = {"track": "inbound", "chunk": str(number), "timestamp": str(20 * number), "payload": base64.b64encode(payload).decode()}
    return {"event": "media", "sequence_number": str(number + 1), "stream_id": "32de0dea", "media": media}


@asynccontextmanager
async def call_of(start: dict[str, Any], content_type: str, query: str = "", **attributes: str) -> AsyncIterator[tuple[Any, Conversation]]:
    """A call whose stream has begun; hung up, and in its rows, at the end."""
    async with Customer() as customer:
        written = "".join(f' {name}="{value}"' for name, value in {"contentType": content_type, **attributes}.items())
        await database_sync_to_async(gateway)("tx", f"<Response><Stream{written}>{customer.url}</Stream></Response>", dialect="twilio")
        async with switchboard_running():
            communicator = PatientCommunicator(application, f"/gateway/twilio/tx/{PASSWORD}/?{query}".replace(" ", "%20"))
            assert (await communicator.connect(timeout=30))[0]
            await say(communicator, {"event": "connected", "version": "1.0.0"}, start)
            conversation = await customer.conversation()
            yield communicator, conversation
            await communicator.disconnect(code=1000, timeout=30)
            await conversation.until_closed()
            await until(lambda: Call.objects.filter(state="ended").exists())


async def say(communicator: PatientCommunicator, *messages: dict[str, Any]) -> None:
    for message in messages:
        await communicator.send_to(text_data=json.dumps(message))


async def played_back(communicator: PatientCommunicator, size: int) -> bytes:
    """The first `size` bytes that go to the gateway."""
    audio = b""
    while len(audio) < size:
        message = json.loads((await communicator.receive_output(timeout=30))["text"])
        if message["event"] == "media":
            assert message["stream_id"] == "32de0dea"
            audio += base64.b64decode(message["media"]["payload"])
    return audio


def hz_of(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


async def test_frames_out_of_order_lost_and_doubled_are_put_right_and_shown() -> None:
    payloads = [bytes([number]) * 160 for number in range(1, 101)]
    messages = [telnyx_media(number, payload) for number, payload in enumerate(payloads, 1)]
    for place in range(4, 95, 5):
        messages[place], messages[place + 1] = messages[place + 1], messages[place]
    messages[50:51] = [messages[50], messages[50]]
    del messages[80]
    async with call_of(telnyx_start("PCMU"), "audio/x-mulaw;rate=8000") as (communicator, conversation):
        await say(communicator, *messages)
        await conversation.until(lambda: len(conversation.audio) >= 99 * 160, "all that was not lost")
    lost = next(number for number in range(1, 101) if bytes([number]) * 160 not in conversation.audio)
    assert conversation.audio == b"".join(payload for payload in payloads if payload[0] != lost)
    noted = await database_sync_to_async(lambda: list(StreamEvent.objects.filter(kind="call_frames_faulty").order_by("id")))()
    assert words_of(noted[0].kind, noted[0].details) == (
        "The numbers of the gateway's frames have gaps or are out of order: 1 put in order, so far."
    )
    ended = await database_sync_to_async(lambda: StreamEvent.objects.get(kind="call_ended"))()
    assert "Of the gateway's frames 1 lost, 1 doubled, 17 put in order" in words_of(ended.kind, ended.details)
    arrivals = await database_sync_to_async(lambda: Call.objects.get().measure.arrivals)()
    assert arrival_words(arrivals).endswith("; 1 lost; 1 doubled; 17 put in order")


async def test_an_alaw_leg_hears_the_customers_mulaw_as_it_was_played() -> None:
    """Telnyx in Europe: the leg is A-law, and stream_bidirectional_codec is PCMU."""
    speech = tone(440, 200, AudioFormat(Encoding.MULAW, 8000))
    leg = tone(1000, 20, AudioFormat(Encoding.ALAW, 8000))
    async with call_of(telnyx_start("PCMA"), "audio/x-mulaw;rate=8000", bidirectional="true") as (communicator, conversation):
        await say(communicator, *(telnyx_media(number, leg) for number in range(1, 11)))
        media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": base64.b64encode(speech).decode()}
        await conversation.say({"event": "playAudio", "media": media})
        assert await played_back(communicator, len(speech)) == speech
        await conversation.until(lambda: len(conversation.audio) >= 1600, "the leg's audio")
    assert hz_of(MULAW_TO_LINEAR[np.frombuffer(conversation.audio, np.uint8)], 8000) == pytest.approx(1000, abs=10)


async def test_an_alaw_leg_that_wants_alaw_back() -> None:
    speech = tone(440, 200, AudioFormat(Encoding.MULAW, 8000))
    async with call_of(telnyx_start("PCMA"), "audio/x-mulaw;rate=8000", "codec_back=PCMA", bidirectional="true") as (
        communicator,
        conversation,
    ):
        media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": base64.b64encode(speech).decode()}
        await conversation.say({"event": "playAudio", "media": media})
        back = await played_back(communicator, len(speech))
    assert hz_of(ALAW_TO_LINEAR[np.frombuffer(back, np.uint8)], 8000) == pytest.approx(440, abs=5)


async def test_l16_of_telnyx_both_ways_is_a_tone_and_not_noise() -> None:
    heard, played = tone(440, 1000, WIDE), tone(1000, 400, WIDE)
    query = "codec_back=L16&rate_back=16000"
    async with call_of(telnyx_start("L16", 16_000), "audio/x-l16;rate=16000", query, bidirectional="true") as (communicator, conversation):
        swapped = np.frombuffer(heard, "<i2").astype(">i2").tobytes()
        await say(communicator, *(telnyx_media(number + 1, swapped[640 * number :][:640]) for number in range(50)))
        await conversation.until(lambda: len(conversation.audio) >= len(heard), "the tone")
        media = {"contentType": "audio/x-l16", "sampleRate": 16_000, "payload": base64.b64encode(played).decode()}
        await conversation.say({"event": "playAudio", "media": media})
        back = await played_back(communicator, len(played))
    assert conversation.audio == heard
    assert np.frombuffer(back, ">i2").astype("<i2").tobytes() == played
