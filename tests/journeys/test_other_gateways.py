"""FreeSWITCH, jambonz and Twilio from outside: exact audio, digits, both parties, playback, hanging up, vanishing, and who may come in."""

import asyncio
import base64
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from streams.simulate.audio_fork import AudioForkCall
from streams.simulate.audio_stream import AudioStreamCall
from streams.simulate.call_plan import CallRefused, End
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.gateway import CALLS
from streams.simulate.twilio import TwilioCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import PASSWORD, SIGNING_TOKEN, numbered, plan, speech, streams_to

L16 = "audio/x-l16;rate=8000"
MULAW = "audio/x-mulaw;rate=8000"
EARLY = b"\x55" * 320
Call = AudioStreamCall | AudioForkCall | TwilioCall


@dataclass(frozen=True)
class Kind:
    """One kind of gateway, and how its calls are planned; `content_type` is the one that its audio needs no conversion to."""

    dialect: str
    codec: str
    content_type: str
    plan: dict[str, Any]

    def frames(self, count: int) -> list[bytes]:
        """No two alike, and no sample of L16 that stands for a mark."""
        frames = numbered(count)
        return frames if self.codec == "ulaw" else [frame + frame for frame in frames]


KINDS = {
    "audio_stream": Kind("audio_stream", "slin", L16, {}),
    "audio_stream, no metadata": Kind("audio_stream", "slin", L16, {"metadata": False}),
    "audio_fork": Kind("audio_fork", "slin", L16, {"frames_at_once": 3}),
    "audio_fork, streaming": Kind("audio_fork", "slin", L16, {"streams_back": True}),
    "twilio": Kind("twilio", "ulaw", MULAW, {}),
    "twilio, L16": Kind("twilio", "slin", L16, {}),
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


async def live(web: Web, customer: Customer, answers: Answers, kind: Kind, **changes: Any) -> tuple[Call, Conversation]:
    """A call whose stream has reached the customer."""
    given = {"contentType": kind.content_type, **changes.pop("attributes", {})}
    call_uuid = streams_to(answers, customer, **given)
    call = await begun(web, kind, call_uuid=call_uuid, **changes)
    if kind.plan.get("metadata") is False:
        await call.send_frame(EARLY)  # it is with the first audio that such a call begins
    return call, await customer.conversation_of(call_uuid)


async def begun(web: Web, kind: Kind, **changes: Any) -> Call:
    given = {"gateway": f"gw-{kind.dialect}", "dialect": kind.dialect, "codec": kind.codec, "pace": 10, **kind.plan}
    call = CALLS[kind.dialect](plan(web, **(given | changes)))
    assert isinstance(call, AudioStreamCall | AudioForkCall | TwilioCall)
    await call.connect()
    await call.start_media()
    return call


@kinds
async def test_audio_and_digits_arrive_as_they_were_sent(kind: Kind, web: Web, answers: Answers, console: Console) -> None:
    sent = kind.frames(250)
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers, kind)
        await call.send_frames(sent, "19#")
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio.removeprefix(EARLY) == b"".join(sent)
    assert conversation.digits == "19#"
    assert {media.track for media in conversation.media} == {"inbound"}
    assert conversation.stop is not None
    page = await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "4000 Normal Hangup")
    assert (page.facts[""]["From"], page.facts[""]["To"]) == ("18005550199", "18005550100")
    assert call.complaints == []


@kinds
async def test_a_gateway_that_vanishes_is_told_from_one_that_hangs_up(kind: Kind, web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers, kind)
        await call.send_frames(kind.frames(20))
        await conversation.until_media(18)
        await call.vanish()
        await conversation.until_closed()
    await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "5000 Network Error")


@pytest.mark.parametrize("name", ["audio_stream", "audio_fork", "twilio"])
async def test_both_parties_each_on_its_own_track(name: str, web: Web, answers: Answers) -> None:
    kind = KINDS[name]
    inbound, outbound = kind.frames(60)[:30], kind.frames(60)[30:]
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers, kind, outbound=outbound, attributes={"audioTrack": "both"})
        await call.send_frames(inbound, outbound=outbound)
        await call.hang_up()
        await conversation.until_closed()
    heard = {track: b"".join(media.payload for media in conversation.media if media.track == track) for track in ("inbound", "outbound")}
    assert heard == {"inbound": b"".join(inbound), "outbound": b"".join(outbound)}
    assert call.complaints == []


@kinds
async def test_the_call_hears_what_the_service_plays(kind: Kind, web: Web, answers: Answers) -> None:
    sent = kind.frames(99)
    async with Customer(Behaviour(echo=True)) as customer:
        call, conversation = await live(web, customer, answers, kind, pace=1, attributes={"bidirectional": "true"})
        await call.send_frames(sent)
        await call.until(lambda: played(call).endswith(sent[-1]), "the end of what the service played")
        await call.hang_up()
        await conversation.until_closed()
    assert played(call).removeprefix(EARLY) == b"".join(sent)
    assert call.complaints == []


def played(call: Call) -> bytes:
    return b"".join(call.playout.played)


@kinds
async def test_checkpoints_and_clear(kind: Kind, web: Web, answers: Answers) -> None:
    """Half a second and a checkpoint, then ten seconds that are cleared."""
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers, kind, attributes={"bidirectional": "true"})
        await play(conversation, kind, 0.5, "half")
        await play(conversation, kind, 10, "never")
        await conversation.until(lambda: checkpoints(conversation), "the first checkpoint")
        await conversation.say({"event": "clearAudio", "streamId": conversation.stream_id})
        await conversation.until(lambda: any(message["event"] == "clearedAudio" for message in conversation.messages), "clearedAudio")
        await call.hang_up()
        await conversation.until_closed()
    assert checkpoints(conversation) == ["half"]
    assert len(played(call)) < 3 * 8000 * (1 if kind.codec == "ulaw" else 2)
    assert call.complaints == []


async def play(conversation: Conversation, kind: Kind, seconds: float, checkpoint: str) -> None:
    encoding, rate = kind.content_type.split(";rate=")
    size = int(seconds * 8000) * (1 if kind.codec == "ulaw" else 2)
    payload = base64.b64encode(b"\x07" * size).decode()
    await conversation.say({"event": "playAudio", "media": {"contentType": encoding, "sampleRate": int(rate), "payload": payload}})
    await conversation.say({"event": "checkpoint", "streamId": conversation.stream_id, "name": checkpoint})


def checkpoints(conversation: Conversation) -> list[str]:
    return [message["name"] for message in conversation.messages if message["event"] == "playedStream"]


EARLY_KINDS = {
    "asterisk": Kind("asterisk", "ulaw", MULAW, {"gateway": "gw1"}),
    "asterisk, JSON": Kind("asterisk", "ulaw", MULAW, {"gateway": "gw1", "as_json": True}),
    "audio_stream": Kind("audio_stream", "slin", L16, {}),
    "audio_stream, all in the metadata": Kind("audio_stream", "slin16", "audio/x-l16;rate=16000", {"bare_url": True}),
    "audio_fork": Kind("audio_fork", "slin", L16, {"frames_at_once": 3}),
    "audio_fork, all in the metadata": Kind("audio_fork", "slin16", "audio/x-l16;rate=16000", {"bare_url": True}),
    "twilio": Kind("twilio", "ulaw", MULAW, {}),
    "twilio, L16": Kind("twilio", "slin", L16, {}),
}


@pytest.mark.parametrize("early", [1, 3, 25])
@pytest.mark.parametrize("kind", EARLY_KINDS.values(), ids=EARLY_KINDS)
async def test_audio_before_the_first_text(kind: Kind, early: int, web: Web, answers: Answers, console: Console) -> None:
    """The call has its uuid and its numbers, and every byte arrives at the right pitch: as it was sent."""
    sent = [frame * (2 if kind.codec == "slin16" else 1) for frame in kind.frames(60)]
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer, contentType=kind.content_type)
        given = {"gateway": f"gw-{kind.dialect}", "dialect": kind.dialect, "codec": kind.codec, "pace": 20, **kind.plan}
        call = CALLS[kind.dialect](plan(web, call_uuid=call_uuid, early_frames=early, **given))
        await call.connect()
        await call.send_frames(sent, "7")
        conversation = await customer.conversation_of(call_uuid)
        await conversation.until(lambda: len(conversation.audio) >= len(b"".join(sent)), "all of it")
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(sent)
    assert conversation.digits == "7"
    page = await asyncio.to_thread(console.call_that_says, call_uuid, "4000 Normal Hangup")
    assert (page.facts[""]["From"], page.facts[""]["To"]) == ("18005550199", "18005550100")
    assert call.complaints == []


async def test_several_forks_of_one_call_are_calls_of_their_own(web: Web, answers: Answers, console: Console) -> None:
    kind, call_sid, number = KINDS["audio_fork"], str(uuid.uuid4()), f"1{uuid.uuid4().int % 10**10:010}"
    forks = [await begun(web, kind, call_uuid=call_sid, from_number=number, fork=name) for name in ("", "agent", "bot")]
    for fork in forks:
        await fork.send_frames(speech(0.1, "slin"))
        await fork.hang_up()
    await asyncio.to_thread(console.call_that_says, call_sid, "ended")
    found = await asyncio.to_thread(console.get, "/admin/cdr/calldetail/", q=number)
    while "3 calls" not in found.text:  # they are written down one after the other; the test's own limit ends a vain wait
        await asyncio.sleep(0.1)
        found = await asyncio.to_thread(console.get, "/admin/cdr/calldetail/", q=number)


async def test_a_fork_that_is_shut_down_gracefully_is_closed_by_us(web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers, KINDS["audio_fork"])
        assert isinstance(call, AudioForkCall)
        await call.send_frames(numbered(10))
        await call.shut_down()
        assert await call.until_ended() is End.BY_PLATFORM
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.stop is not None
    await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "4000 Normal Hangup")


# Who may come in -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["audio_stream", "audio_fork", "twilio"])
async def test_a_wrong_password(name: str, web: Web) -> None:
    with pytest.raises(CallRefused, match="HTTP 403"):
        await begun(web, KINDS[name], password="wrong-password")
    line = await asyncio.to_thread(web.process.wait_for_line, f"gw-{name}.*wrong user name or password")
    assert "wrong-password" not in line.string


async def test_a_password_in_the_path_stays_out_of_the_log(web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call, _ = await live(web, customer, answers, KINDS["twilio"])
        await call.hang_up()
    assert PASSWORD not in web.process.output


@pytest.mark.parametrize(("token", "words"), [("another-token", "signature|Signature does not fit"), ("", "no X-Twilio-Signature")])
async def test_a_signature_that_does_not_fit(token: str, words: str, web: Web) -> None:
    with pytest.raises(CallRefused, match="HTTP 403"):
        await begun(web, KINDS["twilio"], gateway="gw-signed", signing_token=token)
    await asyncio.to_thread(web.process.wait_for_line, f"gw-signed.*({words})")


async def test_a_signature_that_fits(web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, answers, KINDS["twilio"], gateway="gw-signed", signing_token=SIGNING_TOKEN)
        await call.send_frames(numbered(10))
        await conversation.until_media(10)
        await call.hang_up()


@pytest.mark.parametrize(
    ("dialect", "text", "words"),
    [
        ("audio_stream", '{"rate":"opus"}', "say what the fork was started with, as in rate=8000"),
        ("audio_fork", '{"mixType":"surround"}', "one of mono, mixed, stereo"),
        ("twilio", '{"event":"start","start":{"mediaFormat":{"encoding":"OPUS"}}}', "Choose PCMU"),
    ],
)
async def test_media_we_do_not_speak(dialect: str, text: str, words: str, web: Web, console: Console) -> None:
    number = f"1{uuid.uuid4().int % 10**10:010}"
    call = CALLS[dialect](plan(web, gateway=f"gw-{dialect}", dialect=dialect, codec="slin", from_number=number, metadata=False))
    await call.connect()
    await call.send_text(text)
    assert await call.until_ended() is End.BY_PLATFORM
    await call.hang_up()
    assert call.report().close_code == 4415
    if dialect != "twilio":  # which brings no query, and so no number to look for
        await asyncio.to_thread(console.call_that_says, number, words)
