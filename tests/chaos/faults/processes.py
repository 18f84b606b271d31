"""Faults of the platform's own processes: killed, stopped, drained, restarted."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.chaos.faults.customers import OK, Answered, BadReceiver
from tests.chaos.history import BroughtCall
from tests.chaos.invariants import NOISE_TIMES
from tests.chaos.sites import DIALECTS, LargeSite
from tests.chaos.trial import Fault, Trial, suffers

DELAY = (
    "CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$",
    "CREATE TRIGGER delay BEFORE UPDATE ON streams_callback FOR EACH ROW WHEN (NEW.state = 'delivered') EXECUTE FUNCTION delay()",
)
NO_DELAY = ("DROP TRIGGER delay ON streams_callback", "DROP FUNCTION delay()")
BOTH = ("worker 1", "worker 2")
NOTED_SECONDS = 0.02
WRITING_SECONDS = 0.3
"""An answer was sent: it is read by then, and its writing has begun, or is over where nothing holds it up."""


def large(trial: Trial) -> LargeSite:
    assert isinstance(trial.site, LargeSite)
    return trial.site


@asynccontextmanager
async def web_killed(trial: Trial) -> AsyncIterator[None]:
    site = large(trial)
    gone = site.webs.pop("web 1")
    trial.note("killed")
    await asyncio.to_thread(site.kill, "web 1")
    try:
        yield
    finally:
        site.webs["web 1"] = gone
        await asyncio.to_thread(site.start_web, "web 1")


@asynccontextmanager
async def web_killed_with_calls_of_any_age(trial: Trial) -> AsyncIterator[None]:
    """Those that have gone on for a while have their rows; others are in their first moment, and may have none yet."""
    await trial.peers.until_heard([trial.peers.place("first moment", web="web 1", dialect=dialect) for dialect in DIALECTS])
    async with web_killed(trial):
        yield


@asynccontextmanager
async def web_killed_without_database(trial: Trial) -> AsyncIterator[None]:
    """The database goes first, so that what begins and ends in between stands in no row when the process is killed."""
    site = large(trial)
    site.postgres.proxy.cut()
    site.postgres.proxy.silence()
    unwritten = [trial.peers.place("unwritten", web="web 1") for _ in range(2)]
    brief = trial.peers.place("unwritten and over", web="web 1")
    await trial.peers.until_heard([*unwritten, brief], frames=30)
    brief.hang_up()
    await brief.task
    await asyncio.sleep(1.2)  # what a spool promises: flushed each second
    trial.look_at_spools()
    try:
        async with web_killed(trial):
            yield
            await trial.nothing_was_written("the database was away")
            site.postgres.proxy.heal()
    finally:
        site.postgres.proxy.heal()


def on_the_killed_one(trial: Trial, call: BroughtCall) -> None:
    """That it is heard is noted beside the audio. Who is killed before, as it had no core, has told nobody."""
    killed_at = trial.notes["killed"]
    if call.web == "web 1" and call.began_at < killed_at:
        suffers(call, "process_lost")
        call.may_end = ("process_lost",)
        noted_within = NOTED_SECONDS + NOISE_TIMES * trial.history.worst_noise_ms / 1000
        streams = (stream for stream in trial.history.streams if stream.call_uuid == call.call_uuid)
        call.start_may_be_untold = any(stream.started_at > killed_at - noted_within for stream in streams)


def on_the_one_killed_without_database(trial: Trial, call: BroughtCall) -> None:
    """Billed to the last sign of life that was on disk."""
    if call.part != "unwritten and over":
        on_the_killed_one(trial, call)
        if not call.whole:
            call.may_miss_seconds = 4.0


@asynccontextmanager
async def web_stopped(trial: Trial) -> AsyncIterator[None]:
    site = large(trial)
    url = site.webs.pop("web 1")
    trial.note("killed")
    site.processes["web 1"].signal(signal.SIGSTOP)
    try:
        yield
    finally:
        site.processes["web 1"].signal(signal.SIGCONT)
        site.webs["web 1"] = url


def on_the_stopped_one(trial: Trial, call: BroughtCall) -> None:
    """Its lease ran out meanwhile; a short stop is survived. What its gateway sent in the meantime is not billed."""
    on_the_killed_one(trial, call)
    if not call.whole:
        call.may_end = ("process_lost", "call_ended")
        call.may_miss_seconds = trial.seconds + 6


@asynccontextmanager
async def workers_and_beat_killed(trial: Trial) -> AsyncIterator[None]:
    """While a callback is at its address and not answered, and another one was answered with 200 and that is not written yet: a trigger
    holds the writing up. A third one has failed, and has to be tried again."""
    site = large(trial)
    await all_are_told(trial)
    await received(await place_one_to_be_told_again(trial))
    late = [Answered(200, OK + b"Content-Length: 0\r\n\r\n", after_seconds=3)] * 9
    in_flight, answered = BadReceiver(late), BadReceiver([])
    alder, birch = await trial.peers.service("Alder", receiver=in_flight), await trial.peers.service("Birch", receiver=answered)
    await asyncio.to_thread(site.postgres.sql, *DELAY)
    trial.peers.place("in flight", to=alder, account="Alder")
    trial.peers.place("answered", to=birch, account="Birch")
    await asyncio.gather(received(in_flight), received(answered))
    await asyncio.sleep(WRITING_SECONDS)
    try:
        async with restarted(site, (*BOTH, "beat")):
            await asyncio.to_thread(site.postgres.sql, "SET statement_timeout = '20s'", *NO_DELAY)
            yield
    finally:
        await asyncio.to_thread(site.postgres.sql, "DROP TRIGGER IF EXISTS delay ON streams_callback", "DROP FUNCTION IF EXISTS delay()")


def told_twice(trial: Trial, call: BroughtCall) -> None:
    """Whoever was killed with its callback: it comes again, or nothing was lost with them."""
    told = [heard for heard in trial.history.callbacks if heard.call_uuid == call.call_uuid and heard.event == "StartStream"]
    if call.part in ("in flight", "answered") and len(told) < 2:
        trial.history.seen_wrong.append(f"a callback {call.part} did not come again: the fault did not hurt")


async def all_are_told(trial: Trial) -> None:
    """So that no more is held up than is meant."""
    async with asyncio.timeout(30):
        while sum(len(customer.receiver.callbacks) for customer in trial.peers.customers.values()) < len(trial.peers.callers):
            await asyncio.sleep(0.05)
    await asyncio.sleep(WRITING_SECONDS)


async def received(receiver: BadReceiver) -> None:
    async with asyncio.timeout(30):
        while not receiver.callbacks:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def restarted(site: LargeSite, names: Sequence[str]) -> AsyncIterator[None]:
    """Killed, and back in the end."""
    for name in names:
        await asyncio.to_thread(site.kill, name)
    try:
        yield
    finally:
        starts = (site.start_beat if name == "beat" else site.start_worker for name in names)
        await asyncio.gather(*(asyncio.to_thread(start, name) for start, name in zip(starts, names, strict=True)))


async def place_one_to_be_told_again(trial: Trial) -> BadReceiver:
    """Its first callbacks fail: only beat's sweep has them tried again."""
    receiver = BadReceiver([Answered(500, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")] * 2)
    trial.peers.place("told again", to=await trial.peers.service("Alder", receiver=receiver), account="Alder")
    return receiver


@asynccontextmanager
async def workers_stopped(trial: Trial) -> AsyncIterator[None]:
    processes = [large(trial).processes[name] for name in (*BOTH, "beat")]
    for process in processes:
        process.signal(signal.SIGSTOP)
    await place_one_to_be_told_again(trial)
    try:
        yield
    finally:
        for process in processes:
            process.signal(signal.SIGCONT)


@asynccontextmanager
async def drained(trial: Trial) -> AsyncIterator[None]:
    """SIGTERM, while a request is half sent and an upgrade has just come: calls that are live go on until they are hung up."""
    site = large(trial)
    url = site.webs.pop("web 2")
    host, port = url.removeprefix("ws://").split(":")
    _, half = await asyncio.open_connection(host, int(port))
    half.write(b"POST /v1/ HTTP/1.1\r\nHost: localhost\r\nContent-Le")
    await half.drain()
    process = site.processes["web 2"]
    process.signal(signal.SIGTERM)
    try:
        yield
        for caller in (mine := [caller for caller in trial.peers.callers if caller.record.web == "web 2"]):
            caller.hang_up()
        await asyncio.gather(*(caller.task for caller in mine))
        status = await asyncio.to_thread(site.end, "web 2")
        if status != 0:
            trial.history.seen_wrong.append(f"the drained process ended with {status}")
    finally:
        half.transport.abort()
        site.webs["web 2"] = url
        await asyncio.to_thread(site.start_web, "web 2")


@asynccontextmanager
async def all_restarted(trial: Trial) -> AsyncIterator[None]:
    """One web process in a hurry, where a second SIGTERM ends what is live; a worker and beat; then the other web process, which drains."""
    site = large(trial)
    await asyncio.gather(
        restarted_in_a_hurry(trial, "web 1"), *(asyncio.to_thread(end_and_start, site, name) for name in ("worker 1", "beat"))
    )
    async with drained(trial):
        yield


async def restarted_in_a_hurry(trial: Trial, name: str) -> None:
    site = large(trial)
    site.webs.pop(name)
    trial.note("hurried")
    site.processes[name].signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    if (status := await asyncio.to_thread(site.end, name)) != 0:
        trial.history.seen_wrong.append(f"{name} ended with {status}")
    await asyncio.to_thread(site.start_web, name)


def end_and_start(site: LargeSite, name: str) -> None:
    site.end(name)
    (site.start_beat if name == "beat" else site.start_worker)(name)


def on_the_hurried_one(trial: Trial, call: BroughtCall) -> None:
    if call.web == "web 1" and call.began_at < trial.notes["hurried"]:
        suffers(call, "platform_stopped")


FAULTS = [
    Fault("kill -9 of workers and beat, with callbacks", workers_and_beat_killed, 1, costs=told_twice, is_ready=True, settles_beside=True),
    Fault("kill -9 of a web process", web_killed_with_calls_of_any_age, 2, costs=on_the_killed_one, is_written=True),
    Fault("kill -9 with the database away", web_killed_without_database, 1, costs=on_the_one_killed_without_database, is_written=True),
    Fault("web process stopped (SIGSTOP)", web_stopped, 10, 60, costs=on_the_stopped_one, is_written=True),
    Fault("web process stopped for 60 s", web_stopped, 60, 60, costs=on_the_stopped_one, is_written=True, is_asked_for=True),
    Fault("workers and beat stopped (SIGSTOP)", workers_stopped, 6, 60, is_ready=True),
    Fault("workers and beat stopped for 60 s", workers_stopped, 60, 60, is_ready=True, is_asked_for=True),
    Fault("rolling restart: in a hurry, and drained", all_restarted, 3, costs=on_the_hurried_one),
]
