"""What comes to the door of a process beside its live calls, from outside: more of it than there are descriptors, places or turns."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from streams.pure.door_plan import DoorPlan, door_plan
from streams.serving.doors import CALLS, LONGEST_REST_SECONDS, PAGES, PATIENCE_SECONDS, PROBES, Doors, Entrances, Visit
from tests.streams.server_process import ServerProcess, get, serving
from tests.warm_start import with_descriptors

DESCRIPTORS = 128
PLAN = door_plan(DESCRIPTORS)
other_addresses = pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has all of 127.0.0.0/8.")


@asynccontextmanager
async def small_server(**arguments: Any) -> AsyncIterator[ServerProcess]:
    async with serving(with_descriptors(DESCRIPTORS), **arguments) as server:
        yield server


@asynccontextmanager
async def live_call(server: ServerProcess) -> AsyncIterator[None]:
    """One that is spoken on all the time, and loses nothing."""
    over, said = asyncio.Event(), 0

    async def speak() -> int:
        async with connect(server.url("/call"), compression=None) as call:
            number = 0
            while not over.is_set():
                await call.send(str(number))
                assert await call.recv() == str(number)
                number += 1
                await asyncio.sleep(0.02)
            return number

    await server.answer_to(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    speaking = asyncio.create_task(speak())
    await server.says("open", "/call")
    try:
        yield
    finally:
        over.set()
        said = await asyncio.wait_for(speaking, 30)
    assert said > 1


@pytest.mark.parametrize(
    "first", [b"", b"GET / HTTP/1.1\r\nX-Slow: ", b"\x16\x03\x01\x00\xf4\x01"], ids=["nothing", "half a head", "a TLS hello"]
)
async def test_ever_more_connections_that_ask_nothing_close_the_oldest_and_nothing_else(first: bytes) -> None:
    async with small_server() as server, live_call(server), AsyncExitStack() as strangers:
        peers = []
        for _ in range(400):
            peer, writer = await strangers.enter_async_context(server.raw())
            writer.write(first)
            peers.append(peer)
        assert (await get(server)).startswith(b"HTTP/1.1 200")
        assert await asyncio.wait_for(peers[0].read(), 30) == b""
        await get(server, "/tables")
        assert (await said(server, "tables"))[1] <= PLAN.waiting


async def test_a_connection_that_says_nothing_has_a_deadline_from_its_first_moment() -> None:
    async with serving(limits={"head_seconds": 0.3}) as server, server.raw() as (reader, _):
        assert await asyncio.wait_for(reader.read(), 30) == b""


@other_addresses
async def test_whoever_has_many_connections_takes_nobody_elses_place() -> None:
    async with small_server() as server, AsyncExitStack() as connections:
        first, writer = await connections.enter_async_context(server.raw("127.0.1.1"))
        for _ in range(100):
            await connections.enter_async_context(server.raw("127.0.2.2"))
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await asyncio.wait_for(first.read(), 30)).startswith(b"HTTP/1.1 200")


async def test_an_address_alone_may_fill_the_room_as_a_proxy_does() -> None:
    async with small_server() as server, AsyncExitStack() as connections:
        for _ in range(PLAN.waiting):
            await connections.enter_async_context(server.raw())
        await get(server, "/tables")
        assert (await said(server, "tables"))[1] == PLAN.waiting - 1, "one went for the last request"


async def test_when_every_place_is_taken_the_rest_is_told_to_come_again_and_probes_are_answered() -> None:
    async with small_server() as server, AsyncExitStack() as calls:
        for _ in range(PLAN.taken):
            await calls.enter_async_context(connect(server.url("/call"), compression=None))
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.url("/call"), compression=None)
        assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (503, "2")
        assert (await get(server)).startswith(b"HTTP/1.1 503 ")
        assert (await get(server, "/healthz")).startswith(b"HTTP/1.1 200")
        await calls.aclose()
        await server.says("finalised", "/call")
        assert (await asyncio.wait_for(until_answered(server), 30)).startswith(b"HTTP/1.1 200")


async def until_answered(server: ServerProcess, path: str = "/") -> bytes:
    while (answer := await get(server, path)).startswith(b"HTTP/1.1 503 "):
        await asyncio.sleep(0.02)
    return answer


@other_addresses
async def test_upgrades_that_are_judged_for_long_are_few_at_once_and_leave_others_theirs() -> None:
    """/never is judged until it is given up. Of one address some have their turn, some wait, and the rest is refused."""
    async with small_server(calls="/") as server, AsyncExitStack() as strangers:
        answers = []
        for _ in range(PLAN.calls.there_each + 3):
            reader, writer = await strangers.enter_async_context(server.raw("127.0.1.1"))
            writer.write(upgrade("/never"))
            answers.append(asyncio.create_task(reader.readline()))
        done, _ = await asyncio.wait(answers, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert all(each.result().startswith(b"HTTP/1.1 503 ") for each in done)
        async with server.raw("127.0.2.2") as (reader, writer):
            writer.write(upgrade("/echo"))
            assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 101 ")
        await get(server, "/tables", "127.0.2.2")
        *_, begun, waiting, _ = await said(server, "tables")
        assert begun <= PLAN.calls.at_once_each + 1 and 0 < begun + waiting <= PLAN.calls.there_each + 1
        for each in answers:
            each.cancel()


@other_addresses
async def test_behind_a_proxy_it_is_its_visitors_who_are_counted() -> None:
    async with small_server(calls="/") as server, AsyncExitStack() as strangers:
        for _ in range(PLAN.calls.there_each + 3):
            _, writer = await strangers.enter_async_context(server.raw("127.0.3.1"))
            writer.write(upgrade("/never", b"X-Forwarded-For: 203.0.113.7\r\n"))
        async with server.raw("127.0.3.1") as (reader, writer):
            writer.write(upgrade("/echo", b"X-Forwarded-For: 203.0.113.8\r\n"))
            assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 101 ")


async def test_pages_are_answered_some_at_once_and_each_in_its_turn() -> None:
    async with small_server() as server:
        answers = await asyncio.gather(*(get(server, "/slow") for _ in range(PLAN.pages.there_each)))
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * len(answers)
        await get(server, "/tables")
        assert await said(server, "tables") == [1, 0, 0, 1, 0, 0]


async def test_large_bodies_fill_no_memory_and_leave_room_for_forms() -> None:
    async with serving(limits={"bodies_bytes": 300_000}) as server, AsyncExitStack() as strangers:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        for _ in range(3):
            _, writer = await strangers.enter_async_context(server.raw())
            writer.write(head % 1_000_000 + bytes(90_000))
            await writer.drain()
        await until_bytes(server, 270_000)
        assert (await server.answer_to(head % 200_000 + bytes(200_000))).startswith(b"HTTP/1.1 503 ")
        assert (await server.answer_to(head % 60_000 + bytes(60_000))).startswith(b"HTTP/1.1 200")
        await strangers.aclose()
        await until_bytes(server, 0)
        assert (await server.answer_to(head % 200_000 + bytes(200_000))).startswith(b"HTTP/1.1 200")


async def until_bytes(server: ServerProcess, count: int) -> None:
    async with asyncio.timeout(30):
        while True:
            await get(server, "/tables")
            if (await said(server, "tables"))[-1] == count:
                return


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="This system does not say what a process costs.")
async def test_without_a_descriptor_calls_go_on_and_whoever_comes_waits() -> None:
    async with small_server() as server, live_call(server):
        hogging = asyncio.create_task(get(server, "/hog"))
        await server.says("hogging")
        before = cpu_seconds(server)
        late = asyncio.create_task(get(server))
        await server.says("hogged", True)
        assert cpu_seconds(server) - before < 0.5, "it went round and round"
        assert (await hogging).startswith(b"HTTP/1.1 200") and (await late).startswith(b"HTTP/1.1 200")


async def test_thousands_that_open_and_close_leave_nothing_behind() -> None:
    async with small_server() as server, live_call(server):
        for _ in range(20):
            opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(100)))
            for number, (_, writer) in enumerate(opened):
                writer.write(b"" if number % 2 else b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * (number % 5))
                writer.transport.abort()
        async with asyncio.timeout(30):
            while (await tables_now(server)) != [2, 0, 0, 1, 0, 0]:
                await asyncio.sleep(0.05)


async def tables_now(server: ServerProcess) -> list[int]:
    await until_answered(server, "/tables")
    return await said(server, "tables")


async def said(server: ServerProcess, word: str) -> list[int]:
    assert server.process.stdout is not None
    async with asyncio.timeout(30):
        while not (line := (await server.process.stdout.readline()).decode()).startswith(word):
            assert line, "the server ended"
    return [int(each) for each in line.split()[1:]]


def cpu_seconds(server: ServerProcess) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def upgrade(path: str, header: bytes = b"") -> bytes:
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    return b"GET %b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%b%b\r\n" % (path.encode(), key, header)


# The rules, without a process -----------------------------------------------------------------------------------------------------
class Clock:
    """A time that passes when it is told to, and what is to be called later."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.due: list[tuple[float, Any]] = []

    def monotonic(self) -> float:
        return self.now

    def call_later(self, seconds: float, function: Any) -> None:
        self.due.append((self.now + seconds, function))

    def next(self) -> None:
        self.due.sort(key=lambda due: due[0])
        at, function = self.due.pop(0)
        self.now = max(self.now, at)
        function()


class Place:
    def fileno(self) -> int:
        return 20


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("streams.serving.doors.time", clock)
    return clock


def doors(clock: Clock, plan: DoorPlan = PLAN) -> Doors:
    return Doors(plan, Entrances(probes=("/healthz",)), clock.call_later)


def visit(clock: Clock, kind: str, log: list[str], name: str, cost_seconds: float = 0.0) -> Visit:
    def begin() -> None:
        clock.now += cost_seconds
        log.append(name)

    return Visit(kind, name[0], begin, lambda: log.append(f"no {name}"), clock.now)


def test_a_turn_is_followed_by_a_rest_that_grows_with_what_it_cost(clock: Clock) -> None:
    log: list[str] = []
    door = doors(clock)
    for name in ("a1", "b1", "c1"):
        door.ask(visit(clock, CALLS, log, name, 0.01), Place())
    assert len(clock.due) == 1 and log == []
    clock.next()
    assert (log, round(clock.due[0][0] - clock.now, 4)) == (["a1"], 0.03)
    clock.now = clock.due[0][0] + 1.0  # the event loop was late by a second
    clock.next()
    assert (log, round(clock.due[0][0] - clock.now, 4)) == (["a1", "b1"], LONGEST_REST_SECONDS)


def test_one_that_cannot_be_begun_keeps_nobody_waiting(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    log: list[str] = []
    door = doors(clock)
    door.ask(Visit(CALLS, "a", fail, fail, clock.now), Place())
    door.ask(visit(clock, CALLS, log, "b1"), Place())
    while clock.due:
        clock.next()
    assert log == ["b1"] and "could not be begun" in caplog.text
    assert door.turns[CALLS].begun == {"b": 1}


def test_probes_go_first_and_whoever_waited_too_long_or_has_gone_is_not_begun(clock: Clock) -> None:
    log: list[str] = []
    door = doors(clock)
    late, gone = visit(clock, CALLS, log, "late"), visit(clock, PAGES, log, "gone")
    door.ask(late, Place())
    door.ask(gone, Place())
    door.leave(gone)
    clock.now += PATIENCE_SECONDS + 1
    door.ask(visit(clock, PAGES, log, "page"), Place())
    door.ask(visit(clock, PROBES, log, "healthz"), Place())
    while clock.due:
        clock.next()
    assert log[0] == "healthz" and sorted(log[1:]) == ["no late", "page"]


def test_entrances_are_told_apart_by_their_paths_and_addresses_by_their_networks() -> None:
    entrances = Entrances(probes=("/healthz",), proxies=(ip_network("10.0.0.0/8"),))
    kinds = [entrances.kind(path, upgrade=True) for path in ("/gateway/twilio/x/", "/admin/live/call/1/", "/healthz")]
    assert kinds == [CALLS, PAGES, PROBES]
    assert entrances.kind("/gateway/twilio/x/", upgrade=False) == PAGES
    assert entrances.address("10.0.0.1", "2001:db8:0:7:1::9, 10.0.0.2") == "2001:db8:0:7::"
    assert entrances.address("203.0.113.9", "198.51.100.1") == "203.0.113.9", "a stranger's header is not believed"
