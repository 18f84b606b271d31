"""Every way a customer's service fails: what the gateway and others notice (nothing), and what callbacks, page and debug log say."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from streams.simulate.call_plan import End
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests.free_port import free_port
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import numbered, plan, response, speech, stream, streams_to

FAILED = "connection failed with the remote service"
DISCONNECTED = "connection disconnected with the remote service"


@dataclass(frozen=True)
class Fault:
    """`url` overrides the service's own; `words` are to be read on the call's page, `attempts` times was it dialled."""

    error: str
    words: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    url: str = ""
    attempts: str = "3"
    close_code: str = "–"
    started: bool = False


FAULTS = {
    "refused": Fault(FAILED, "Connection refused: nothing listens", url="ws://127.0.0.1:{unused_port}/"),
    "no such host": Fault(FAILED, "no-such-host.invalid", url="ws://no-such-host.invalid/"),
    "HTTP 403": Fault(FAILED, "refused the WebSocket upgrade: HTTP 403", Behaviour(refuse=9, refuse_status=403)),
    "HTTP 200": Fault(FAILED, "HTTP 200", Behaviour(refuse=9, refuse_status=200)),
    "redirect": Fault(FAILED, "redirects are not followed", Behaviour(refuse=9, refuse_status=302, redirect_to="ws://127.0.0.1:1/")),
    "hangs in the handshake": Fault(FAILED, "Timed out after 1 s: the upgrade was not answered", Behaviour(hang=True)),
    "not TLS": Fault(FAILED, "TLS failed", url="wss://127.0.0.1:{port}/"),
    "may not be dialled": Fault("the service URL may not be dialled", "10.1.2.3", url="ws://10.1.2.3/", attempts="1"),
    "closes": Fault(
        DISCONNECTED,
        ": 4001 (a code of its own), “enough”",
        Behaviour(close_after=5, close_code=4001, close_reason="enough"),
        "",
        "1",
        "4001 (a code of its own), “enough”",
        True,
    ),
    "crashes": Fault(
        DISCONNECTED,
        "The customer's service closed the connection: 1011 (internal error), “worker crashed”",
        Behaviour(close_after=5, close_code=1011, close_reason="worker crashed"),
        "",
        "1",
        "1011 (internal error), “worker crashed”",
        True,
    ),
    "closes healthily": Fault(DISCONNECTED, ": 1000 (normal closure)", Behaviour(close_after=5), "", "1", "1000 (normal closure)", True),
    "is lost": Fault(DISCONNECTED, "was lost", Behaviour(close_after=5, reset=True), "", "1", "1006 (no close frame came)", True),
}


@asynccontextmanager
async def speaking(web: Web, call_uuid: str) -> AsyncIterator[AsteriskCall]:
    """A call that speaks until it is over."""
    call = AsteriskCall(plan(web, call_uuid=call_uuid))
    await call.connect()
    await call.start_media()
    voice = asyncio.create_task(call.send_frames(speech(20)))
    try:
        yield call
    finally:
        await cancelled(voice)
        await call.hang_up()


@pytest.mark.parametrize("name", FAULTS)
async def test_a_service_that_fails(name: str, web: Web, answers: Answers, console: Console) -> None:
    fault, call_uuid = FAULTS[name], str(uuid.uuid4())
    async with Customer(fault.behaviour) as customer:
        url = fault.url.format(unused_port=free_port(), port=customer.port) or customer.url
        attributes = {"contentType": "audio/x-mulaw;rate=8000", "statusCallbackUrl": customer.status_url}
        answers.set(call_uuid, response(stream(url, **attributes)))
        async with speaking(web, call_uuid) as call:
            await customer.receiver.until(lambda: any(one.event == "DroppedStream" for one in customer.receiver.callbacks), "DroppedStream")
            assert call.end is None, "the call goes on without its stream"
            events = [callback.event for callback in customer.receiver.callbacks]
            dropped = customer.receiver.callbacks[-1].parameters
            facts, log = await asyncio.to_thread(read, console, call_uuid, dropped["StreamID"])
    assert events == (["StartStream"] if fault.started else []) + ["DroppedStream"]
    assert (dropped["Error"], dropped["ServiceURL"], dropped["CallUUID"]) == (fault.error, url, call_uuid)
    assert (facts["Hangup reason"], facts["Connect attempts"]) == ("Connection error", fault.attempts)
    assert facts["Billed amount"] == ("0.00300 USD" if fault.started else "0.00000 USD")
    assert fault.words in log.line("The stream ended")
    assert facts["WebSocket close code"] == fault.close_code or not fault.started
    if not fault.url:
        assert customer.attempts == int(fault.attempts)


def read(console: Console, call_uuid: str, stream_id: str) -> tuple[dict[str, str], Any]:
    return console.stream(call_uuid, stream_id), console.debug_log(stream_id)


async def test_the_page_of_the_call_says_what_the_customers_service_said(web: Web, answers: Answers, console: Console) -> None:
    """The stream to their bot died, why? And what the page measured of a steady gateway is plausible."""
    call_uuid = str(uuid.uuid4())
    async with Customer(Behaviour(close_after=60, close_code=1011, close_reason="worker crashed")) as customer:
        answers.set(call_uuid, response(stream(customer.url, contentType="audio/x-mulaw;rate=8000")))
        async with speaking(web, call_uuid) as call:
            page = await asyncio.to_thread(console.call_that_says, call_uuid, "worker crashed")
            await call.hang_up()
        page = await asyncio.to_thread(console.call_that_says, call_uuid, "the call ended")
    words = "The customer's service closed the connection: 1011 (internal error), “worker crashed”."
    assert f"with Connection error. {words}" in page.text and words.removesuffix(".") in page.line("The stream ended")
    facts = next(facts for part, facts in page.facts.items() if part.startswith("s"))
    assert (facts["Closed by"], facts["Hangup reason"]) == ("the customer's service", "Connection error")
    assert "→ rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD" in page.text
    said = facts["Arrival gap, frame to frame from the gateway"]
    gaps = re.match(r"p50 ([\d.]+) ms, p99 [\d.]+ m?s, longest [\d.]+ m?s; \S+ of (\d+) late", said)
    assert gaps and 5 <= float(gaps[1]) <= 35 and int(gaps[2]) >= 59, said
    assert facts["Send latency, from arrival to the service's socket"].startswith(("p50 0.", "p50 1.", "p50 2."))
    assert "It never passed 30 %." in page.text


async def test_two_failures_then_a_connection(web: Web, answers: Answers, console: Console) -> None:
    call_uuid = str(uuid.uuid4())
    async with Customer(Behaviour(refuse=2, refuse_status=503)) as customer:
        answers.set(call_uuid, response(stream(customer.url, contentType="audio/x-mulaw;rate=8000", statusCallbackUrl=customer.status_url)))
        async with speaking(web, call_uuid):
            conversation = await customer.conversation_of(call_uuid)
            await conversation.until_media(10)
            started = await customer.receiver.until_event(conversation.stream_id, "StartStream")
            log = await asyncio.to_thread(console.debug_log, conversation.stream_id)
    assert customer.attempts == 3
    assert started.parameters["Sequence"] == "1"
    assert [media.chunk for media in conversation.media[:10]] == list(range(1, 11))
    assert len([line for line in log.lines.values() if "HTTP 503" in line]) == 2
    assert "on attempt 3" in log.line("Connected to")


async def test_a_late_answer_costs_no_audio(web: Web, answers: Answers) -> None:
    """What is said while the stream is being connected waits in the buffer, and no level of it is reported before the start."""
    sent = numbered(100)
    async with Customer(Behaviour(accept_after_seconds=0.8)) as customer:
        call = AsteriskCall(plan(web, call_uuid=streams_to(answers, customer)))
        await call.connect()
        await call.start_media()
        await customer.until(lambda: customer.attempts, "the attempt to connect")
        await call.send_frames(sent)
        await call.hang_up()
        conversation = await customer.conversation()
        await conversation.until_closed()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
    assert conversation.audio == b"".join(sent)
    assert [callback.event for callback in customer.receiver.callbacks] == ["StartStream", "StopStream"]


async def test_nonsense_from_the_customer_is_noted_and_does_no_harm(web: Web, answers: Answers, console: Console) -> None:
    call_uuid = str(uuid.uuid4())
    garbage = ("{not json", "[]", b"\x00\xff", '{"event":"whatever"}', "x" * 3000)
    async with Customer(Behaviour(garbage=garbage)) as customer:
        answers.set(call_uuid, response(stream(customer.url, contentType="audio/x-mulaw;rate=8000", statusCallbackUrl=customer.status_url)))
        async with speaking(web, call_uuid) as call:
            conversation = await customer.conversation_of(call_uuid)
            await conversation.until_media(50)
            await call.hang_up()
            await customer.receiver.until_event(conversation.stream_id, "StopStream")
            log = await asyncio.to_thread(console.debug_log, conversation.stream_id)
    assert len([line for line in log.lines.values() if "was ignored" in line]) == len(garbage)
    assert (call.end, conversation.close_code) == (End.HUNG_UP, 1000)


async def test_a_dead_customer_of_one_call_is_nothing_to_another(web: Web, answers: Answers) -> None:
    dead, healthy = str(uuid.uuid4()), str(uuid.uuid4())
    async with Customer(Behaviour(hang=True)) as hanging, Customer() as customer:
        answers.set(dead, response(stream(hanging.url, statusCallbackUrl=hanging.status_url)))
        answers.set(healthy, response(stream(customer.url, contentType="audio/x-mulaw;rate=8000")))
        async with speaking(web, dead), speaking(web, healthy):
            conversation = await customer.conversation_of(healthy)
            await hanging.receiver.until(lambda: hanging.receiver.callbacks, "DroppedStream of the dead customer")
            await conversation.until_media(100)
    times = [media.arrived_at for media in conversation.media]
    gaps = sorted(later - earlier for earlier, later in zip(times, times[1:], strict=False))
    assert gaps[int(len(gaps) * 0.95)] < 0.1
    assert [media.chunk for media in conversation.media] == list(range(1, len(conversation.media) + 1))
