"""Faults of gateways: those that die, those whose machine is gone, those that say nothing any more, and those that knock in vain.

What they do costs their own calls, which are billed to their last media, and nobody else's."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from streams.simulate.customer import Behaviour
from tests.chaos.callers import Caller
from tests.chaos.fault_proxy import CAN_LOSE_PACKETS
from tests.chaos.history import BroughtCall
from tests.chaos.sites import DIALECTS, LargeSite
from tests.chaos.trial import Fault, Trial, suffers
from tests.warm_start import with_descriptors

GONE = ("gateway_lost", "media_timeout")
KNOCKS = 300
ELSEWHERE = "127.0.0.2"


@asynccontextmanager
async def gateways_are_gone(trial: Trial) -> AsyncIterator[None]:
    """In every way, and nobody waits longer for one than for another.

    Some die: TCP is reset. The machines of some are gone: one is only listened to, to others audio is played all the time, which keep-alive
    does not see. Some fall silent: their connections stay open, and TCP answers, but no media comes any more."""
    peers = trial.peers
    echo = await peers.service("Birch", Behaviour(echo=True))
    dying = [peers.place("dies", account="Alder", dialect=dialect) for dialect in DIALECTS]
    vanishing = [
        peers.place("vanishes", account="Alder", dialect="asterisk"),
        peers.place("vanishes", account="Birch", dialect="asterisk", to=echo, bidirectional="true"),
        peers.place("vanishes", account="Birch", dialect="twilio", to=echo, bidirectional="true"),
    ]
    falling_silent = [peers.place("falls silent", dialect=dialect) for dialect in ("asterisk", "audio_stream", "twilio")]
    await peers.until_heard([*dying, *vanishing, *falling_silent], 30)
    await asyncio.gather(*(caller.vanish() for caller in dying))
    for caller in vanishing:
        caller.lose_touch()
    for caller in falling_silent:
        caller.muted = True
    try:
        yield
        await until_ended_in_rows(trial, [*dying, *vanishing, *falling_silent], 40)
    finally:
        for caller in vanishing:
            caller.find_touch()


async def until_ended_in_rows(trial: Trial, callers: list[Caller], within_seconds: float) -> None:
    uuids = [caller.record.call_uuid for caller in callers]
    for _ in range(int(within_seconds * 4)):
        if len(await asyncio.to_thread(trial.ended, uuids)) == len(uuids):
            return
        await asyncio.sleep(0.25)
    trial.history.seen_wrong.append(f"gateways that were gone were noticed by nobody within {within_seconds:g} s")


def that_is_gone(trial: Trial, call: BroughtCall) -> None:
    if call.part == "dies":
        suffers(call, "gateway_lost")
        call.may_end = ("gateway_lost",)
    if call.part in ("vanishes", "falls silent"):
        suffers(call, *GONE, misses=20.0)  # silence was heard in its place, where the account has it filled
        call.may_end = GONE


@asynccontextmanager
async def storm_of_passwords(trial: Trial) -> AsyncIterator[None]:
    """Hundreds of upgrades with wrong passwords at once, from another address than the good ones: wrong ones are counted by address."""
    assert isinstance(trial.site, LargeSite)
    host, port = trial.site.webs["web 1"].removeprefix("ws://").split(":")
    knocking = [asyncio.create_task(knock(host, int(port), number)) for number in range(KNOCKS)]
    try:
        yield
        answers = await asyncio.gather(*knocking)
        if any(b" 101 " in answer for answer in answers):
            trial.history.seen_wrong.append("a wrong password was let in")
    finally:
        for task in knocking:
            task.cancel()


async def knock(host: str, port: int, number: int) -> bytes:
    """The first bytes of the answer; none where there is none."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection(host, port, local_addr=(ELSEWHERE, 0))
            credentials = base64.b64encode(f"alder-asterisk:wrong-{number}".encode()).decode()
            writer.write(
                f"GET /gateway/asterisk/alder-asterisk/?call_uuid={number} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                f"Authorization: Basic {credentials}\r\n\r\n".encode()
            )
            answer = await reader.read(100)
            writer.close()
            return answer
    return b""


@asynccontextmanager
async def idle_connections(trial: Trial) -> AsyncIterator[None]:
    """400 connections that say nothing, to a process that may have 256 descriptors, with calls in it."""
    site = trial.site
    assert isinstance(site, LargeSite)
    await asyncio.to_thread(site.start_web, "web 3", *with_descriptors(256))
    writers: list[asyncio.StreamWriter] = []
    try:
        mine = [trial.peers.place("beside idle connections", web="web 3") for _ in range(3)]
        await trial.peers.until_heard(mine)
        host, port = site.webs["web 3"].removeprefix("ws://").split(":")
        for _ in range(400):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    writers.append((await asyncio.open_connection(host, int(port)))[1])
        site.webs.pop("web 3")
        yield
        for caller in mine:
            caller.hang_up()
        await asyncio.gather(*(caller.task for caller in mine))
    finally:
        for writer in writers:
            writer.transport.abort()
        site.webs.pop("web 3", None)
        await asyncio.to_thread(site.end, "web 3")


@asynccontextmanager
async def crowds(trial: Trial) -> AsyncIterator[None]:
    """Each at a process of its own."""
    async with idle_connections(trial), storm_of_passwords(trial):
        yield


PACKETS = "" if CAN_LOSE_PACKETS else "only Linux lets a process lose the packets that come to its own sockets"
FAULTS = [Fault("gateways die, vanish and fall silent", gateways_are_gone, 2, costs=that_is_gone, not_here=PACKETS)]
DOORS = [Fault("300 wrong passwords, 400 idle connections", crowds, 3, not_here=PACKETS and "127.0.0.2 is Linux' own")]
