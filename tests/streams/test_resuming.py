"""A second socket of a live call: a mod_audio_stream that comes back goes on with it, and everything else is refused."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from streams.calls import relay
from streams.models import Call, Gateway, Stream, StreamEvent
from streams.pure.lifecycle import API_HANGUP
from streams.simulate.customer import Behaviour, Customer
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import PASSWORD, application, basic, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
UUID = "7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10"
METADATA = {"call_uuid": UUID, "rate": 8000, "mix": "mono"}
TAKEN, TAKEN_OVER, LOST = 4409, 4410, 1006


@pytest.fixture
def unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket may be taken over from its first moment on."""
    monkeypatch.setattr(relay, "SETTLED_SECONDS", 0.0)


async def new_gateway(customer: Customer | None = None, name: str = "fs1", **attributes: str) -> None:
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    stream = f'<Stream contentType="audio/x-l16;rate=8000"{written}>{customer.url}</Stream>' if customer else ""
    await database_sync_to_async(gateway)(name, f"<Response>{stream}</Response>", dialect="audio_stream")


async def second_gateway(of: str, name: str) -> None:
    """Another one of the same account."""
    await new_gateway(name=name)
    account = await database_sync_to_async(lambda: Gateway.objects.select_related("account").get(name=of).account)()
    await database_sync_to_async(Gateway.objects.filter(name=name).update)(account=account)


async def fork(query: str = "", name: str = "fs1", **metadata: object) -> PatientCommunicator:
    """A mod_audio_stream's socket that has said what it brings."""
    communicator = PatientCommunicator(application, f"/gateway/audio_stream/{name}/?{query}", headers=[basic(name, PASSWORD)])
    assert (await communicator.connect())[0]
    await communicator.send_to(text_data=json.dumps({**METADATA, **metadata}))
    return communicator


async def talk(communicator: PatientCommunicator, *numbers: int) -> None:
    for number in numbers:
        await communicator.send_to(bytes_data=bytes([number]) * 320)


async def closed_with(communicator: PatientCommunicator) -> tuple[int, str]:
    closed = await communicator.receive_output(timeout=30)
    assert closed["type"] == "websocket.close"
    return closed["code"], closed["reason"]


async def kinds(*wanted: str) -> list[str]:
    events = StreamEvent.objects.filter(kind__in=wanted).order_by("id")
    return await database_sync_to_async(lambda: list(events.values_list("kind", flat=True)))()


async def test_the_call_goes_on_on_the_second_socket_and_the_first_is_heard_no_more(unsettled: None) -> None:
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running() as board:
            first = await fork()
            await talk(first, 1, 2)
            conversation = await customer.conversation()
            await conversation.until_media(2)
            second = await fork()
            assert await closed_with(first) == (TAKEN_OVER, "Another socket of the gateway has taken this call over.")
            await talk(first, 9)
            await talk(second, 3)
            await conversation.until_media(3)
            await first.disconnect(code=1000)
            assert len(board.relays) == 1
            await talk(second, 4)
            await conversation.until_media(4)
            await second.disconnect(code=1000)
            await conversation.until_closed()
            row = await until(lambda: Call.objects.filter(state="ended").first())
            (stream,) = await database_sync_to_async(lambda: list(Stream.objects.all()))()
    assert conversation.audio == b"".join(bytes([number]) * 320 for number in (1, 2, 3, 4))
    assert (row.hangup_cause_code, stream.end_cause) == (4000, "call_ended")
    assert await kinds("call_gateway_awaited", "call_gateway_resumed") == ["call_gateway_resumed"]


async def test_a_lost_socket_is_waited_for_and_playback_goes_to_the_next_one() -> None:
    async with Customer(Behaviour(echo=True)) as customer:
        await new_gateway(customer, bidirectional="true")
        async with switchboard_running():
            first = await fork()
            await talk(first, 1)
            assert "streamAudio" in (await first.receive_output(timeout=30))["text"]
            await first.disconnect(code=LOST)
            await until(lambda: StreamEvent.objects.filter(kind="call_gateway_awaited").exists())
            second = await fork()
            await talk(second, 2)
            assert "streamAudio" in (await second.receive_output(timeout=30))["text"]
            await second.disconnect(code=1000)
            await until(lambda: Call.objects.filter(state="ended").exists())
    assert await kinds("call_gateway_awaited", "call_gateway_resumed") == ["call_gateway_awaited", "call_gateway_resumed"]
    assert await database_sync_to_async(Stream.objects.count)() == 1


async def test_a_gateway_that_stays_away_has_lost_the_call(settings) -> None:
    settings.GATEWAY_RESUME_SECONDS = 0.2
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running() as board:
            first = await fork()
            await talk(first, 1)
            await until(lambda: Stream.objects.filter(state="streaming").exists())
            await first.disconnect(code=LOST)
            row = await until(lambda: Call.objects.filter(state="ended").first())
            stream = await database_sync_to_async(Stream.objects.get)()
            await until(lambda: not board.relays)
    assert (row.hangup_cause_code, stream.end_cause) == (5000, "gateway_lost")
    assert "came within 0.2 s" in stream.end_details


@pytest.mark.parametrize(
    ("metadata", "gateway_name", "says"),
    [
        ({"rate": 16000}, "fs1", "The call's audio is l16 8000 Hz, mono; another socket has to bring the same, not l16 16000 Hz, mono."),
        ({}, "fs2", "This call_uuid is live already."),
    ],
    ids=["another format", "another gateway"],
)
async def test_what_does_not_fit_is_refused_in_words(metadata, gateway_name: str, says: str, unsettled: None) -> None:
    await new_gateway()
    await second_gateway(of="fs1", name="fs2")
    async with switchboard_running():
        first = await fork()
        second = await fork(name=gateway_name, **metadata)
        assert await closed_with(second) == (TAKEN, says)
        await talk(first, 1)
        await until(lambda: StreamEvent.objects.filter(kind="call_first_audio").exists())
        await first.disconnect(code=1000)
        await second.disconnect()


async def test_of_two_at_the_same_instant_the_first_goes_on() -> None:
    """They would take the call from each other for ever."""
    await new_gateway()
    async with switchboard_running() as board:
        one, other = await asyncio.gather(fork(), fork())
        quiet = await asyncio.gather(one.receive_nothing(0.5), other.receive_nothing(0.5))
        assert (sorted(quiet), len(board.relays)) == ([False, True], 1)
        winner, loser = (one, other) if quiet[0] else (other, one)
        assert await closed_with(loser) == (TAKEN, "This call_uuid is live already, on a socket that is younger than 1 s.")
        assert await winner.receive_nothing(0.01)
        await winner.disconnect(code=1000)
        await loser.disconnect()


async def test_a_socket_that_says_nothing_of_itself_takes_nothing_over(unsettled: None) -> None:
    await new_gateway()
    async with switchboard_running():
        first = await fork()
        silent = PatientCommunicator(application, f"/gateway/audio_stream/fs1/?call_uuid={UUID}", headers=[basic("fs1", PASSWORD)])
        await silent.connect()
        await silent.disconnect(code=LOST)
        await talk(first, 1)
        await until(lambda: StreamEvent.objects.filter(kind="call_first_audio").exists())
        assert await first.receive_nothing(0.01)
        await first.disconnect(code=1000)
    assert await kinds("call_gateway_awaited", "call_gateway_resumed") == []


@pytest.mark.parametrize("hung_up", [True, False], ids=["hung up by us", "closed by the gateway"])
async def test_what_has_ended_is_not_undone_and_comes_again_in_vain(hung_up: bool, caplog: pytest.LogCaptureFixture) -> None:
    await new_gateway()
    async with switchboard_running() as board:
        first = await fork()
        await until(lambda: Call.objects.filter(state="live").exists())
        if hung_up:
            (live,) = board.relays.values()
            live.carry_out("hang_up", "anna", lambda session, now: session.hang_up(API_HANGUP, "Hung up.", now))
            assert "disconnect" in (await first.receive_output(timeout=30))["text"]
        await first.disconnect(code=1000)
        await until(lambda: Call.objects.filter(state="ended").exists() and not board.relays)
        events = await database_sync_to_async(StreamEvent.objects.count)()
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                again = await fork()
                code, reason = await closed_with(again)
                assert (code, reason) == (TAKEN, "This call has ended, or another process has it; a new call needs a call_uuid of its own.")
                await again.disconnect()
        named = PatientCommunicator(application, f"/gateway/audio_stream/fs1/?call_uuid={UUID}", headers=[basic("fs1", PASSWORD)])
        assert (await named.connect())[0] is False
    assert len([record for record in caplog.records if UUID in record.getMessage() and record.levelno >= logging.WARNING]) == 1
    assert await database_sync_to_async(StreamEvent.objects.count)() == events


async def test_a_call_that_another_process_has_is_refused_and_no_customer_hears_of_it(caplog: pytest.LogCaptureFixture) -> None:
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running():
            row = await database_sync_to_async(Gateway.objects.get)()
            lease = {"owner": "b" * 32, "lease_until": timezone.now() + timedelta(seconds=20)}
            await database_sync_to_async(Call.objects.create)(uuid=UUID, account_id=row.account_id, started_at=timezone.now(), **lease)
            first = await fork()
            assert await closed_with(first) == (TAKEN, f"call_uuid {UUID} is held by another process.")
            await first.disconnect()
            second = await fork()
            assert (await closed_with(second))[0] == TAKEN
            await second.disconnect()
            assert await database_sync_to_async(StreamEvent.objects.count)() == 0
            assert customer.conversations == []


async def test_draining_does_not_wait_for_a_gateway_that_is_away() -> None:
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running() as board:
            first = await fork()
            await talk(first, 1)
            await until(lambda: Stream.objects.filter(state="streaming").exists())
            await first.disconnect(code=LOST)
            await asyncio.wait_for(board.drain(0.1), 10)
            stream = await database_sync_to_async(Stream.objects.get)()
    assert (stream.state, stream.end_cause) == ("ended", "platform_stopped")
