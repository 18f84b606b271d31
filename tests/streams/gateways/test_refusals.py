"""Refused attempts become rows, soon and without anybody waiting; the rows stay few."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from channels.db import database_sync_to_async
from django.db import DataError, OperationalError

from streams import tasks
from streams.calls import switchboard
from streams.gateways import line, refusals
from streams.keeper import loops_down
from streams.models import Call, Gateway, GatewayRefusal
from streams.pure.gateway.refusal import Attempts, Reason, Refusal
from tests.streams.gateway_socket import MEDIA_START, call, socket, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
QUERY = "call_uuid=7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
WRONG = Refusal(Reason.WRONG_PASSWORD, "Wrong.", "pbx", "asterisk", "192.0.2.1", known=True)


async def refused(reason: Reason) -> GatewayRefusal:
    return await until(lambda: GatewayRefusal.objects.filter(reason=reason).first())


# What is refused ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "password", "reason", "name", "says"),
    [
        ("/gateway/asterisk/pbx/", "wrong", Reason.WRONG_PASSWORD, "pbx", "Wrong user name or password"),
        ("/gateway/asterisk/nobody/", "wrong", Reason.UNKNOWN_GATEWAY, "nobody", "There is no gateway of that name."),
        ("/gateway/twilio/pbx/", None, Reason.WRONG_DIALECT, "pbx", "The gateway speaks asterisk"),
        ("/gateway/freeswitch/pbx/", None, Reason.WRONG_DIALECT, "pbx", "The gateway speaks asterisk"),
        ("/gateways/pbx/secret", None, Reason.NO_SUCH_PATH, "/gateways/pbx/secret", "There is nothing at this path"),
    ],
)
async def test_before_the_upgrade(path, password, reason, name, says) -> None:
    row = await database_sync_to_async(gateway)()
    async with switchboard_running():
        communicator = socket(path, "pbx", password) if password else socket(path)
        assert not (await communicator.connect(timeout=30))[0]
        refusal = await refused(reason)
    assert (refusal.name, refusal.count, refusal.call_uuid) == (name, 1, None)
    assert refusal.gateway_id == (row.pk if name == "pbx" else None)
    assert refusal.dialect == (path.split("/")[2] if "asterisk" in path or "twilio" in path else "")
    assert says in refusal.words


async def test_a_signature_that_is_missing_or_does_not_fit() -> None:
    row = await database_sync_to_async(gateway)()
    await database_sync_to_async(Gateway.objects.filter(pk=row.pk).update)(dialect="twilio", signing_token="t" * 32)
    async with switchboard_running():
        for header, reason in ((None, Reason.NO_SIGNATURE), (b"wrong", Reason.WRONG_SIGNATURE)):
            communicator = socket("/gateway/twilio/pbx/")
            communicator.scope["headers"] += [(b"x-twilio-signature", header)] if header else []
            assert not (await communicator.connect(timeout=30))[0]
            assert (await refused(reason)).gateway_id == row.pk


async def test_a_codec_is_refused_with_its_call() -> None:
    await database_sync_to_async(gateway)()
    async with switchboard_running():
        communicator = socket(f"/gateway/asterisk/pbx/?{QUERY}")
        await communicator.connect(timeout=30)
        await communicator.send_to(text_data=MEDIA_START.replace("ulaw", "g729"))
        refusal = await refused(Reason.UNSUPPORTED_MEDIA)
        await communicator.disconnect()
        row = await until(Call.objects.first)
    assert refusal.call_uuid == row.uuid and "g729" in refusal.words


async def test_a_gateway_that_says_nothing_is_refused_with_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MEDIA_START_SECONDS", 0.05)
    await database_sync_to_async(gateway)()
    async with switchboard_running():
        communicator = socket()
        await communicator.connect(timeout=30)
        assert (await communicator.receive_output(timeout=30))["code"] == 4408
        refusal = await refused(Reason.NO_MEDIA)
        await communicator.disconnect()
        assert refusal.call_uuid == (await until(Call.objects.first)).uuid


async def test_a_call_uuid_that_is_live_and_one_that_was_used() -> None:
    await database_sync_to_async(gateway)()
    async with switchboard_running():
        async with call(QUERY):
            await until(Call.objects.first)
            async with call(QUERY):
                assert str((await refused(Reason.CALL_LIVE)).call_uuid) in QUERY
        await until(lambda: Call.objects.filter(state="ended").first())
        async with call(QUERY):
            assert str((await refused(Reason.CALL_USED)).call_uuid) in QUERY
    assert await database_sync_to_async(GatewayRefusal.objects.count)() == 2


async def test_a_process_that_is_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "draining", True)
    async with switchboard_running():
        assert not (await socket().connect(timeout=30))[0]
        assert (await refused(Reason.STOPPING)).gateway_id is None


@pytest.mark.parametrize(("peer", "address"), [("192.0.2.9", "192.0.2.9"), ("2001:db8:0:7:1:2:3:4", "2001:db8:0:7::/64")])
async def test_where_an_attempt_came_from(peer, address) -> None:
    async with switchboard_running():
        communicator = socket()
        communicator.scope["client"] = (peer, 40_000)
        await communicator.connect(timeout=30)
        assert (await refused(Reason.UNKNOWN_GATEWAY)).address == address


# Without the database ------------------------------------------------------------------------------------------------------------
async def test_with_the_database_away_an_attempt_is_refused_at_once_and_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    away = asyncio.Event()

    def write(attempts: list[Attempts]) -> None:
        if not away.is_set():
            raise OperationalError("gone")
        written(attempts)

    written = refusals.write
    monkeypatch.setattr(refusals, "write", write)
    monkeypatch.setattr(refusals, "PAUSE_SECONDS", 0.05)
    async with switchboard_running():
        for _ in range(3):
            assert not (await socket(password="wrong").connect(timeout=30))[0]
        await asyncio.sleep(0.1)
        away.set()
        assert (await refused(Reason.UNKNOWN_GATEWAY)).count == 3


async def test_what_waits_at_the_end_of_a_process_is_written() -> None:
    async with switchboard_running() as board:
        board.refusals.add(WRONG)
    assert await database_sync_to_async(GatewayRefusal.objects.count)() == 1


@pytest.mark.parametrize("error", [DataError("too long"), ValueError("A string literal cannot contain NUL (0x00) characters.")])
async def test_an_attempt_that_cannot_be_written_is_lost_and_holds_up_no_other(error, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a stranger's: it must not cost this process its readiness either."""

    def write(attempts: list[Attempts]) -> None:
        if any(alike.last.name == "bad" for alike in attempts):
            raise error
        written(attempts)

    written = refusals.write
    monkeypatch.setattr(refusals, "write", write)
    monkeypatch.setattr(refusals, "WRITE_SECONDS", 0.01)
    async with switchboard_running() as board:
        board.refusals.add(replace(WRONG, name="bad"))
        while board.refusals._tally:
            await asyncio.sleep(0.01)
        board.refusals.add(replace(WRONG, name="good"))
        await until(lambda: GatewayRefusal.objects.filter(name="good").first())
        assert loops_down() == []
    assert not await database_sync_to_async(GatewayRefusal.objects.filter(name="bad").exists)()


# Rows ----------------------------------------------------------------------------------------------------------------------------
def wrong(at: float, count: int = 1, **changes: object) -> Attempts:
    return Attempts(replace(WRONG, **changes), count, at, at)  # type: ignore[arg-type]


def test_an_hour_has_one_row_for_what_is_alike_and_the_next_hour_another() -> None:
    for attempts in ([wrong(NOON)], [wrong(NOON + 3599, 5, words="Wrong again.")], [wrong(NOON + 3600)]):
        refusals.write(attempts)
    later, earlier = GatewayRefusal.objects.all()
    assert (earlier.count, earlier.words) == (6, "Wrong again.")
    assert (earlier.first_at.timestamp(), earlier.last_at.timestamp()) == (NOON, NOON + 3599)
    assert (later.count, later.first_at.timestamp()) == (1, NOON + 3600)


def test_a_gateway_that_was_deleted_leaves_its_attempts() -> None:
    row = gateway()
    refusals.write([wrong(NOON)])
    row.delete()
    assert GatewayRefusal.objects.get().gateway_id is None


def test_old_rows_go_and_of_the_others_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "KEPT_OF_STRANGERS", 3)
    gateway()
    now = datetime.fromtimestamp(NOON, UTC)
    old = (now - timedelta(days=31)).timestamp()
    strangers = [wrong(NOON - number, name=f"gw{number}", known=False) for number in range(6)]
    refusals.write([wrong(old), wrong(NOON - 60), *strangers])
    assert refusals.forget_old(now) == 4
    assert [row.name for row in GatewayRefusal.objects.all()] == ["gw0", "gw1", "gw2", "pbx"]
    tasks.forget_old_gateway_rows()
    assert refusals.forget_old(now) == 0
