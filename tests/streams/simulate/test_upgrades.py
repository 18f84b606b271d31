"""The upgrades of the other gateways, to the byte, as their libraries write them; and that their compression is a real offer."""

import asyncio
import base64
from contextlib import suppress

import pytest
from websockets.asyncio.server import ServerConnection, serve

from streams.pure.gateway.twilio_signature import signed_with
from streams.simulate.call_plan import CallPlan, CallRefused
from streams.simulate.gateway import CALLS
from streams.simulate.listener import serving

UUID = "816e0b22-6913-4b43-88a9-6d3054b77df9"
AUTHORIZATION = "Basic " + base64.b64encode(b"gw1:s3cret").decode()


async def head_of(dialect: str, **changes: object) -> tuple[str, list[str], int]:
    """The request line and the header lines of an upgrade that is refused, with Sec-WebSocket-Key's value blanked."""
    heads: list[bytes] = []
    gone = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        with suppress(OSError):
            await reader.read()
        writer.close()
        gone.set()

    async with serving(lambda listener: asyncio.start_server(refuse, sock=listener)) as port:
        with pytest.raises(CallRefused, match="HTTP 403"):
            await CALLS[dialect](plan(port, dialect, **changes)).connect()
        await gone.wait()
    request, *lines = heads[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    return request, ["Sec-WebSocket-Key:" if line.startswith("Sec-WebSocket-Key:") else line for line in lines], port


def plan(port: int, dialect: str, **changes: object) -> CallPlan:
    given = {"codec": "ulaw" if dialect == "twilio" else "slin", "call_uuid": UUID, **changes}
    return CallPlan(platform=f"ws://127.0.0.1:{port}", gateway="gw1", password="s3cret", dialect=dialect, **given)


async def test_mod_audio_stream_writes_no_blank_behind_a_colon() -> None:
    request, lines, port = await head_of("audio_stream")
    assert request == f"GET /gateway/audio_stream/gw1/?call_uuid={UUID}&from=18005550199&to=18005550100&rate=8000&mix=mono HTTP/1.1"
    assert lines == [
        f"Host:127.0.0.1:{port}",
        "Upgrade:websocket",
        "Connection:upgrade",
        "Sec-WebSocket-Key:",
        "Sec-WebSocket-Version:13",
        "Sec-WebSocket-Extensions:permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=9",
        f"Origin:http://127.0.0.1:{port}",
        f"Authorization:{AUTHORIZATION}",
    ]


async def test_mod_audio_fork_offers_its_subprotocol_and_has_nothing_of_the_call_in_its_url() -> None:
    request, lines, _ = await head_of("audio_fork", fork="agent", streams_back=True)
    assert request == "GET /gateway/audio_fork/gw1/?fork=agent&rate=8000&mix=mono&bidirectional=stream HTTP/1.1"
    assert {"Sec-WebSocket-Protocol: audio.drachtio.org", "Origin: http://127.0.0.1", f"Authorization: {AUTHORIZATION}"} <= set(lines)


async def test_twilio_has_its_password_in_the_path_and_no_header_for_it() -> None:
    request, lines, _ = await head_of("twilio")
    assert request == "GET /gateway/twilio/gw1/s3cret/ HTTP/1.1"
    assert "User-Agent: Twilio.TmeWs/1.0" in lines
    assert not [line for line in lines if line.lower().startswith(("authorization", "origin", "sec-websocket-protocol"))]


async def test_twilio_signs_what_it_dials_and_then_needs_no_password() -> None:
    request, lines, port = await head_of("twilio", signing_token="token")
    assert request == "GET /gateway/twilio/gw1/ HTTP/1.1"
    (given,) = (line.partition(": ")[2] for line in lines if line.startswith("x-twilio-signature"))
    assert signed_with("token", given, f"127.0.0.1:{port}", "/gateway/twilio/gw1/")


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_compression_is_used_where_it_is_taken(compression: str | None) -> None:
    got: list[str | bytes] = []

    async def take(connection: ServerConnection) -> None:
        assert bool(connection.protocol.extensions) is bool(compression)
        async for message in connection:
            got.append(message)

    async with serving(lambda listener: serve(take, sock=listener, compression=compression)) as port:
        call = CALLS["audio_stream"](plan(port, "audio_stream"))
        await call.connect()
        await call.start_media()
        await call.send_frame(bytes(320))
        await call.hang_up()
    assert got[1] == bytes(320)
