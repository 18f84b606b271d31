"""What one tenant, its services and its gateways do without end, and another tenant's call beside it.

From the consumer to the customer and the rows."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.server import ServerConnection, serve

from streams import consumers
from streams.calls import switchboard
from streams.calls.answer_acts import parse_answer
from streams.models import Account, Application, Call, Stream, StreamEvent
from streams.pure.call.note_budget import IN_FULL
from streams.simulate.customer import Customer
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.raw_server import hanging, saying, serving
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
LATE_SECONDS = 0.5
"""A frame takes a millisecond; beside a flood it took 12 s. Between these two stands what a busy machine may need."""
ROUNDS = 60


@contextmanager
def flooding(said: dict[str, str], content: str = "audio/x-mulaw;rate=8000") -> Iterator[str]:
    """A service that sends this without end, in as few pieces as the kernel takes; it has threads of its own. The XML that leads to it."""

    def flood(connection: ServerConnection) -> None:
        block = Frame(Opcode.TEXT, json.dumps(said).encode()).serialize(mask=False) * 1000
        connection.recv()
        try:
            while True:
                connection.socket.sendall(block)
        except (OSError, ConnectionClosed):
            pass

    with serve(flood, "127.0.0.1", 0, compression=None, close_timeout=1) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            port = server.socket.getsockname()[1]
            yield f'<Response><Stream bidirectional="true" contentType="{content}">ws://127.0.0.1:{port}/</Stream></Response>'
        finally:
            server.shutdown()
            thread.join(30)


@asynccontextmanager
async def two_tenants(answer_xml: str) -> AsyncIterator[Customer]:
    """A process in which gateways of both may call; the service of the other one."""
    async with Customer() as customer:
        xml = f'<Response><Stream contentType="audio/x-mulaw;rate=8000">{customer.url}</Stream></Response>'
        await database_sync_to_async(gateway)("flooder", answer_xml)
        await database_sync_to_async(gateway)("other", xml)
        async with switchboard_running():
            yield customer


@asynccontextmanager
async def other_call(customer: Customer) -> AsyncIterator[PatientCommunicator]:
    """That of the other tenant, whose customer has got the first frame."""
    async with call(user="other") as line:
        await line.send_to(bytes_data=bytes(160))
        await (await customer.conversation()).until_media(1)
        yield line


async def p95_seconds(line: PatientCommunicator, customer: Customer) -> float:
    """How long a frame takes from this gateway to its customer."""
    conversation, taken = await customer.conversation(), []
    for _ in range(ROUNDS):
        there = len(conversation.media)
        began = time.monotonic()
        await line.send_to(bytes_data=bytes(160))
        await conversation.until_media(there + 1)
        taken.append(time.monotonic() - began)
    return sorted(taken)[int(ROUNDS * 0.95)]


@pytest.mark.parametrize("said", [{"event": "checkpoint", "name": "x"}, {"event": "clearAudio"}, {"event": "sendDTMF", "dtmf": "1"}, {}])
async def test_a_service_that_floods_makes_nobody_elses_audio_late_and_few_rows(said: dict[str, str], monkeypatch) -> None:
    monkeypatch.setattr("streams.customers.links.FLUSH_SECONDS", 0.2)
    with flooding(said) as xml:
        async with two_tenants(xml) as customer, other_call(customer) as line, call(f"call_uuid={(flooded := uuid4())}", "flooder"):
            await until(Stream.objects.filter(call__uuid=flooded, state="connected").exists)
            assert await p95_seconds(line, customer) < LATE_SECONDS
    assert await database_sync_to_async(StreamEvent.objects.filter(call__uuid=flooded).count)() < IN_FULL + 40


PRESSED = '{"event":"DTMF_END","digit":"1","duration_ms":100,"channel_id":"gw1-1"}'


@pytest.mark.parametrize(
    ("said", "kind"), [(PRESSED, "call_dtmf"), ("DTMF_END digit:1", "call_dtmf"), ("ERROR no such", "call_gateway_error")]
)
async def test_a_gateway_that_floods_makes_nobody_elses_audio_late_and_few_rows(said: str, kind: str) -> None:
    async with two_tenants("<Response/>") as customer, other_call(customer) as line:
        async with call(f"call_uuid={(flooded := uuid4())}", "flooder") as flooding_line:
            for _ in range(5000):
                flooding_line.input_queue.put_nowait({"type": "websocket.receive", "text": said})
            assert await p95_seconds(line, customer) < LATE_SECONDS
            while not flooding_line.input_queue.empty():
                await asyncio.sleep(0.01)
        await until(Call.objects.filter(uuid=flooded, state="ended").exists)
    told = await database_sync_to_async(lambda: list(StreamEvent.objects.filter(call__uuid=flooded).values_list("kind", "details")))()
    assert len(told) < IN_FULL + 10
    counted = [details["more"] for each, details in told if each == "events_counted"]
    assert counted == ([5000 - IN_FULL] if kind in dict(told) else [])


async def test_answers_that_hang_keep_nobody_elses_answer_waiting() -> None:
    """As many calls as once filled all threads, and as many again."""
    with serving(hanging()) as silent, serving(saying(ANSWER)) as answering:
        async with two_tenants("<Response/>"), AsyncExitStack() as calls:
            await asks("flooder", silent.url)
            await asks("other", answering.url)
            for _ in range(64):
                await calls.enter_async_context(call(user="flooder"))
            account_id = (await database_sync_to_async(Account.objects.get)(applications__gateways__name="flooder")).pk
            await until(lambda: consumers._answers.places.taken[account_id] == consumers.ANSWERS.each)
            async with call(f"call_uuid={(answered := uuid4())}", "other"):
                await until(StreamEvent.objects.filter(call__uuid=answered, kind="call_answered").exists)
            assert consumers._answers.places.taken[account_id] == consumers.ANSWERS.each
            assert not await database_sync_to_async(StreamEvent.objects.filter(kind="call_answer_failed").exists)()
            silent.over.set()
        await until(lambda: not consumers._answers.places.taken)


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n<Response/>"


async def asks(name: str, answer_url: str) -> None:
    """The gateway's application is asked there from now on."""
    applications = Application.objects.filter(gateways__name=name)
    await database_sync_to_async(applications.update)(answer_xml="", answer_url=answer_url)
    entries = switchboard.current().directory
    await until(lambda: (known := entries.entries.get(name)) and known.answer_url)


async def test_no_answer_is_read_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[threading.Thread] = set()
    real = parse_answer

    def watched(*arguments: Any) -> Any:
        threads.add(threading.current_thread())
        return real(*arguments)

    monkeypatch.setattr(consumers, "parse_answer", watched)
    with serving(saying(ANSWER)) as answering:
        async with two_tenants("<Response>" + "<a/>" * 20_000 + "</Response>"):
            await asks("other", answering.url)
            async with call(user="flooder"), call(user="other"):
                await until(Call.objects.filter(hangup_cause_code=8011).exists)
                await until(StreamEvent.objects.filter(call__gateway__name="other", kind="call_answered").exists)
    assert threads and threading.main_thread() not in threads
