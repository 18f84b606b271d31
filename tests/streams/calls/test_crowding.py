"""Limits of calls and streams at once, of an account and of a gateway: whoever asks, a gateway's call or an application's XML."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from streams.calls import crowding
from streams.calls.crowding import in_use_elsewhere
from streams.models import Account, Call, Gateway, GatewayRefusal, Stream, StreamEvent
from streams.pure.lifecycle import CALL_LIMIT, SPENDING_LIMIT, STREAM_LIMIT
from streams.simulate.customer import Behaviour, Customer
from tests.streams.gateway_socket import call, socket, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING = "<Response/>"


async def made(name: str = "pbx", answer_xml: str = NOTHING, *, of_account: dict[str, int] | None = None, **limits: int) -> Gateway:
    def make() -> Gateway:
        row = gateway(name, answer_xml)
        Account.objects.filter(pk=row.account_id).update(**(of_account or {"concurrent_calls_limit": 500}))
        Gateway.objects.filter(pk=row.pk).update(**{**{"concurrent_calls_limit": None}, **limits})
        return row

    return await database_sync_to_async(make)()


async def ended(**which: Any) -> Call:
    return await until(Call.objects.filter(state="ended", **which).first)


async def live(count: int, **which: Any) -> None:
    await until(lambda: Call.objects.filter(state="live", **which).count() == count)


@pytest.mark.parametrize(
    ("limits", "whose"), [({"of_account": {"concurrent_calls_limit": 2}}, "account"), ({"concurrent_calls_limit": 2}, "gateway")]
)
async def test_one_call_too_many_is_hung_up_with_a_cause_of_its_own(limits: dict[str, Any], whose: str) -> None:
    await made(**limits)
    await made("others")
    async with switchboard_running(), AsyncExitStack() as calls:
        for _ in range(2):
            await calls.enter_async_context(call())
        await calls.enter_async_context(call(user="others"))
        await live(3)
        third = f"{uuid4()}"
        async with call(f"call_uuid={third}"):
            row = await ended(uuid=third)
        assert (row.hangup_cause_code, row.hangup_cause_name, row.hangup_source) == CALL_LIMIT
        kinds = await database_sync_to_async(lambda: list(StreamEvent.objects.filter(call=row).values_list("kind", "details__words")))()
        words = f"The {whose} may have 2 calls at once, and has as many. Calls that end make room; an operator can raise the limit."
        assert kinds[-1] == ("call_ended", words)
        assert "call_answered" not in dict(kinds)  # no application was asked
        await live(3)


async def test_calls_that_end_make_room() -> None:
    await made(concurrent_calls_limit=1)
    async with switchboard_running():
        for _ in range(3):
            async with call(f"call_uuid={(call_id := uuid4())}"):
                await until(Call.objects.filter(uuid=call_id, state="live", audio_format__gt="").first)
            await ended(uuid=call_id)
    assert await database_sync_to_async(Call.objects.filter(hangup_cause_code=CALL_LIMIT.code).count)() == 0


def streams_to(customer: Customer, count: int) -> str:
    elements = (f'<Stream contentType="audio/x-mulaw;rate=8000">{customer.url}?n={number}</Stream>' for number in range(count))
    return f"<Response>{''.join(elements)}</Response>"


@pytest.mark.parametrize(
    ("limits", "whose"), [({"of_account": {"concurrent_streams_limit": 3}}, "account"), ({"concurrent_streams_limit": 3}, "gateway")]
)
async def test_streams_that_xml_asks_for_keep_to_the_limits(limits: dict[str, Any], whose: str) -> None:
    words = f"the {whose} may have 3 streams at once, and has as many"
    async with Customer(Behaviour()) as customer:
        await made(answer_xml=streams_to(customer, 2), **limits)
        async with switchboard_running(), call(f"call_uuid={(first := uuid4())}"):
            await until(lambda: Stream.objects.filter(call__uuid=first).count() == 2)
            async with call(f"call_uuid={(second := uuid4())}"):
                warning = await until(StreamEvent.objects.filter(call__uuid=second, kind="call_answer_warning").first)
                assert warning.details["problem"] == f"The last 1 of its streams are left out: {words}."
                assert await database_sync_to_async(Stream.objects.filter(call__uuid=second).count)() == 1
                async with call(f"call_uuid={(third := uuid4())}"):
                    row = await ended(uuid=third)
                assert (row.hangup_cause_code, row.hangup_cause_name, row.hangup_source) == STREAM_LIMIT
                end = await database_sync_to_async(StreamEvent.objects.get)(call=row, kind="call_ended")
                assert end.details["words"] == f"None of the answer's 2 streams is begun: {words}."
        assert await database_sync_to_async(Stream.objects.count)() == 3


async def test_an_account_that_has_spent_its_limit_begins_no_stream_and_the_call_says_why() -> None:
    """What streams goes on."""
    async with Customer(Behaviour()) as customer:
        row = await made(answer_xml=streams_to(customer, 1))
        accounts = Account.objects.filter(pk=row.account_id)
        async with switchboard_running() as board, call(f"call_uuid={(first := uuid4())}"):
            await until(lambda: Stream.objects.filter(call__uuid=first).count() == 1)
            await database_sync_to_async(accounts.update)(spending_stopped_at=timezone.now())
            await until(lambda: bool(board.directory.entries["pbx"].spending_stopped_at))
            async with call(f"call_uuid={(second := uuid4())}"):
                stopped = await ended(uuid=second)
            assert (stopped.hangup_cause_code, stopped.hangup_cause_name, stopped.hangup_source) == SPENDING_LIMIT
            end = await database_sync_to_async(StreamEvent.objects.get)(call=stopped, kind="call_ended")
            assert "the account has spent what it may this month; an operator can raise the limit" in end.details["words"]
            assert await database_sync_to_async(Stream.objects.exclude(state="ended").count)() == 1
            await database_sync_to_async(accounts.update)(spending_stopped_at=None)
            await until(lambda: not board.directory.entries["pbx"].spending_stopped_at)
            async with call(f"call_uuid={(third := uuid4())}"):
                await until(lambda: Stream.objects.filter(call__uuid=third).count() == 1)


async def test_what_another_process_has_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "REFRESH_SECONDS", 0.05)
    row = await made(of_account={"concurrent_calls_limit": 1})
    await elsewhere(row)
    async with switchboard_running() as board:
        entry = await board.directory.find("pbx")
        await until(lambda: bool(board.crowding.refused_call(entry, coming=1)))
        async with call(f"call_uuid={(call_id := uuid4())}"):
            assert (await ended(uuid=call_id)).hangup_cause_code == CALL_LIMIT.code


@database_sync_to_async
def elsewhere(row: Gateway, **columns: Any) -> None:
    there = Call.objects.create(account=row.account, gateway=row, started_at=timezone.now(), owner="another process", **columns)
    for state in ("streaming", "connecting", "ended"):
        Stream.objects.create(call=there, account=row.account, state=state, requested_at=timezone.now(), service_url="ws://bot.example/")


async def test_only_live_calls_and_streams_of_others_count() -> None:
    row = await made()
    await elsewhere(row)
    await elsewhere(row, state="ended", ended_at=timezone.now())
    found = await database_sync_to_async(in_use_elsewhere)("this process")
    assert found.calls == {("account", row.account_id): 1, ("gateway", row.pk): 1}
    assert found.streams == {("account", row.account_id): 2, ("gateway", row.pk): 2}
    assert (await database_sync_to_async(in_use_elsewhere)("another process")).calls == {}


async def test_a_gateway_that_goes_on_bringing_too_many_is_turned_away_without_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "TOLD_A_MINUTE", 2)
    await made(concurrent_calls_limit=1)
    async with switchboard_running(), call():
        await live(1)
        for _ in range(2):
            async with call(f"call_uuid={(call_id := uuid4())}"):
                await ended(uuid=call_id)
        for _ in range(20):
            assert (await socket().connect(timeout=30))[0] is False
        row = await until(refused(20))
    assert (row.reason, row.gateway_id is not None) == ("too_many_calls", True)
    assert await database_sync_to_async(Call.objects.count)() == 3


async def test_sockets_that_bring_no_call_yet_count_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "TOLD_A_MINUTE", 0)
    await made(concurrent_calls_limit=3)
    async with switchboard_running():
        silent = [socket() for _ in range(4)]
        assert [(await each.connect(timeout=30))[0] for each in silent] == [True, True, True, False]
        for each in silent[:3]:
            await each.disconnect(timeout=30)
        async with call(f"call_uuid={(call_id := uuid4())}"):
            await until(Call.objects.filter(uuid=call_id, audio_format__gt="").exists)


def refused(count: int) -> Callable[[], GatewayRefusal | None]:
    return lambda: GatewayRefusal.objects.filter(count=count).first()
