"""`manage.py simulate_gateway` against a plain WebSocket server: what it places, what it prints, how it fails."""

import asyncio
import http
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from websockets.asyncio.server import ServerConnection, basic_auth, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streams.simulate.listener import serving
from tests.journeys.certificates import Authority

UUID = "816e0b22-6913-4b43-88a9-6d3054b77df9"


class Platform:
    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[dict[str, list[str]], list[str | bytes]]] = []
        self.at_once = self.most_at_once = 0
        self.ends: list[int | None] = []

    async def take(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        messages: list[str | bytes] = []
        self.calls.append((parse_qs(urlsplit(connection.request.path).query), messages))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            async for message in connection:
                messages.append(message)
        finally:
            self.at_once -= 1
            await connection.wait_closed()
            self.ends.append(connection.close_code)


def first_of(_: ServerConnection, offered: list[Subprotocol]) -> Subprotocol | None:
    return next(iter(offered), None)


async def answer(connection: ServerConnection, request: Request) -> Response | None:
    if request.path == "/gateway/twilio/demo/s3cret/":
        return None
    if not request.path.startswith(("/gateway/asterisk/demo/", "/gateway/audio_stream/demo/", "/gateway/audio_fork/demo/")):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "")
    response = await basic_auth(credentials=("demo", "s3cret"))(connection, request)
    return response if response is None else connection.respond(http.HTTPStatus.FORBIDDEN, "")


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    platform = Platform()
    options: dict[str, Any] = {
        "subprotocols": [Subprotocol("media")],
        "select_subprotocol": first_of,
        "compression": None,
        "process_request": answer,
    }
    async with serving(lambda listener: serve(platform.take, sock=listener, **options)) as port:
        platform.url = f"ws://127.0.0.1:{port}"
        yield platform


async def simulate(platform: Platform, *options: str, gateway: str = "demo", password: str = "s3cret") -> list[str]:
    out = io.StringIO()
    words = ["--url", platform.url, "--gateway", gateway, "--password", password, *options]
    await asyncio.to_thread(call_command, "simulate_gateway", *words, stdout=out)
    return out.getvalue().splitlines()


async def test_one_call_with_digits(platform: Platform) -> None:
    options = [
        "--seconds",
        "0.2",
        "--pace",
        "0",
        "--dtmf",
        "1a",
        "--call-uuid",
        UUID,
        "--from",
        "1415",
        "--to",
        "1800",
        "--control",
        "json",
    ]
    lines = await simulate(platform, *options)
    assert lines == [f"{UUID} hung up; sent 0.2 s of audio, played 0.0 s"]
    ((query, messages),) = platform.calls
    assert query == {"call_uuid": [UUID], "from": ["1415"], "to": ["1800"]}
    assert sum(isinstance(message, bytes) and len(message) == 160 for message in messages) == 10
    assert ['"digit":"1"' in str(messages), '"digit":"A"' in str(messages)] == [True, True]


@pytest.mark.parametrize(("codec", "size"), [("slin16", 640), ("g722", 160)])
async def test_codecs(platform: Platform, codec: str, size: int) -> None:
    await simulate(platform, "--codec", codec, "--seconds", "0.1", "--pace", "0")
    ((_, messages),) = platform.calls
    assert f"format:{codec} optimal_frame_size:{size} ptime:20" in str(messages[0])
    assert [len(message) for message in messages[1:]] == [size] * 5


@pytest.mark.parametrize(
    ("options", "text", "at", "audio"),
    [
        (["--dialect", "audio_stream", "--both-tracks"], '"mix": "stereo"', 3, 5 * 640),
        (["--dialect", "audio_stream", "--both-tracks", "--early-frames", "0"], '"mix": "stereo"', 0, 5 * 640),
        (["--dialect", "audio_stream", "--no-metadata"], "", 0, 5 * 320),
        (["--dialect", "audio_fork", "--codec", "slin16", "--fork", "agent", "--stream-back"], '"sampleRate": 16000', 0, 5 * 640),
        (["--dialect", "twilio", "--both-tracks"], '"event": "connected"', 0, 0),
    ],
)
async def test_other_dialects(platform: Platform, options: list[str], text: str, at: int, audio: int) -> None:
    await simulate(platform, *options, "--seconds", "0.1", "--pace", "0")
    ((query, messages),) = platform.calls
    assert sum(len(message) for message in messages if isinstance(message, bytes)) == audio
    assert text in str(messages[at])
    assert query.get("fork", []) == (["agent"] if "--fork" in options else [])


async def test_many_calls_some_at_once(platform: Platform) -> None:
    lines = await simulate(platform, "--calls", "5", "--at-once", "2", "--seconds", "0.1")
    assert len({line.split()[0] for line in lines}) == len(platform.calls) == 5
    assert platform.most_at_once == 2


async def test_the_whole_file_when_no_seconds_are_given(platform: Platform) -> None:
    lines = await simulate(platform, "--pace", "0")
    assert "sent 11.4 s of audio" in lines[0]


async def test_vanishing(platform: Platform) -> None:
    lines = await simulate(platform, "--seconds", "0.1", "--pace", "0", "--end", "vanish")
    assert " vanished; " in lines[0]


@pytest.mark.parametrize(("gateway", "password"), [("demo", "wrong"), ("nobody", "s3cret")])
async def test_a_refused_gateway_is_one_sentence(platform: Platform, gateway: str, password: str) -> None:
    with pytest.raises(
        CommandError, match=rf"^The platform refused gateway '{gateway}' \(HTTP 403\)\. Check the gateway's name and password; [^.\n]*\.$"
    ):
        await simulate(platform, gateway=gateway, password=password)
    with pytest.raises(CommandError, match=r"^3 of 3 calls failed\. The platform refused"):
        await simulate(platform, "--calls", "3", gateway=gateway, password=password)


async def test_nobody_answers(unused_tcp_port: int) -> None:
    platform = Platform()
    platform.url = f"ws://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(CommandError, match="Nothing answers"):
        await simulate(platform)


async def test_a_certificate_that_is_not_trusted_is_said_to_be_one(tmp_path: Path) -> None:
    platform = Platform()
    async with serving(lambda listener: serve(platform.take, sock=listener, ssl=Authority(tmp_path).customer())) as port:
        platform.url = f"wss://127.0.0.1:{port}"
        with pytest.raises(CommandError, match=r"The certificate of 127\.0\.0\.1:\d+ is not trusted: .* SSL_CERT_FILE"):
            await simulate(platform)


async def test_a_port_without_tls_is_said_to_be_one() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    platform = Platform()
    async with serving(lambda listener: asyncio.start_server(plain, sock=listener)) as port:
        platform.url = f"wss://127.0.0.1:{port}"
        with pytest.raises(CommandError, match="speaks no TLS: use ws:// there"):
            await simulate(platform)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--calls", "0"], "'0' is not a whole number from 1 on"),
        (["--dtmf", "12x"], "'12x' has something else than the digits"),
        (["--call-uuid", "17"], "'17' is not a UUID"),
        (["--call-uuid", UUID, "--calls", "2"], "One --call-uuid is for one call"),
        (["--codec", "mp3"], "invalid choice: 'mp3'"),
        (["--dialect", "sip"], "invalid choice: 'sip'"),
        (["--dialect", "audio_stream", "--codec", "ulaw"], "audio_stream sends slin, slin16, .* and no ulaw"),
        (["--both-tracks"], "An Asterisk sends one track"),
        (["--dialect", "audio_fork", "--drops", "1"], "does not come back"),
        (["--wav", "/nowhere.wav"], "/nowhere.wav cannot be read"),
        (["--url", "http://x"], "Write something like ws://127.0.0.1:8000"),
        (["--seconds", "0"], "'0' is not a number above 0"),
        (["--pace", "-1"], "'-1' is not a number from 0 on"),
    ],
)
def test_options_that_make_no_sense(options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("simulate_gateway", "--gateway", "demo", "--password", "x", *options)


async def test_a_wav_file_of_ones_own(platform: Platform, tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    with pytest.raises(CommandError, match="text.wav cannot be read as a WAV file"):
        await simulate(platform, "--wav", str(text))
