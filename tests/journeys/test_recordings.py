"""What a real Asterisk and a real FreeSWITCH said, said again to the running platform: every byte of audio and every digit arrives."""

import asyncio
import base64
import json
import urllib.request
import uuid

import numpy as np
import pytest

from streams.simulate.audio_fork import AudioForkCall
from streams.simulate.audio_stream import AudioStreamCall
from streams.simulate.call_plan import CallRefused, End
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import AUTH_ID, AUTH_TOKEN, plan, response, stream
from tests.streams.simulate import recordings


@pytest.mark.parametrize("name", recordings.NAMES)
async def test_a_recorded_call(name: str, web: Web, answers: Answers) -> None:
    """In JSON control the call's identity comes from the channel variables alone, as it does behind ARI."""
    said = [line for line in recordings.read(name) if line.sender == "asterisk" and line.what in ("text", "binary")]
    media_start = said[0].value
    as_json = media_start.startswith("{")
    call_uuid = json.loads(media_start)["channel_variables"]["__CALL_UUID"] if as_json else str(uuid.uuid4())
    content_type = "audio/x-l16;rate=16000" if "slin16" in name else "audio/x-mulaw;rate=8000"
    async with Customer() as customer:
        answers.set(call_uuid, response(stream(customer.url, contentType=content_type)))
        identity = {"call_uuid": "", "from_number": "", "to_number": ""} if as_json else {"call_uuid": call_uuid}
        call = AsteriskCall(plan(web, as_json=as_json, **identity))
        await call.connect()
        await call.send_text(media_start)
        conversation = await customer.conversation_of(call_uuid)
        for line in said[1:]:
            await (call.send_frame if line.what == "binary" else call.send_text)(line.value)
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(line.value for line in said if line.what == "binary")
    assert conversation.digits == ("12#" if "dtmf" in name else "")
    assert answers.requests[call_uuid].parameters["From"] == "18005550199"
    assert call.complaints == []


# FreeSWITCH: what the tests of its dialects replay without a platform -----------------------------------------------------------------
FORKS = {"audio_stream": AudioStreamCall, "audio_fork": AudioForkCall}


def dialled(name: str, web: Web) -> AudioStreamCall | AudioForkCall:
    """The fork of a recording, with the query that its FreeSWITCH had; what it says is said by `say_again`."""
    dialect = name.partition("-")[0]
    call = FORKS[dialect](plan(web, gateway=f"gw-{dialect}", dialect=dialect, codec="slin", call_uuid=uuid_of(name)))
    call.protocol.uri.query = recordings.read(name)[0].value["path"].partition("?")[2]
    return call


def uuid_of(name: str) -> str:
    """The call's here: a fork with a name of its own is a call of its own."""
    query = recordings.query(name)
    told = [json.loads(text) for text in recordings.texts(name, "freeswitch") if "call_uuid" in text]
    call_uuid: str = query.get("call_uuid") or told[0]["call_uuid"]
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"call:{call_uuid}#{query['fork']}")) if "fork" in query else call_uuid


def hang_up_by_api(web: Web, call_uuid: str) -> None:
    credentials = base64.b64encode(f"{AUTH_ID}:{AUTH_TOKEN}".encode()).decode()
    url = f"{web.http_url}/v1/Account/{AUTH_ID}/Call/{call_uuid}/"
    request = urllib.request.Request(url, method="DELETE", headers={"Authorization": f"Basic {credentials}"})
    urllib.request.urlopen(request, timeout=30).close()


async def say_again(call: AudioStreamCall | AudioForkCall, name: str, customer: Customer | None = None) -> None:
    """All of it; after the first ten messages the customer's stream has begun."""
    said = [line for line in recordings.read(name) if line.sender == "freeswitch" and line.what in ("text", "binary")]
    for number, line in enumerate(said):
        if customer is not None and number == 10:
            await customer.conversation_of(uuid_of(name))
        await (call.send_binary if line.what == "binary" else call.send_text)(line.value)


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("audio_stream-libwsc-l16-16k-audio-before-metadata-rtt60", ""),
        ("audio_stream-libwsc-stereo-16k-dtmf-pause-resume-stop-text", "5"),
        ("audio_fork-jambonz-stereo-16k-dtmf-graceful-shutdown", "7"),
        ("audio_fork-jambonz-mono-16k-pause-resume-stop-text", ""),
    ],
)
async def test_a_recorded_fork(name: str, digits: str, web: Web, answers: Answers, console: Console) -> None:
    sent = np.frombuffer(recordings.audio(name), "<i2")
    tracks = {"inbound": sent[0::2], "outbound": sent[1::2]} if "stereo" in name else {"inbound": sent}
    async with Customer() as customer:
        answers.set(uuid_of(name), response(stream(customer.url, contentType="audio/x-l16;rate=16000", audioTrack="both")))
        call = dialled(name, web)
        await call.connect()
        await say_again(call, name, customer)
        conversation = await customer.conversation_of(uuid_of(name))
        await conversation.until(lambda: len(conversation.audio) >= 2 * len(sent), "all of it")
        await call.hang_up()
        await conversation.until_closed()
    for track, samples in tracks.items():
        assert b"".join(media.payload for media in conversation.media if media.track == track) == samples.tobytes()
    assert conversation.digits == digits
    page = await asyncio.to_thread(console.call_that_says, uuid_of(name), "4000 Normal Hangup")
    assert page.facts[""].get("From", "") == ("–" if "libwsc-stereo" in name else "1001")


async def test_a_recorded_fork_that_was_cut_and_came_back(web: Web, answers: Answers) -> None:
    first, second = (f"audio_stream-ixwebsocket-cut-and-resumed-{which}" for which in "ab")
    async with Customer() as customer:
        answers.set(uuid_of(first), response(stream(customer.url, contentType="audio/x-l16;rate=16000")))
        cut, resumed = dialled(first, web), dialled(second, web)
        await cut.connect()
        await say_again(cut, first)
        conversation = await customer.conversation_of(uuid_of(first))
        await conversation.until(lambda: len(conversation.audio) == len(recordings.audio(first)), "what came before the cut")
        await cut.vanish()
        await resumed.connect()
        await say_again(resumed, second)
        await resumed.hang_up()
        await conversation.until_closed()
    assert conversation.audio == recordings.audio(first) + recordings.audio(second)


async def test_a_recorded_fork_that_was_hung_up_and_came_again(web: Web, answers: Answers) -> None:
    first, again = (f"audio_stream-ixwebsocket-api-hangup-then-comes-again-403-{which}" for which in "ab")
    async with Customer() as customer:
        answers.set(uuid_of(first), response(stream(customer.url, contentType="audio/x-l16;rate=16000")))
        call = dialled(first, web)
        await call.connect()
        await say_again(call, first)
        conversation = await customer.conversation_of(uuid_of(first))
        await conversation.until(lambda: len(conversation.audio) == len(recordings.audio(first)), "all of it")
        await asyncio.to_thread(hang_up_by_api, web, uuid_of(first))
        assert await call.until_ended() is End.BY_PLATFORM
        await call.hang_up()
        await conversation.until_closed()
    assert [json.loads(text) for text in call.texts] == [{"type": "disconnect"}]
    with pytest.raises(CallRefused, match="HTTP 403"):
        await dialled(again, web).connect()
