"""Whose call it is and how it sounds, whatever comes first: from the consumer down to the rows and to the customer's ear."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from channels.db import database_sync_to_async

from cdr.pure.log.wording import words_of
from streams.models import Call, StreamEvent
from streams.pure.audio.convert import tone
from streams.pure.gateway import freeswitch
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import PASSWORD, application, basic, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
WHO = {"from": "18005550199", "to": "18005550100"}


def call_sid_metadata(call_uuid: str) -> str:
    """As jambonz writes it."""
    return json.dumps({"sampleRate": 16_000, "mixType": "mono", "callSid": call_uuid, "direction": "outbound", **WHO})


def full_metadata(call_uuid: str, mix: str = "mono", rate: int = 16_000) -> str:
    return json.dumps({"call_uuid": call_uuid, "rate": rate, "mix": mix, **WHO})


def frames_of(rate: int, *parties: int) -> list[bytes]:
    """A second of it, a tone of so many Hz for each party, their samples alternating."""
    tones = [np.frombuffer(tone(hz, 1000, AudioFormat(Encoding.L16, rate)), "<i2") for hz in parties]
    audio, size = np.stack(tones, axis=1).tobytes(), rate // 50 * 2 * len(parties)
    return [audio[start : start + size] for start in range(0, len(audio), size)]


def hz_of(conversation: Conversation, track: str, rate: int = 16_000) -> float:
    heard = b"".join(media.payload for media in conversation.media if media.track == track)
    samples = np.frombuffer(heard, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


@asynccontextmanager
async def stage(dialect: str, track: str = "inbound") -> AsyncIterator[Customer]:
    """A gateway of the dialect whose calls are streamed to the customer."""
    async with Customer() as customer:
        stream = f'<Stream contentType="audio/x-l16;rate=16000" audioTrack="{track}">{customer.url}</Stream>'
        await database_sync_to_async(gateway)("fs", f"<Response>{stream}</Response>", dialect=dialect)
        async with switchboard_running():
            yield customer


async def connected(dialect: str, query: str = "") -> PatientCommunicator:
    communicator = PatientCommunicator(application, f"/gateway/{dialect}/fs/?{query}", headers=[basic("fs", PASSWORD)])
    assert (await communicator.connect(timeout=30))[0]
    return communicator


async def played_out(communicator: PatientCommunicator, customer: Customer, messages: list[Any], seconds: float = 0.9) -> Conversation:
    """The gateway says it all and hangs up once the customer has heard enough."""
    for message in messages:
        await communicator.send_to(**({"bytes_data": message} if isinstance(message, bytes) else {"text_data": message}))
    conversation = await customer.conversation()
    await conversation.until(lambda: len(conversation.audio) >= 32_000 * seconds, "most of the audio")
    await communicator.disconnect(code=1000, timeout=30)
    await conversation.until_closed()
    return conversation


async def ended_call() -> Call:
    call: Call = await until(lambda: Call.objects.filter(state="ended").first())
    return call


@pytest.mark.parametrize("early", [1, 2, 5, 30])
async def test_stereo_at_16_khz_with_audio_before_the_metadata(early: int) -> None:
    call_uuid, frames = str(uuid.uuid4()), frames_of(16_000, 440, 1000)
    async with stage("audio_stream", "both") as customer:
        communicator = await connected("audio_stream")
        told = [*frames[:early], full_metadata(call_uuid, "stereo"), *frames[early:]]
        conversation = await played_out(communicator, customer, told, 1.9)
        call = await ended_call()
    assert (str(call.uuid), call.from_number, call.to_number) == (call_uuid, *WHO.values())
    assert [hz_of(conversation, track) for track in ("inbound", "outbound")] == pytest.approx([440, 1000], abs=2)
    assert conversation.call_id == call_uuid


@pytest.mark.parametrize("early", [1, 4])
async def test_jambonz_metadata_behind_audio(early: int) -> None:
    call_uuid, frames = str(uuid.uuid4()), frames_of(16_000, 440)
    async with stage("audio_fork") as customer:
        communicator = await connected("audio_fork")
        conversation = await played_out(communicator, customer, [*frames[:early], call_sid_metadata(call_uuid), *frames[early:]])
        call = await ended_call()
    assert (str(call.uuid), call.from_number, call.direction) == (call_uuid, WHO["from"], "outbound")
    assert conversation.audio == b"".join(frames)
    assert hz_of(conversation, "inbound") == pytest.approx(440, abs=2)


@pytest.mark.parametrize("dialect", ["audio_stream", "audio_fork"])
async def test_metadata_that_nobody_waited_for_any_more_fills_in_what_is_missing(dialect: str, monkeypatch) -> None:
    monkeypatch.setattr(freeswitch, "HOLD_SECONDS", 0.01)
    call_uuid, frames = str(uuid.uuid4()), frames_of(16_000, 440)
    async with stage(dialect) as customer:
        communicator = await connected(dialect)
        await communicator.send_to(bytes_data=frames[0])
        await customer.conversation()
        told = [full_metadata(call_uuid), *frames, json.dumps({"call_uuid": call_uuid, "from": "somebody else"})]
        conversation = await played_out(communicator, customer, told)
        call = await ended_call()
        events = await database_sync_to_async(lambda: list(StreamEvent.objects.filter(kind="call_metadata_late").order_by("id")))()
    assert (call.from_number, call.to_number, call.gateway_call_id) == (*WHO.values(), call_uuid)
    assert str(call.uuid) == conversation.call_id != call_uuid
    assert hz_of(conversation, "inbound") == pytest.approx(440, abs=3)
    assert [event.level for event in events] == ["warning", "warning"]
    assert words_of(events[0].kind, events[0].details) == (
        f"The gateway's metadata came after the call had begun: the call is from 18005550199 to 18005550100, the gateway's id for it is "
        f"{call_uuid}. Its audio is l16 16000 Hz mono, and is read so from here on; until now it was taken for l16 8000 Hz mono; its "
        f"call_uuid {call_uuid} came too late, for the call had been given one; say it in the URL."
    )


async def test_metadata_that_says_what_the_url_said_is_a_line_that_asks_for_nothing() -> None:
    call_uuid, frames = str(uuid.uuid4()), frames_of(16_000, 440)
    query = f"call_uuid={call_uuid}&from=%2B18005550199&to=&rate=16000&mix=mono"
    async with stage("audio_stream") as customer:
        communicator = await connected("audio_stream", query)
        conversation = await played_out(communicator, customer, [frames[0], full_metadata(call_uuid), *frames[1:]])
        call = await ended_call()
        event = await database_sync_to_async(lambda: StreamEvent.objects.get(kind="call_metadata_late"))()
    assert (str(call.uuid), call.from_number, call.to_number) == (call_uuid, "+18005550199", WHO["to"])
    assert words_of(event.kind, event.details) == (
        f"The gateway's metadata came after the call had begun: the call is to 18005550100, the gateway's id for it is {call_uuid}."
    )
    assert conversation.audio == b"".join(frames)


async def test_a_number_whose_plus_stands_bare_in_the_url() -> None:
    """Who does not encode it sends a blank, as far as a URL's reader can tell."""
    async with stage("audio_stream") as customer:
        query = f"call_uuid={uuid.uuid4()}&from=+18005550199&to=+1+800+555+0100&rate=16000&mix=mono"
        communicator = await connected("audio_stream", query)
        await communicator.send_to(bytes_data=bytes(640))
        await customer.conversation()
        await communicator.disconnect(code=1000, timeout=30)
        call = await ended_call()
    assert (call.from_number, call.to_number) == ("+18005550199", "+1 800 555 0100")


async def test_no_metadata_at_all_begins_the_call_by_its_url(monkeypatch) -> None:
    monkeypatch.setattr(freeswitch, "HOLD_SECONDS", 0.05)
    frames = frames_of(16_000, 440)
    async with stage("audio_stream") as customer:
        communicator = await connected("audio_stream", "rate=16000")
        conversation = await played_out(communicator, customer, list(frames))
        await ended_call()
    assert conversation.audio == b"".join(frames)
