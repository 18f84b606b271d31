"""Control reaches the one process that holds a call, through the channel layer or without it; leases; the end of a process."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.db.models.functions import Now
from django.utils import timezone

from streams import control
from streams.calls import switchboard
from streams.control import listening
from streams.database_threads import DatabaseThreads
from streams.models import Call, ControlRequest, Stream, StreamEvent
from streams.pure.messages import StreamRequest
from streams.simulate.customer import Customer
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import MEDIA_START, call, socket, switchboard_running, until
from tests.streams.redis_server import RedisServer
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
NEVER_SECONDS = 3600.0
SPEECH = b"\x55" * 160
FIRST, SECOND = "call_uuid=7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10", "call_uuid=0f8e3d1c-77aa-4b6e-8d0f-2c1b9a7e6d54"


@pytest.fixture
def by_message_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are looked for only when the channel layer says so."""
    monkeypatch.setattr(switchboard, "CONTROL_SECONDS", NEVER_SECONDS)


@pytest.fixture
def by_row_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are looked for often; the tests that use this have no Redis."""
    monkeypatch.setattr(switchboard, "CONTROL_SECONDS", 0.1)


async def new_gateway(customer: Customer | None = None) -> None:
    stream = f'<Stream contentType="audio/x-mulaw;rate=8000">{customer.url}</Stream>' if customer else ""
    await database_sync_to_async(gateway)("pbx", f"<Response>{stream}</Response>")


def row_of(query: str) -> Call | None:
    return Call.objects.filter(uuid=query.removeprefix("call_uuid=")).first()


def streaming(query: str) -> Stream | None:
    return Stream.objects.filter(call__uuid=query.removeprefix("call_uuid="), state="streaming").first()


async def talk(communicator: PatientCommunicator, frames: int = 3) -> None:
    for _ in range(frames):
        await communicator.send_to(bytes_data=SPEECH)


def ended_stream(pk: int) -> Stream | None:
    return Stream.objects.filter(pk=pk, state="ended").first()


# Through the channel layer -----------------------------------------------------------------------------------------------------
async def test_a_stop_reaches_the_one_call_it_is_for(redis: RedisServer, by_message_only: None) -> None:
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running() as board, call(FIRST) as first, call(SECOND) as second:
            await redis.until_heard(control.control_group(board.owner))
            await talk(first)
            await talk(second)
            one, other = await until(lambda: streaming(FIRST)), await until(lambda: streaming(SECOND))
            await database_sync_to_async(control.request_stop)(one, "anna")
            stopped = await until(lambda: ended_stream(one.pk))
            assert (await database_sync_to_async(Stream.objects.get)(pk=other.pk)).state == "streaming"
    assert (stopped.hangup_reason, stopped.end_cause) == ("API request", "stopped_by_operator")
    assert "anna" in stopped.end_details


async def test_a_hangup_tells_the_gateway_and_ends_that_call_only(redis: RedisServer, by_message_only: None) -> None:
    await new_gateway()
    async with switchboard_running() as board, call(FIRST) as first, call(SECOND):
        await redis.until_heard(control.control_group(board.owner))
        row = await until(lambda: row_of(FIRST))
        await until(lambda: row_of(SECOND))
        await database_sync_to_async(control.request_hangup)(row, "API")
        assert (await first.receive_output(timeout=30))["text"] == "HANGUP"
        ended = await until(lambda: Call.objects.filter(state="ended").first())
        assert (await database_sync_to_async(row_of)(SECOND)).state == "live"
    assert (ended.uuid, ended.hangup_source) == (row.uuid, "API Request")


async def test_a_start_makes_a_stream_on_that_call(redis: RedisServer, by_message_only: None) -> None:
    async with Customer() as customer:
        await new_gateway()
        async with switchboard_running() as board, call(FIRST) as first, call(SECOND):
            await redis.until_heard(control.control_group(board.owner))
            row = await until(lambda: row_of(FIRST))
            request = StreamRequest(customer.url, content_type="audio/x-mulaw;rate=8000")
            stream_id = await database_sync_to_async(control.request_start)(row, request, "API")
            await until(lambda: Stream.objects.filter(uuid=stream_id, state__in=("connected", "streaming")).first())
            await talk(first)
            started = await until(lambda: Stream.objects.filter(uuid=stream_id, state="streaming").first())
        conversation = await customer.conversation()
    assert started.call_id == row.pk
    assert (conversation.stream_id, conversation.call_id) == (str(stream_id), str(row.uuid))


async def test_digits_become_tones_towards_that_call(redis: RedisServer, by_message_only: None) -> None:
    await new_gateway()
    async with switchboard_running() as board, call(FIRST) as first, call(SECOND) as second:
        await redis.until_heard(control.control_group(board.owner))
        row = await until(lambda: row_of(FIRST))
        await database_sync_to_async(control.request_dtmf)(row, "19#", "API")
        played = b""
        while len(played) < 3 * 200 * 8:
            played += (await first.receive_output(timeout=30))["bytes"]
        assert await second.receive_nothing(timeout=0.1)
    assert len(played) == 3 * 200 * 8
    event = await database_sync_to_async(StreamEvent.objects.get)(kind="call_dtmf_sent")
    assert event.details["digits"] == "19#"


async def test_the_message_goes_to_the_holder_and_to_no_other_process(redis: RedisServer, by_message_only: None) -> None:
    await new_gateway()
    layer = get_channel_layer()
    elsewhere = await layer.new_channel()
    await layer.group_add(control.control_group("another process"), elsewhere)
    async with switchboard_running() as board, call(FIRST):
        await redis.until_heard(control.control_group(board.owner))
        row = await until(lambda: row_of(FIRST))
        await database_sync_to_async(control.request_hangup)(row, "API")
        await until(lambda: Call.objects.filter(state="ended").first())
        assert await database_sync_to_async(control.claim_waiting)("another process") == []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(layer.receive(elsewhere), 0.1)


async def test_a_layer_that_went_away_and_came_back_is_heard_again(
    redis: RedisServer, by_message_only: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PAUSE_SECONDS", 0.05)
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running() as board, call(FIRST) as first:
            await talk(first)
            await until(lambda: streaming(FIRST))
            await asyncio.to_thread(redis.kill)
            await talk(first, 20)  # no live call notices
            await asyncio.to_thread(redis.start)
            row = await until(lambda: row_of(FIRST))
            await database_sync_to_async(control.request_hangup)(row, "API")
            # Messages sent before the subscription is back are lost, as they may be; sooner or later one is heard.
            await until(lambda: control.nudge(board.owner) or Call.objects.filter(state="ended").first(), seconds=15)
            conversation = await customer.conversation()
            await conversation.until_closed()
    assert len([media for media in conversation.media if media.payload == SPEECH]) == 23


# Without it: the row carries the request -----------------------------------------------------------------------------------------
async def test_without_redis_a_stop_is_found_in_its_row(by_row_only: None) -> None:
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running(), call(FIRST) as first:
            await talk(first)
            stream = await until(lambda: streaming(FIRST))
            await database_sync_to_async(control.request_stop)(stream, "API")
            stopped = await until(lambda: ended_stream(stream.pk))
    assert stopped.end_cause == "stopped_by_api"


async def test_a_full_layer_loses_the_message_and_not_the_request(by_row_only: None, settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1}}}
    channel_layers.backends.clear()
    await new_gateway()
    async with switchboard_running() as board, call(FIRST):
        row = await until(lambda: row_of(FIRST))
        layer = get_channel_layer()
        for _ in range(50):
            await layer.group_send(control.control_group(board.owner), {"type": "control.waiting"})
        await database_sync_to_async(control.request_hangup)(row, "API")
        await until(lambda: Call.objects.filter(state="ended").first())
    channel_layers.backends.clear()


async def test_a_request_for_a_call_that_is_gone_is_taken_and_harms_nobody(by_row_only: None, caplog) -> None:
    await new_gateway()
    async with switchboard_running() as board, call(FIRST):
        live = await until(lambda: row_of(FIRST))
        gone = await database_sync_to_async(Call.objects.create)(account_id=live.account_id, started_at=timezone.now(), owner=board.owner)
        await database_sync_to_async(ControlRequest.objects.create)(call=gone, kind="hang_up", requested_by="API")
        await until(lambda: not ControlRequest.objects.filter(finished_at=None).exists())
        assert (await database_sync_to_async(row_of)(FIRST)).state == "live"


async def test_a_request_is_taken_once() -> None:
    row = await database_sync_to_async(gateway)()
    a_call = await database_sync_to_async(Call.objects.create)(account=row.account, started_at=timezone.now(), owner="me")
    await database_sync_to_async(control.request_dtmf)(a_call, "1", "API")
    processes = DatabaseThreads(4, "process")
    taken = await asyncio.gather(*(processes.run(control.claim_waiting, "me") for _ in range(4)))
    await processes.stop()
    assert sum(len(each) for each in taken) == 1


async def test_what_has_ended_cannot_be_asked_for_anything() -> None:
    row = await database_sync_to_async(gateway)()
    a_call = await database_sync_to_async(Call.objects.create)(account=row.account, started_at=timezone.now(), state="ended")
    with pytest.raises(control.NotLive, match="ended already"):
        await database_sync_to_async(control.request_hangup)(a_call, "API")
    with pytest.raises(ValueError, match="'x' as character 3"):
        await database_sync_to_async(control.request_dtmf)(a_call, "12x", "API")


# Leases ----------------------------------------------------------------------------------------------------------------------------
async def test_a_live_call_keeps_its_lease(settings) -> None:
    settings.LEASE_SECONDS = 0.8
    await new_gateway()
    async with switchboard_running(), call(FIRST):
        first = await until(lambda: row_of(FIRST))
        await until(lambda: row_of(FIRST).lease_until > first.lease_until)  # type: ignore[union-attr]
        late = await database_sync_to_async(Call.objects.filter(lease_until__lt=Now()).count)()
    assert late == 0


async def test_a_process_that_lost_its_lease_stops_that_call_and_writes_nothing(settings) -> None:
    settings.LEASE_SECONDS = 0.4
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running(), call(FIRST) as first, call(SECOND) as second:
            await talk(first)
            await talk(second)
            await until(lambda: streaming(FIRST))
            await until(lambda: streaming(SECOND))
            await database_sync_to_async(Call.objects.filter(pk=(await database_sync_to_async(row_of)(FIRST)).pk).update)(owner="", epoch=2)
            before = await database_sync_to_async(StreamEvent.objects.filter(call__uuid=FIRST[10:]).count)()
            assert (await first.receive_output(timeout=30))["code"] == 4409
            assert (await database_sync_to_async(streaming)(SECOND)) is not None
        after = await database_sync_to_async(StreamEvent.objects.filter(call__uuid=FIRST[10:]).count)()
    assert after == before


# The end of a process ----------------------------------------------------------------------------------------------------------------
async def test_draining_waits_for_calls_that_end_by_themselves() -> None:
    await new_gateway()
    async with switchboard_running() as board:
        communicator = socket()
        await communicator.connect(timeout=30)
        await communicator.send_to(text_data=MEDIA_START)
        await until(Call.objects.first)
        draining = asyncio.create_task(board.drain(10))
        await communicator.disconnect(timeout=30)
        await asyncio.wait_for(draining, 30)
        ended = await database_sync_to_async(Call.objects.get)()
    assert (ended.state, ended.hangup_cause_code) == ("ended", 4000)


async def test_draining_ends_what_is_live_after_its_limit_and_writes_it_down() -> None:
    async with Customer() as customer:
        await new_gateway(customer)
        async with switchboard_running() as board, call(FIRST) as first:
            await talk(first)
            stream = await until(lambda: streaming(FIRST))
            await asyncio.wait_for(board.drain(0.1), 30)
            assert (await first.receive_output(timeout=30))["code"] == 4012
            ended = await database_sync_to_async(Stream.objects.get)(pk=stream.pk)
            assert (await database_sync_to_async(row_of)(FIRST)).state == "ended"
    assert (ended.hangup_reason, ended.end_cause) == ("Connection error", "platform_stopped")


async def test_a_gateway_that_has_said_nothing_yet_is_closed_too() -> None:
    await new_gateway()
    async with switchboard_running() as board:
        communicator = socket()
        await communicator.connect(timeout=30)
        await board.drain(0.1)
        assert (await communicator.receive_output(timeout=30))["code"] == 4012
        await communicator.disconnect(timeout=30)
