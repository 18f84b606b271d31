"""Processes that die, stop and change: nothing stays open, nothing is billed over, what was changed counts at once."""

import asyncio
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from streams.simulate.call_plan import CallPlan, CallRefused, End
from streams.simulate.customer import Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Installation, Web
from tests.journeys.stage import PASSWORD, accounts, live, plan, response, speech, stream, streams_to, written


@pytest.fixture
def own_web(installation: Installation) -> Iterator[Web]:
    """A web process that a test may do anything to."""
    web = installation.web("web of its own")
    yield web
    installation.processes.remove(web.process)
    web.process.stop()


async def test_a_killed_process_leaves_nothing_open(installation: Installation, own_web: Web, answers: Answers, console: Console) -> None:
    """Nor anything of the recording that it was at."""
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(own_web, customer, call_uuid, gateway="gw-recorded")
        voice = asyncio.create_task(call.send_frames(speech(30)))
        page_of_stream = f"/admin/cdr/streamdetail/{conversation.stream_id}/change/"
        await conversation.until_media(150)
        await asyncio.to_thread(console.page_that_says, page_of_stream, "The stream is being recorded")
        begun = await asyncio.to_thread(recorded_so_far, installation)
        own_web.process.signal(signal.SIGKILL)
        killed_at, heard_seconds = time.monotonic(), len(conversation.media) / 50
        assert await call.until_ended() is End.LOST
        await voice
        dropped = await customer.receiver.until_event(conversation.stream_id, "DroppedStream", timeout_seconds=30)
        assert time.monotonic() - killed_at < 20
        page = await asyncio.to_thread(console.call, call_uuid)
        await call.hang_up()
        await asyncio.to_thread(console.page_that_says, page_of_stream, "not kept: the process that recorded it was killed")
    assert not begun.exists() and not list((installation.folder / "recordings").rglob("*.sealed"))
    facts = page.facts[f"s{conversation.stream_id}"]
    assert dropped.parameters["Error"] == "the streaming service was interrupted"
    assert (facts["Hangup reason"], facts["Rounded bill duration"]) == ("Connection error", "60 s")
    assert 1 <= int(facts["Duration"].split()[0]) <= heard_seconds + 1, "billed to the last renewal, never over"
    assert page.facts[""]["Hangup cause"] == "5010 Internal Error"


def recorded_so_far(installation: Installation) -> Path:
    """The file of the only recording under way, once it is there."""
    deadline = time.monotonic() + 30
    while not (found := list((installation.folder / "recordings_in_work").glob("*.part"))):
        assert time.monotonic() < deadline, "nothing is recorded"
        time.sleep(0.05)
    (path,) = found
    assert b"fLaC" not in path.read_bytes()
    return path


async def test_a_load_balancer_sees_a_stop_before_the_port_closes(installation: Installation, answers: Answers) -> None:
    """What it sends until it has noticed is taken; and both calls have DRAIN_SECONDS after that."""
    web = await asyncio.to_thread(installation.web, "web with notice", DRAIN_NOTICE_SECONDS="8")
    async with Customer() as customer:
        early, first = await live(web, customer, streams_to(answers, customer))
        await asyncio.to_thread(until_ready, web, 200)
        web.process.signal(signal.SIGTERM)
        await asyncio.to_thread(until_ready, web, 503)
        late, second = await live(web, customer, streams_to(answers, customer))
        await asyncio.to_thread(refused, web)
        sent = speech(0.5)
        for call, conversation in ((early, first), (late, second)):
            assert call.end is None
            await call.send_frames(sent)
            await call.hang_up()
            await conversation.until_closed()
            assert conversation.audio == b"".join(sent)
        assert await asyncio.to_thread(web.process.wait) == 0
        for conversation in (first, second):
            await customer.receiver.until_event(conversation.stream_id, "StopStream")
    installation.processes.remove(web.process)
    web.process.stop()


def until_ready(web: Web, status: int) -> None:
    """Asks as a load balancer does. The port answers: anything but a status fails the test."""
    deadline = time.monotonic() + 30
    while (answered := readiness(web)) != status:
        assert time.monotonic() < deadline, f"it answers {answered}"
        time.sleep(0.05)


def readiness(web: Web) -> int:
    with closing(HTTPConnection(urlsplit(web.http_url).netloc, timeout=30)) as connection:
        connection.request("GET", "/readyz")
        return connection.getresponse().status


def refused(web: Web) -> None:
    """Returns once the process takes no new calls."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            asyncio.run(brief_call(web))
        except CallRefused:
            return
        time.sleep(0.25)  # each is a whole call, with its rows
    raise AssertionError("the process still takes calls")


async def brief_call(web: Web) -> None:
    call = AsteriskCall(plan(web))
    await call.connect()
    await call.hang_up()


async def test_sigterm_ends_what_does_not_finish_in_time(installation: Installation, answers: Answers, console: Console) -> None:
    web = await asyncio.to_thread(installation.web, "web without patience", DRAIN_SECONDS="1")
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(web, customer, call_uuid)
        voice = asyncio.create_task(call.send_frames(speech(30)))
        await conversation.until_media(10)
        web.process.signal(signal.SIGTERM)
        assert await call.until_ended() is End.BY_PLATFORM
        await voice
        await call.hang_up()
        assert await asyncio.to_thread(web.process.wait) == 0
        dropped = await customer.receiver.until_event(conversation.stream_id, "DroppedStream")
        facts = await asyncio.to_thread(console.stream, call_uuid, conversation.stream_id)
    installation.processes.remove(web.process)
    web.process.stop()
    assert dropped.parameters["Error"] == "the streaming service was restarted"
    assert (facts["Hangup reason"], facts["Duration"].split()[0] in "123") == ("Connection error", True)


async def test_what_is_provisioned_counts_without_a_restart(installation: Installation, web: Web, answers: Answers) -> None:
    """A gateway whose application is XML of its own, then the same application changed, then the password."""
    async with Customer() as first, Customer() as second:
        for password, customer in (("the-first-one-k7w2", first), ("the-second-one-q9x4", second)):
            given = accounts(answers.url)
            account = given["accounts"][0]
            xml = response(stream(customer.url, contentType="audio/x-mulaw;rate=8000"))
            account["applications"].append({"name": "XML", "answer_xml": xml})
            account["gateways"].append({"name": "gw2", "dialect": "asterisk", "password": password, "application": "XML"})
            process = await asyncio.to_thread(installation.provision, given)
            await asyncio.to_thread(installation.finish, process)
            async with asyncio.timeout(20):
                await until_taken(plan(web, gateway="gw2", password=password))
            call, conversation = await live(web, customer, str(uuid.uuid4()), gateway="gw2", password=password)
            await call.send_frames(speech(0.2))
            await conversation.until_media(10)
            await call.hang_up()
        with pytest.raises(CallRefused, match="HTTP 403"):
            await AsteriskCall(plan(web, gateway="gw2", password="the-first-one-k7w2")).connect()
    assert len(first.conversations) >= 1 and len(second.conversations) >= 1
    assert not {PASSWORD, "the-first-one-k7w2", "the-second-one-q9x4"} & set(web.process.output.split())


async def until_taken(wanted: CallPlan) -> None:
    """Tries until the platform takes a call like this one."""
    while True:
        call = AsteriskCall(wanted)
        try:
            await call.connect()
        except CallRefused:
            await asyncio.sleep(0.25)  # who asks too often is slowed down, and with him all that come from this address
        else:
            return await call.hang_up()


async def test_calls_go_on_while_redis_is_away(installation: Installation, web: Web, answers: Answers, console: Console) -> None:
    async with Customer() as customer:
        before, conversation = await live(web, customer, streams_to(answers, customer, keepCallAlive="false"))
        voice = asyncio.create_task(before.send_frames(speech(60)))
        await conversation.until_media(10)
        await written(customer, conversation)
        installation.kill_redis()
        try:
            during, second = await live(web, customer, streams_to(answers, customer))
            await during.send_frames(speech(0.4))
            await second.until_media(20)
            # The row carries the request when the channel layer cannot.
            page = await asyncio.to_thread(console.get, f"/admin/cdr/streamdetail/{conversation.stream_id}/stop/")
            await asyncio.to_thread(console.submit, page.form())
            await conversation.until_closed()
            assert before.end is None and during.end is None
            await during.hang_up()
        finally:
            installation.start_redis()
        for one in (conversation, second):
            await customer.receiver.until_event(one.stream_id, "StopStream", timeout_seconds=30)
            assert [callback.event for callback in customer.receiver.of(one.stream_id)] == ["StartStream", "StopStream"]
        await cancelled(voice)
        await before.hang_up()
    chunks = [media.chunk for media in conversation.media]
    assert chunks == list(range(1, len(chunks) + 1))
