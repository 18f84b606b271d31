"""A real Asterisk, configured by the lines of docs/gateways/asterisk.md: audio, digits, playback, frames of other lengths, a hold, sixty
calls at once, both ways of hanging up, vanishing, and the fork that leaves the call alone. Not run where there is no Asterisk."""

import asyncio
import base64
import re
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import connect

from streams.pure.audio.convert import to_linear
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from tests.journeys import real_asterisk
from tests.journeys.answers import Answers
from tests.journeys.audio_socket import caller
from tests.journeys.console import Console
from tests.journeys.installation import Installation, Web
from tests.journeys.real_asterisk import Asterisk, of_the_page
from tests.journeys.stage import AUTH_ID, AUTH_TOKEN, PASSWORD, numbered, response, stream

pytestmark = [pytest.mark.slow, pytest.mark.skipif(real_asterisk.command() is None, reason=real_asterisk.MISSING)]

# What asterisk sends for -0 is +0 where it goes by way of linear samples.
SENT = [frame.replace(b"\x7f", b"\xff") for frame in numbered(150)]
MULAW = {"contentType": "audio/x-mulaw;rate=8000", "keepCallAlive": "true"}


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Iterator[Asterisk]:
    folder = tmp_path_factory.mktemp("asterisk")
    asterisk = Asterisk(folder, of_the_page(folder, f"{web.ws_url}/gateway/asterisk/gw1/", PASSWORD, SENT))
    yield asterisk
    asterisk.stop()


@pytest.fixture(autouse=True)
def nothing_is_answered_afterwards(answers: Answers) -> Iterator[None]:
    yield
    answers.otherwise = ""


def any_call(answers: Answers, customer: Customer, **attributes: str) -> None:
    """Whatever call comes next is streamed to the customer: its UUID is made by the dialplan."""
    answers.otherwise = response(stream(customer.url, **(MULAW | {"statusCallbackUrl": customer.status_url} | attributes)))


async def begun(asterisk: Asterisk, customer: Customer, caller: str, context: str = "to-streamdesk") -> tuple[str, Conversation]:
    channel = await asyncio.to_thread(asterisk.call, caller, context)
    await customer.until(lambda: customer.conversations, "a call of Asterisk's")
    conversation = customer.conversations[0]
    await conversation.until(lambda: conversation.start, "its start")
    return channel, conversation


@pytest.mark.parametrize("context", ["to-streamdesk", "to-streamdesk-plain"])
async def test_audio_digits_numbers_and_the_hangup(asterisk: Asterisk, answers: Answers, console: Console, context: str) -> None:
    async with Customer() as customer:
        any_call(answers, customer)
        _, conversation = await begun(asterisk, customer, "talk", context)
        await conversation.until_closed(15)
    assert b"".join(SENT) in conversation.audio
    assert conversation.digits == "19#"
    assert conversation.stop is not None
    page = await asyncio.to_thread(console.call_that_says, conversation.call_id, "4000 Normal Hangup")
    assert (page.facts[""]["From"], page.facts[""]["To"]) == ("+18005550199", "18005550100")


@pytest.mark.parametrize(("context", "kind"), [("slin16", "audio/x-l16;rate=16000"), ("g722", "audio/x-l16;rate=16000")])
async def test_wideband_codecs(asterisk: Asterisk, answers: Answers, context: str, kind: str) -> None:
    """The caller's 8 kHz speech comes as 16 kHz samples: as long, and as loud."""
    async with Customer() as customer:
        any_call(answers, customer, contentType=kind)
        _, conversation = await begun(asterisk, customer, "talk", f"to-streamdesk-{context}")
        await conversation.until_closed(15)
    heard = to_linear(conversation.audio, AudioFormat(Encoding.L16, 16_000)).astype(float)
    sent = to_linear(b"".join(SENT), AudioFormat(Encoding.MULAW, 8000)).astype(float)
    assert len(heard) / 16_000 == pytest.approx(len(sent) / 8000, abs=1)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(np.sqrt(np.mean(sent**2)), rel=0.4)


async def test_a_codec_we_do_not_speak_is_said_on_the_page(asterisk: Asterisk, console: Console) -> None:
    number = f"1{uuid.uuid4().int % 10**10:010}"
    channel = await asyncio.to_thread(asterisk.call, "echo", "to-streamdesk-gsm", number)
    await asyncio.to_thread(console.call_that_says, number, "The gateway sends 'gsm', which is not spoken here.")
    await asyncio.to_thread(asterisk.until, lambda: channel not in ids(asterisk), "the end of the caller's channel")


def ids(asterisk: Asterisk) -> list[str]:
    return [channel["id"] for channel in asterisk.channels()]


async def test_the_caller_hears_what_the_service_plays_until_it_is_cleared(asterisk: Asterisk, answers: Answers) -> None:
    """The caller echoes, so that the service hears what the caller heard: half a second, its checkpoint, and little of ten seconds more."""
    async with Customer() as customer:
        any_call(answers, customer, bidirectional="true")
        channel, conversation = await begun(asterisk, customer, "echo")
        await conversation.until(lambda: b"".join(SENT) in conversation.audio, "the caller's own words", 10)
        played = b"\x17\x35\x53" * 1280
        await play(conversation, b"\x55" * 1600 + played, "half")  # Echo() begins a frame late
        await play(conversation, b"\x29" * 80_000, "never")
        await conversation.until(lambda: "half" in checkpoints(conversation), "the checkpoint")
        await conversation.say({"event": "clearAudio", "streamId": conversation.stream_id})
        await conversation.until(lambda: any(message["event"] == "clearedAudio" for message in conversation.messages), "clearedAudio")
        await conversation.until(lambda: played in conversation.audio, "the echo of what was played")
        asterisk.ari("DELETE", f"channels/{channel}")
        await conversation.until_closed()
    assert checkpoints(conversation) == ["half"]
    assert conversation.audio.count(b"\x29") < 24_000


async def play(conversation: Conversation, payload: bytes, checkpoint: str) -> None:
    media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": base64.b64encode(payload).decode()}
    await conversation.say({"event": "playAudio", "media": media})
    await conversation.say({"event": "checkpoint", "streamId": conversation.stream_id, "name": checkpoint})


def checkpoints(conversation: Conversation) -> list[str]:
    return [message["name"] for message in conversation.messages if message["event"] == "playedStream"]


async def test_a_hangup_through_the_api_ends_the_caller_s_channel(asterisk: Asterisk, web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        any_call(answers, customer)
        _, conversation = await begun(asterisk, customer, "echo")
        await delete(web, f"Call/{conversation.call_id}/")
        await conversation.until_closed()
    await asyncio.to_thread(asterisk.until, lambda: not asterisk.channels(), "the end of the caller's channel")
    await asyncio.to_thread(console.call_that_says, conversation.call_id, "API Request")


async def test_a_fork_that_only_listens_leaves_the_call_alone(asterisk: Asterisk, web: Web, answers: Answers) -> None:
    """By the page's own commands; then the stream is stopped, and the call goes on."""
    events = f"ws://127.0.0.1:{asterisk.port}/ari/events?app=streamdesk&api_key={real_asterisk.ARI_USER}:{real_asterisk.ARI_PASSWORD}"
    async with Customer() as customer, connect(events):
        channel = await asyncio.to_thread(asterisk.call, "echo", "party")
        any_call(answers, customer)
        script = real_asterisk.pasted("ARI=").replace("http://127.0.0.1:8088", f"http://127.0.0.1:{asterisk.port}")
        script = script.replace("AUTH=user:password", f"AUTH={real_asterisk.ARI_USER}:{real_asterisk.ARI_PASSWORD}")
        await asyncio.to_thread(asterisk.shell, script.replace("channels/CHANNEL/", f"channels/{channel}/").replace("curl ", "curl -fsS "))
        await customer.until(lambda: customer.conversations, "the fork's stream")
        conversation = customer.conversations[0]
        await conversation.until(lambda: len(set(conversation.audio)) > 20, "what the parties say")
        await delete(web, f"Call/{conversation.call_id}/Stream/{conversation.stream_id}/")
        await conversation.until_closed()
        await asyncio.to_thread(asterisk.until, lambda: not names(asterisk, "WebSocket/"), "the end of the fork")
        assert names(asterisk, "Local/"), "the call itself ended with its fork"


async def delete(web: Web, what: str) -> None:
    """What the customer asks of the API."""
    login = base64.b64encode(f"{AUTH_ID}:{AUTH_TOKEN}".encode()).decode()
    url, headers = f"{web.http_url}/v1/Account/{AUTH_ID}/{what}", {"Authorization": f"Basic {login}"}
    request = urllib.request.Request(url, headers=headers, method="DELETE")
    with await asyncio.to_thread(urllib.request.urlopen, request, timeout=10) as answer:
        assert answer.status == 204


def names(asterisk: Asterisk, beginning: str) -> list[str]:
    return [channel["name"] for channel in asterisk.channels() if channel["name"].startswith(beginning)]


LINEAR = to_linear(b"".join(SENT), AudioFormat(Encoding.MULAW, 8000)).astype("<i2").tobytes()
STANDSTILL_MS = 200
"""A machine that has other things to do leaves such a gap in what a caller says, and timestamps tell of it."""


@pytest.mark.parametrize("frame_ms", [10, 30, 40, 60])
async def test_frames_of_any_length_come_out_as_20_ms(asterisk: Asterisk, answers: Answers, console: Console, frame_ms: int) -> None:
    async with Customer() as customer, caller([1.0, LINEAR, 0.5], frame_ms) as port:
        any_call(answers, customer)
        await asyncio.to_thread(asterisk.call_from_audio_socket, port)
        await customer.until(lambda: customer.conversations, "a call of Asterisk's")
        (conversation,) = customer.conversations
        await conversation.until_closed(15)
    assert b"".join(SENT) in conversation.audio
    assert {len(media.payload) for media in conversation.media[:-1]} == {160}
    assert [media.chunk for media in conversation.media] == list(range(1, len(conversation.media) + 1))
    stamps = [media.timestamp_ms for media in conversation.media]
    steps = {later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)}
    assert {step for step in steps if step < STANDSTILL_MS} == {20}
    page = await asyncio.to_thread(console.call_that_says, conversation.call_id, "Arrival gap")
    came_every = re.search(r"Arrival gap.*?p50 ([\d.]+) ms", page.text, re.DOTALL)  # below ten with a tenth
    assert came_every and float(came_every[1]) == pytest.approx(frame_ms, abs=5), "Asterisk sends frames as they come"


async def test_a_hold_is_silence_at_the_pace_of_audio(web: Web, answers: Answers, tmp_path: Path) -> None:
    """Nothing comes from Asterisk for three seconds, between words and words; this account's streams are continuous."""
    asterisk = Asterisk(tmp_path, of_the_page(tmp_path, f"{web.ws_url}/gateway/asterisk/gw-filled/", PASSWORD, SENT))
    try:
        async with Customer() as customer, caller([1.0, LINEAR, 3.0, LINEAR, 0.5], 20) as port:
            any_call(answers, customer)
            await asyncio.to_thread(asterisk.call_from_audio_socket, port)
            await customer.until(lambda: customer.conversations, "a call of Asterisk's")
            (conversation,) = customer.conversations
            await conversation.until_closed(20)
    finally:
        asterisk.stop()
    words = b"".join(SENT[10:-10])
    first, second = conversation.audio.find(words), conversation.audio.rfind(words)
    hold_ms = (second - first - len(words)) / 8 - 400  # the twenty frames that were left out of the words
    assert 0 <= first < second
    assert hold_ms == pytest.approx(3000, abs=400)


async def test_sixty_calls_at_once_lose_nothing(installation: Installation, answers: Answers, tmp_path: Path) -> None:
    """With patience on both sides: on a machine that has other things to do, sixty handshakes at once take longer than two seconds."""
    patient = installation.web("web with patience", CONNECT_TIMEOUT_SECONDS="10", ANSWER_TIMEOUT_SECONDS="10")
    asterisk = Asterisk(
        tmp_path, of_the_page(tmp_path, f"{patient.ws_url}/gateway/asterisk/gw1/", PASSWORD, SENT, connection_timeout="20000")
    )
    try:
        async with Customer() as customer:
            any_call(answers, customer)
            await asyncio.gather(*(asyncio.to_thread(asterisk.call, "talk") for _ in range(60)))
            await customer.until(lambda: len(customer.conversations) == 60, "sixty streams", 90)
            for conversation in customer.conversations:
                await conversation.until_closed(60)
    finally:
        asterisk.stop()
        installation.processes.remove(patient.process)
        patient.process.stop()
    assert [conversation for conversation in customer.conversations if b"".join(SENT) not in conversation.audio] == []
    assert {conversation.digits for conversation in customer.conversations} == {"19#"}
    assert len({conversation.call_id for conversation in customer.conversations}) == 60


async def test_a_wrong_password_is_refused(web: Web, tmp_path: Path) -> None:
    wrong = Asterisk(tmp_path, of_the_page(tmp_path, f"{web.ws_url}/gateway/asterisk/gw1/", "not-the-password", SENT))
    try:
        await asyncio.to_thread(wrong.call, "talk")
        await asyncio.to_thread(web.process.wait_for_line, "gw1.*wrong user name or password")
        await asyncio.to_thread(wrong.until, lambda: not wrong.channels(), "the end of the caller's channel")
    finally:
        wrong.stop()


async def test_an_asterisk_that_dies_is_told_from_one_that_hangs_up(web: Web, answers: Answers, console: Console, tmp_path: Path) -> None:
    asterisk = Asterisk(tmp_path, of_the_page(tmp_path, f"{web.ws_url}/gateway/asterisk/gw1/", PASSWORD, SENT))
    try:
        async with Customer() as customer:
            any_call(answers, customer)
            _, conversation = await begun(asterisk, customer, "echo")
            await conversation.until_media(20)
            asterisk.die()
            await conversation.until_closed()
    finally:
        asterisk.stop()
    await asyncio.to_thread(console.call_that_says, conversation.call_id, "5000 Network Error")
