"""A test of a service URL against simulated customers: what they get is what a stream would send, and what they do is reported."""

import asyncio
import ipaddress
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from plivo.utils.signature_v3 import validate_v3_signature
from websockets.asyncio.server import ServerConnection, serve

from streams.customers import url_testing
from streams.customers.dial import DialSettings
from streams.customers.url_testing import recognisable_id
from streams.guard import Reach
from streams.pure.audio.convert import format_of_content_type, to_linear
from streams.pure.customer.url_order import UrlOrder
from streams.pure.customer.url_report import STEPS, UrlReport
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.listener import serving
from tests.streams.customer_services import CERTIFICATE, TLS

REACH = Reach((ipaddress.ip_network("127.0.0.0/8"),))
CALL, STREAM = recognisable_id(), recognisable_id()


def order(url: str, content_type: str = "audio/x-mulaw;rate=8000") -> UrlOrder:
    return UrlOrder(url, content_type, "MA0123456789ABCDEFGH", ("new", "old"), CALL, STREAM)


async def report_of(url: str, content_type: str = "audio/x-mulaw;rate=8000", timeout_seconds: float = 2.0) -> UrlReport:
    return await url_testing.run_url_test(order(url, content_type), DialSettings(REACH, timeout_seconds), TLS)


@pytest.fixture
def brief(monkeypatch) -> None:
    """A fifth of a second of tone instead of two."""
    monkeypatch.setattr(url_testing, "TONE_MS", 200)


@asynccontextmanager
async def saying(*messages: object) -> AsyncIterator[tuple[str, list[str]]]:
    """A service that says this when it is started, and keeps what comes."""
    came: list[str] = []

    async def handle(connection: ServerConnection) -> None:
        async for text in connection:
            if "start" in str(text)[:20]:
                for message in messages:
                    await connection.send(message if isinstance(message, str) else json.dumps(message))
            came.append(str(text))

    async with serving(lambda listener: serve(handle, sock=listener)) as port:
        yield f"ws://127.0.0.1:{port}/", came


@pytest.mark.parametrize("content_type", ["audio/x-mulaw;rate=8000", "audio/x-l16;rate=16000"])
async def test_a_good_service_gets_what_a_stream_would_send_at_its_real_pace(content_type) -> None:
    began = time.monotonic()
    async with Customer() as customer:
        report = await report_of(customer.url, content_type)
        (conversation,) = customer.conversations
    assert 1.9 < time.monotonic() - began < 20
    format = format_of_content_type(content_type)
    assert conversation.call_id == str(CALL) and conversation.stream_id == str(STREAM)
    assert len(conversation.media) == 100 and (conversation.stop or {})["reason"] == "call ended" and conversation.strange == []
    assert [one.sequence_number for one in conversation.media] == list(range(2, 102))
    signed = conversation.headers["x-plivo-signature-v3"]
    for token in ("new", "old"):
        seen = customer.url.replace("ws://", "http://")
        assert validate_v3_signature("GET", seen, conversation.headers["x-plivo-signature-v3-nonce"], token, signed)
    heard = to_linear(conversation.audio, format).astype(float)
    loudest_hz = np.argmax(np.abs(np.fft.rfft(heard))) * format.rate / len(heard)
    assert len(heard) == 2 * format.rate and abs(loudest_hz - 440) < 2
    assert (report.failure, report.sent_frames, report.said, report.close_code) == ("", 100, [], 1000)
    assert report.address == "127.0.0.1" and list(report.steps) == ["resolved", "connected", "upgraded"]
    assert "agreed" in report.closed and report.closed_ms is None


async def test_the_time_of_tls_is_told_and_who_cannot_be_trusted_is_refused(brief) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CERTIFICATE)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    trusting.check_hostname = False
    async with Customer(tls=server) as customer:
        report = await url_testing.run_url_test(order(customer.url), DialSettings(REACH, 2.0), trusting)
        assert list(report.steps) == list(STEPS) and report.sent_frames == 10
        report = await report_of(customer.url)
        assert report.failure.startswith("TLS failed:") and list(report.steps) == ["resolved", "connected"]


async def test_an_echo_is_counted_in_one_line(brief) -> None:
    async with Customer(Behaviour(echo=True)) as customer:
        report = await report_of(customer.url)
    (said,) = report.said
    assert (said.event, said.words) == ("playAudio", "mulaw 8000 Hz") and said.count > 5
    assert said.audio_ms == said.count * 20 and said.at_ms < said.last_ms


@pytest.mark.parametrize(
    ("behaviour", "problem", "status"),
    [
        (Behaviour(refuse=9, refuse_status=403), "HTTP 403", 403),
        (Behaviour(refuse=9, refuse_status=302, redirect_to="wss://elsewhere.example"), "redirects are not followed", 302),
        (Behaviour(hang=True), "the upgrade was not answered", None),
    ],
)
async def test_who_refuses_or_hangs_is_reported_after_one_attempt(behaviour, problem, status) -> None:
    async with Customer(behaviour) as customer:
        report = await report_of(customer.url, timeout_seconds=0.5)
        assert customer.attempts <= 1
    assert problem in report.failure and report.status == status
    assert report.address == "127.0.0.1" and report.sent_frames == 0 and "connected" in report.steps


@pytest.mark.parametrize("url", ["ws://10.0.0.1/", "ws://169.254.169.254/latest"])
async def test_an_address_that_no_stream_may_dial_is_not_dialled(url) -> None:
    report = await report_of(url)
    assert "may not be dialled" in report.failure and report.steps == {} and report.address == ""


async def test_a_service_that_closes_early_is_quoted() -> None:
    async with Customer(Behaviour(close_after=5, close_code=4001, close_reason="no credit")) as customer:
        report = await report_of(customer.url)
    assert report.close_code == 4001 and "no credit" in report.closed
    assert 50 < report.closed_ms and report.sent_frames < 100


async def test_audio_that_is_not_taken_is_measured(monkeypatch) -> None:
    monkeypatch.setattr(url_testing, "CLOSE_SECONDS", 0.3)
    async with Customer(Behaviour(stop_reading_after=1, receive_buffer_bytes=4096)) as customer:
        report = await report_of(customer.url, "audio/x-l16;rate=16000")
    assert report.most_unsent_ms > 300 and report.unsent_ms == report.most_unsent_ms
    assert "did not answer the closing handshake" in report.closed


async def test_checkpoints_and_clearing_are_answered_as_in_a_call(brief) -> None:
    audio = {"event": "playAudio", "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": "f39/f39/" * 100}}
    async with saying(audio, {"event": "checkpoint", "name": "heard"}, {"event": "sendDTMF", "dtmf": "12"}, "{oops") as (url, came):
        report = await report_of(url)
    events = [json.loads(text) for text in came]
    assert [event["name"] for event in events if event["event"] == "playedStream"] == ["heard"]
    assert [(said.event, said.words[:15]) for said in report.said] == [
        ("playAudio", "mulaw 8000 Hz"),
        ("checkpoint", "heard"),
        ("sendDTMF", "2 digits"),
        ("unknown", "A message has t"),
    ]
    assert report.ignored_count == 1 and report.said_count == 4
    async with saying(audio, {"event": "checkpoint", "name": "never"}, {"event": "clearAudio"}) as (url, came):
        await report_of(url)
    assert [json.loads(text)["event"] for text in came if "media" not in text[:30]] == ["start", "clearedAudio", "stop"]


async def test_a_flood_of_messages_is_counted_and_bounded(brief) -> None:
    async with saying(*({"event": "checkpoint", "name": str(number)} for number in range(300))) as (url, _):
        report = await report_of(url)
    assert report.said_count == 300 and len(report.said) == 40


async def test_no_test_is_longer_than_its_deadline(monkeypatch) -> None:
    monkeypatch.setattr(url_testing, "DEADLINE_SECONDS", 0.3)
    async with Customer() as customer:
        report = await asyncio.wait_for(report_of(customer.url), 30)
    assert "cut off" in report.closed


def test_its_ids_are_told_from_real_ones_at_sight() -> None:
    assert str(CALL).startswith("00000000-7e57-4") and CALL != STREAM
    assert CALL.version == 4
