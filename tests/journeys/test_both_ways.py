"""Audio both ways, from outside: what a customer's service plays is what the call hears, on the published SDK and on Pipecat."""

import asyncio
import base64
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from streams.pure.audio.convert import to_linear
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.gateway import AsteriskCall
from streams.simulate.listener import serving
from streams.simulate.wav import frames
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.keypad import digits_heard
from tests.journeys.sdk_customer import PlivoWebsocketStreamingHandler
from tests.journeys.stage import live, numbered, plan, response, speech, stream, streams_to

ROOT = Path(__file__).parent.parent.parent
INTEROP_PYTHON = ROOT / ".venv-interop" / "bin" / "python"
MULAW = {"contentType": "audio/x-mulaw;rate=8000", "bidirectional": "true", "keepCallAlive": "true"}
PCM = AudioFormat(Encoding.L16, 8000)


async def until_played(call: AsteriskCall, size: int) -> bytes:
    await call.until(lambda: len(b"".join(call.playback.played)) >= size, f"{size} bytes played to the call", 15)
    return b"".join(call.playback.played)


async def test_a_call_hears_byte_for_byte_what_the_service_plays(web: Web, answers: Answers) -> None:
    sent = numbered(150)
    async with Customer(Behaviour(echo=True)) as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer, bidirectional="true"))
        await call.send_frames(sent)
        heard = await until_played(call, 150 * 160)
        await call.hang_up()
        await conversation.until_closed()
    assert heard == b"".join(sent)
    assert call.complaints == []


@pytest.mark.parametrize(("codec", "kind"), [("slin16", "audio/x-mulaw;rate=8000"), ("ulaw", "audio/x-l16;rate=16000")])
async def test_a_tone_comes_back_at_its_pitch_after_both_conversions(web: Web, answers: Answers, codec: str, kind: str) -> None:
    rate = 16_000
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)).astype("<i2").tobytes()
    async with Customer(Behaviour(echo=True)) as customer:
        call, _ = await live(web, customer, streams_to(answers, customer, bidirectional="true", contentType=kind), codec=codec)
        await call.send_frames(frames(tone, AudioFormat(Encoding.L16, rate), codec))
        form = AudioFormat(Encoding.L16, 16_000) if codec == "slin16" else AudioFormat(Encoding.MULAW, 8000)
        heard = await until_played(call, round(1.7 * 1000 * form.bytes_per_ms))
        await call.hang_up()
    samples = to_linear(heard, form)[form.rate // 4 : form.rate // 4 + form.rate].astype(float)
    assert np.argmax(np.abs(np.fft.rfft(samples))) == pytest.approx(440, abs=1)
    assert abs(20 * np.log10(np.sqrt(np.mean(samples**2)) / (8000 / np.sqrt(2)))) < 0.5


@pytest.mark.parametrize("names_channel", [True, False], ids=["by the gateway's marks", "by the clock"])
async def test_checkpoints_and_clear_audio_on_the_published_sdk(web: Web, answers: Answers, names_channel: bool) -> None:
    """Half a second and a checkpoint, then ten seconds that are cleared: the second checkpoint never comes."""
    said: list[tuple[str, float]] = []
    cleared = asyncio.Event()

    async def converse(connection: ServerConnection) -> None:
        handler, loop = PlivoWebsocketStreamingHandler(), asyncio.get_running_loop()

        @handler.on_start
        async def started(event: Any) -> None:
            said.append(("start", loop.time()))
            await handler.send_media(b"\x07" * 4000, content_type="audio/x-mulaw", sample_rate=8000)
            await handler.send_checkpoint("half")
            await handler.send_media(b"\x08" * 80_000, content_type="audio/x-mulaw", sample_rate=8000)
            await handler.send_checkpoint("never")

        @handler.on_played_stream
        async def played(event: Any) -> None:
            said.append((event.name, loop.time()))
            await handler.send_clear_audio()

        @handler.on_cleared_audio
        async def silence(event: Any) -> None:
            said.append(("cleared", loop.time()))
            cleared.set()

        await handler.handle(connection)

    async with serving(lambda listener: serve(converse, sock=listener)) as port:
        call_uuid = str(uuid.uuid4())
        answers.set(call_uuid, response(stream(f"ws://127.0.0.1:{port}/", **MULAW)))
        call = AsteriskCall(plan(web, call_uuid=call_uuid, names_channel=names_channel))
        await call.connect()
        await call.start_media()
        await asyncio.wait_for(cleared.wait(), 30)
        heard_until_cleared = len(b"".join(call.playback.played))
        await call.send_frames(speech(0.3))
        assert len(b"".join(call.playback.played)) <= heard_until_cleared + 2 * 160
        await call.hang_up()
    assert [word for word, _ in said] == ["start", "half", "cleared"]
    assert 0.45 < said[1][1] - said[0][1] < 5
    assert 25 * 160 <= heard_until_cleared < 250 * 160
    assert "FLUSH_MEDIA" in "".join(call.texts)


async def test_audio_that_is_not_played_is_said_on_socket_log_and_page(web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer))
        await call.send_frames(speech(0.1))
        await conversation.say({"event": "playAudio", "media": {"payload": base64.b64encode(bytes(160)).decode()}})
        await conversation.until(lambda: any(message["event"] == "playFailed" for message in conversation.messages), "playFailed")
        await call.hang_up()
        await conversation.until_closed()
    failed = next(message for message in conversation.messages if message["event"] == "playFailed")
    assert "not bidirectional" in failed["reason"]
    await asyncio.to_thread(console.page_that_says, f"/admin/cdr/streamdetail/{conversation.stream_id}/debug-log/", "not bidirectional")
    await asyncio.to_thread(console.call_that_says, call.plan.call_uuid, "1 × not played")


async def test_digits_both_ways(web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer, bidirectional="true"))
        await call.send_frames(speech(0.2), dtmf="1#")
        await conversation.until(lambda: conversation.digits == "1#", "the digits 1#")
        await conversation.say({"event": "sendDTMF", "dtmf": "42"})
        heard = await until_played(call, 2 * 200 * 8)
        await call.hang_up()
    assert digits_heard(heard) == "42"


async def test_a_stream_that_keeps_the_call_alive_hangs_it_up_at_its_end(web: Web, answers: Answers) -> None:
    async with Customer(Behaviour(close_after=5)) as customer:
        call, _ = await live(web, customer, streams_to(answers, customer, keepCallAlive="true"))
        await call.send_frames(speech(0.5))
        await call.until_ended()
    assert "HANGUP" in call.texts


@asynccontextmanager
async def pipecat_bot() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        str(INTEROP_PYTHON),
        str(ROOT / "tests" / "interop" / "pipecat_bot.py"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 60))
        yield f"ws://127.0.0.1:{port}/ws"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.skipif(not INTEROP_PYTHON.exists(), reason=f"No Pipecat here: `make setup-interop` makes {INTEROP_PYTHON.parent.parent.name}.")
@pytest.mark.skipif(sys.platform == "win32", reason="Runs on Linux and macOS.")
async def test_a_pipecat_bot_is_heard_byte_for_byte(web: Web, answers: Answers) -> None:
    """A real pipeline: FastAPI transport, Plivo serializer, an echo. Its mu-law goes through PCM, which keeps every value but -0."""
    sent = b"".join(numbered(150)).replace(b"\x7f", b"\xff")
    async with pipecat_bot() as url:
        call_uuid = str(uuid.uuid4())
        answers.set(call_uuid, response(stream(url, **MULAW)))
        call = AsteriskCall(plan(web, call_uuid=call_uuid))
        await call.connect()
        await call.start_media()
        await call.send_frames([sent[at : at + 160] for at in range(0, len(sent), 160)])
        heard = await until_played(call, len(sent) - 50 * 160)
        await call.hang_up()
    # It begins when its pipeline is ready, and pads with silence where it is late: what it says must be what it was told.
    spoken = heard.strip(b"\xff")
    assert len(spoken) > 60 * 160
    assert spoken[:8000] in sent
