"""Which call a line brings, or why it brings none: with the real note queue, its rows, and lines whose sockets are written down."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async

from streams import journal
from streams.calls.live_calls import OVER, LiveCalls, facts_of
from streams.calls.note_queue import NoteQueue
from streams.calls.relay import CLOSE_TAKEN, Relay, RelayContext
from streams.customers.dial import DialSettings
from streams.gateways.line import GatewayLine
from streams.gateways.refusals import Refusals
from streams.models import Call, Gateway, GatewayRefusal, StreamEvent
from streams.pure.call.limits import StreamLimits
from streams.pure.call.notes import CallKey
from streams.pure.customer.answer_xml import Answer
from streams.pure.gateway.dialects import CallIdentity, identity
from streams.pure.lifecycle import API_HANGUP, NORMAL_HANGUP, PROCESS_LOST, EndCause
from streams.pure.messages import Dtmf, GatewayMessage, StreamRequest
from streams.simulate.customer import Customer
from tests.streams.calls.written_line import CALL, MEDIA_START, METADATA, STARTED, WrittenLine, caller
from tests.streams.customer_services import REACH, TLS
from tests.streams.gateway_socket import until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
OWNER, OTHER = "a" * 32, "b" * 32
FIRST_WORDS = {"asterisk": MEDIA_START, "audio_stream": METADATA}


async def no_streams(relay: Relay) -> tuple[Answer, dict[str, Any]]:
    return Answer((), ()), {}


class Process:
    """The live calls of a process, and lines that may bring some."""

    def __init__(self, calls: LiveCalls, note_queue: NoteQueue, row: Gateway) -> None:
        self.calls, self.note_queue, self.row = calls, note_queue, row

    def open(self, line: GatewayLine, who: CallIdentity, first: GatewayMessage | None) -> Relay | None:
        context = RelayContext(
            StreamLimits(), DialSettings(REACH), TLS, self.note_queue.add, no_streams, lambda: ("token",), self.calls.over
        )
        return self.calls.open(line, who, first, context)

    def relay_of(self, call_id: str) -> Relay:
        return self.calls.relays[CallKey(self.row.account_id, UUID(call_id))]

    def line(self, dialect_name: str = "asterisk", query: dict[str, str] | None = None) -> WrittenLine:
        ids = {"gateway_id": self.row.pk, "account_id": self.row.account_id, "application_id": self.row.application_id}
        line = WrittenLine(caller(dialect_name, query, **ids), self.open)
        self.calls.lines.add(line)
        return line

    def brings(self, dialect_name: str = "asterisk", query: dict[str, str] | None = None) -> WrittenLine:
        line = self.line(dialect_name, query)
        line.feed(FIRST_WORDS[dialect_name])
        return line

    async def written(self) -> None:
        assert await self.note_queue.written(30)


@asynccontextmanager
async def process() -> AsyncIterator[Process]:
    row = await database_sync_to_async(gateway)()
    note_queue, refusals = NoteQueue(OWNER, 20.0), Refusals()
    calls = LiveCalls(note_queue, refusals)
    try:
        yield Process(calls, note_queue, row)
    finally:
        calls.end_all(EndCause.CALL_ENDED, NORMAL_HANGUP, "The test is over.", 1000)
        for line in calls.lines:
            line.closed(1000)
        await note_queue.stop(30)
        await refusals.stop()


async def refused(count: int) -> list[GatewayRefusal]:
    """The rows, once there are as many attempts as that."""

    def rows() -> list[GatewayRefusal] | None:
        found = list(GatewayRefusal.objects.order_by("id"))
        return found if sum(row.count for row in found) >= count else None

    return await until(rows)


async def closing(line: WrittenLine) -> tuple[int, str]:
    async with asyncio.timeout(30):
        while not line.closes:
            await asyncio.sleep(0.01)
    return line.closes[-1]


# Who the call is ---------------------------------------------------------------------------------------------------------------
async def test_a_call_is_what_its_line_and_its_first_message_say() -> None:
    who = CallIdentity(UUID(CALL), "+14155550123", "18005550100", "outbound", "")
    before = time.time()
    facts = facts_of(caller(gateway_id=7, account_id=8, application_id=9), who, STARTED)
    assert before <= facts.started_at <= time.time()
    assert (facts.call_id, facts.gateway_id, facts.account_id, facts.application_id) == (UUID(CALL), 7, 8, 9)
    assert (facts.from_number, facts.to_number, facts.direction) == ("+14155550123", "18005550100", "outbound")
    assert facts.gateway_call_id == "gw1-1"


@pytest.mark.parametrize("first", [None, Dtmf("5")])
async def test_without_a_start_the_gateway_has_no_name_for_its_call(first: GatewayMessage | None) -> None:
    assert facts_of(caller(), identity({}, {}), first).gateway_call_id == ""


async def test_a_call_without_a_uuid_gets_one_of_its_own() -> None:
    nameless = identity({}, {})
    assert facts_of(caller(), nameless, None).call_id != facts_of(caller(), nameless, None).call_id


# What is taken -------------------------------------------------------------------------------------------------------------------
async def test_a_new_call_is_live_has_heard_its_start_and_is_written_down() -> None:
    async with process() as this:
        line = this.brings()
        relay = this.relay_of(CALL)
        assert (relay.line, relay.session.media.gateway_call_id, line.decided.is_set()) == (line, "gw1-1", True)
        await this.written()
        row = await database_sync_to_async(Call.objects.get)()
        kinds = await database_sync_to_async(lambda: list(StreamEvent.objects.order_by("id").values_list("kind", flat=True)))()
    assert (row.uuid, row.gateway_id, row.owner) == (UUID(CALL), this.row.pk, OWNER)
    assert kinds[:2] == ["call_started", "call_media_started"]


async def test_a_line_that_brings_a_call_without_a_word_brings_one_all_the_same() -> None:
    async with process() as this:
        line = this.line()
        relay = this.open(line, identity(line.caller.query, {}), None)
        assert list(this.calls.relays.values()) == [relay]
        assert relay is not None and relay.session.media is None


async def test_calls_of_different_uuids_are_live_side_by_side() -> None:
    async with process() as this:
        this.brings()
        this.brings(query={"call_uuid": str(uuid4())})
        this.brings(query={})
        assert len(this.calls.relays) == 3


async def test_another_account_is_not_in_the_way_with_the_same_uuid() -> None:
    """Live, over and coming again: each of it counts within an account."""
    async with process() as this:
        theirs = await database_sync_to_async(gateway)("theirs")
        mine, row = this.brings("audio_stream"), this.row
        this.row = theirs
        other = this.brings("audio_stream")
        assert {key.account_id for key in this.calls.relays} == {row.account_id, theirs.account_id}
        assert (mine.closes, other.closes) == ([], [])
        other.closed(1000)
        async with asyncio.timeout(30):
            while len(this.calls.relays) > 1:
                await asyncio.sleep(0.01)
        assert this.calls.turns_away(other.caller) and not this.calls.goes_on(other.caller)
        assert this.calls.goes_on(mine.caller) and not this.calls.turns_away(mine.caller)
        await this.written()
        rows = await database_sync_to_async(lambda: dict(Call.objects.filter(uuid=CALL).values_list("account", "state")))()
    assert rows == {row.account_id: "live", theirs.account_id: "ended"}


async def test_a_call_that_may_come_back_goes_on_on_its_second_line() -> None:
    async with process() as this:
        first = this.brings("audio_stream").settled()
        relay = this.relay_of(CALL)
        second = this.brings("audio_stream")
        assert (this.calls.relays, relay.line) == ({relay.facts.key: relay}, second)
        assert second.decided.is_set()
        assert (second.closes, first.closes[-1][0]) == ([], 4410)
        second.closed(1000)
        assert not relay.live
    assert await database_sync_to_async(GatewayRefusal.objects.count)() == 0


# What is not -----------------------------------------------------------------------------------------------------------------------
async def test_a_second_line_of_a_live_call_is_closed_at_once_and_written_down(caplog: pytest.LogCaptureFixture) -> None:
    async with process() as this:
        first = this.brings()
        relay = this.relay_of(CALL)
        with caplog.at_level(logging.WARNING):
            second = this.brings()
        assert (second.closes, first.closes) == ([(CLOSE_TAKEN, "This call_uuid is live already.")], [])
        assert (relay.live, relay.line) == (True, first)
        assert second._call is None
        (row,) = await refused(1)
    assert (row.reason, row.words, row.name, row.dialect) == ("call_live", "This call_uuid is live already.", "pbx", "asterisk")
    assert (row.address, row.call_uuid, row.gateway_id) == ("192.0.2.7", UUID(CALL), this.row.pk)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == f"Gateway pbx brought call {CALL} again and was refused: This call_uuid is live already."


async def test_who_comes_again_for_ever_waits_longer_each_time_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with process() as this:
        this.brings("audio_stream")
        with caplog.at_level(logging.WARNING):
            again = [this.brings("audio_stream") for _ in range(4)]
        assert [line.closes for line in again] == [[], [], [], []]
        assert await closing(again[0]) == (CLOSE_TAKEN, "This call_uuid is live already, on a socket that is younger than 1 s.")
        assert await closing(again[1])
        assert again[3].closes == []
        (row,) = await refused(4)
    assert (row.reason, row.count) == ("call_live", 4)
    assert len([record for record in caplog.records if CALL in record.getMessage()]) == 1


async def test_a_call_that_is_over_is_not_begun_again_by_who_may_come_again_for_ever() -> None:
    async with process() as this:
        this.brings("audio_stream").closed(1000)
        assert this.calls.relays == {}
        await this.written()
        events = await database_sync_to_async(StreamEvent.objects.count)()
        again = this.brings("audio_stream")
        assert (this.calls.relays, await closing(again)) == ({}, (CLOSE_TAKEN, OVER))
        (row,) = await refused(1)
        await this.written()
    assert (row.reason, row.words, row.call_uuid) == ("call_used", OVER, UUID(CALL))
    assert await database_sync_to_async(StreamEvent.objects.count)() == events


async def test_another_gateways_call_of_an_old_uuid_is_refused_by_the_journal_and_said_once() -> None:
    async with process() as this:
        this.brings().closed(1000)
        await this.written()
        again = this.brings()
        code, words = await closing(again)
        assert (code, this.calls.relays) == (CLOSE_TAKEN, {})
        (row,) = await refused(1)
    assert "used before" in words
    assert (row.reason, row.words, row.count, row.call_uuid) == ("call_used", words, 1, UUID(CALL))


@pytest.mark.parametrize("begun", [True, False], ids=["its beginning is written", "nothing is written"])
async def test_a_call_whose_end_is_still_to_be_written_is_not_begun_again(begun: bool) -> None:
    """Else its last notes would be lost, and the new one, which the journal refuses, would live on and be written down nowhere."""
    async with process() as this:
        line = this.brings()
        if begun:
            await this.written()
        line.closed(1000)
        assert this.calls.relays == {}
        again = this.brings()
        assert (again.closes, this.calls.relays) == ([(CLOSE_TAKEN, OVER)], {})
        (refusal,) = await refused(1)
        await this.written()
        assert this.note_queue.pages == {}
    assert (refusal.reason, refusal.call_uuid) == ("call_used", UUID(CALL))
    assert (await database_sync_to_async(Call.objects.get)()).state == "ended"


async def test_a_call_is_not_begun_again_before_we_know_that_its_end_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others see the rows a moment sooner."""
    seen, over = asyncio.Event(), threading.Event()
    loop, really = asyncio.get_running_loop(), journal.record

    def slowly(*arguments: Any) -> None:
        really(*arguments)
        if Call.objects.filter(state="ended").exists():
            loop.call_soon_threadsafe(seen.set)
            over.wait(30)

    monkeypatch.setattr(journal, "record", slowly)
    async with process() as this:
        this.brings().closed(1000)
        async with asyncio.timeout(30):
            await seen.wait()
        again = this.brings()
        over.set()
        assert again.closes == [(CLOSE_TAKEN, OVER)]
        await this.written()
        assert this.note_queue.pages == {}
        assert (await closing(this.brings()))[0] == CLOSE_TAKEN


async def test_a_call_whose_lease_is_taken_stops_and_its_gateway_is_not_to_blame() -> None:
    async with process() as this:
        line = this.brings()
        await this.written()
        await database_sync_to_async(Call.objects.update)(owner=OTHER)
        this.relay_of(CALL).hear(Dtmf("5"), time.monotonic())
        assert (await closing(line))[0] == CLOSE_TAKEN
        assert this.calls.relays == {}
    assert await database_sync_to_async(GatewayRefusal.objects.count)() == 0


# Turned away at the door -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("query", [{}, {"call_uuid": "x"}, {"call_uuid": str(uuid4())}], ids=["none", "unreadable", "another"])
async def test_who_may_bring_something_new_is_let_in(query: dict[str, str]) -> None:
    async with process() as this:
        this.brings("audio_stream").closed(1000)
        assert not this.calls.turns_away(this.line("audio_stream", query).caller)
    assert await database_sync_to_async(GatewayRefusal.objects.count)() == 0


async def test_a_live_call_is_not_turned_away() -> None:
    async with process() as this:
        this.brings("audio_stream")
        assert not this.calls.turns_away(this.line("audio_stream").caller)


async def test_an_asterisk_call_that_is_over_is_not_turned_away_at_the_door() -> None:
    """It does not come again for ever, and the journal refuses it in better words."""
    async with process() as this:
        this.brings().closed(1000)
        assert not this.calls.turns_away(this.line().caller)


async def test_who_names_a_call_that_is_over_is_turned_away_logged_once_and_written_down(caplog: pytest.LogCaptureFixture) -> None:
    async with process() as this:
        this.brings("audio_stream").closed(1000)
        with caplog.at_level(logging.WARNING):
            assert [this.calls.turns_away(this.line("audio_stream").caller) for _ in range(3)] == [True] * 3
        (row,) = await refused(3)
    assert (row.reason, row.words, row.call_uuid, row.count) == ("call_used", OVER, UUID(CALL), 3)
    assert len([record for record in caplog.records if CALL in record.getMessage()]) == 1


async def test_who_names_a_call_that_is_just_ending_is_turned_away_while_its_customers_sockets_close() -> None:
    async with process() as this, Customer() as customer:
        line = this.brings("audio_stream")
        relay, request = this.relay_of(CALL), StreamRequest(customer.url)
        relay.carry_out("start", "anna", lambda session, now: session.start_stream(uuid4(), request, "API", now))
        conversation = await customer.conversation()
        line.feed(bytes(320))
        await conversation.until_media(1)
        relay.finish(EndCause.CALL_ENDED, API_HANGUP, "Hung up by anna.", 4000)
        assert relay.facts.key in this.calls.relays
        assert this.calls.turns_away(this.line("audio_stream").caller)
        await relay.done.wait()


async def test_each_time_at_the_door_makes_the_next_refusal_longer() -> None:
    async with process() as this:
        this.brings("audio_stream").closed(1000)
        for _ in range(8):
            this.calls.turns_away(this.line("audio_stream").caller)
        late = this.brings("audio_stream")
        await this.written()
        assert late.closes == []


# The end -----------------------------------------------------------------------------------------------------------------------------
async def test_an_ended_call_leaves_neither_a_relay_nor_a_page() -> None:
    async with process() as this:
        line = this.brings()
        line.closed(1000)
        assert this.calls.relays == {}
        await this.written()
        assert this.note_queue.pages == {}


async def test_ending_all_closes_who_brings_calls_and_who_has_not_said_yet() -> None:
    async with process() as this:
        live, silent = this.brings(), this.line(query={"call_uuid": str(uuid4())})
        this.calls.end_all(EndCause.PLATFORM_STOPPED, PROCESS_LOST, "The platform stops.", 4012)
        assert (live.closes, silent.closes) == ([(4012, "The platform stops.")], [(4012, "The platform stops.")])
        silent.feed(MEDIA_START)
        assert this.calls.relays == {}
        await this.written()
        row = await database_sync_to_async(Call.objects.get)()
    assert (row.state, row.hangup_cause_code) == ("ended", 5010)


async def test_ending_all_leaves_a_line_alone_whose_call_is_over() -> None:
    async with process() as this:
        line = this.brings()
        line.closed(1000)
        this.calls.end_all(EndCause.PLATFORM_STOPPED, PROCESS_LOST, "The platform stops.", 4012)
        assert line.closes == []


# Waiting for it ------------------------------------------------------------------------------------------------------------------------
async def test_with_nothing_live_there_is_nothing_to_wait_for() -> None:
    async with process() as this:
        this.brings().closed(1000)
        async with asyncio.timeout(30):
            await this.calls.until_done(3600)


async def test_a_live_call_is_waited_for_until_it_ends() -> None:
    async with process() as this:
        line = this.brings()
        waiting = asyncio.create_task(this.calls.until_done(3600))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        line.closed(1000)
        await asyncio.wait_for(waiting, 30)


async def test_a_line_that_brings_a_call_while_it_is_waited_for_is_waited_for_to_the_calls_end() -> None:
    async with process() as this:
        line = this.line()
        waiting = asyncio.create_task(this.calls.until_done(3600))
        await asyncio.sleep(0)
        line.feed(MEDIA_START)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        line.closed(1000)
        await asyncio.wait_for(waiting, 30)


@pytest.mark.parametrize("seconds", [0.05, 0.0, -1.0])
async def test_waiting_has_an_end_and_leaves_nothing_behind(seconds: float) -> None:
    async with process() as this:
        this.brings()
        this.line(query={"call_uuid": str(uuid4())})
        for _ in range(3):  # the call is being answered
            await asyncio.sleep(0)
        before = asyncio.all_tasks()
        async with asyncio.timeout(30):
            await this.calls.until_done(seconds)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before
        assert len(this.calls.relays) == 1
