"""Media apart from the console: one process has the calls, another the pages and the API; what becomes of this one is nothing to those."""

import asyncio
import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from streams.simulate.call_plan import CallRefused
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.asking import asked_of_the_api, live_log, status_of
from tests.journeys.installation import Installation, Web
from tests.journeys.stage import AUTH_ID, live, plan, speech, streams_to, written


@pytest.fixture(scope="module")
def apart(installation: Installation) -> Iterator[tuple[Web, Web]]:
    """A process for media and one for the console, started beside each other."""
    processes = [installation.start_web(f"web ({role})", SERVE_ROLE=role) for role in ("media", "console")]
    yield Web(processes[0]), Web(processes[1])
    for process in processes:
        installation.processes.remove(process)
        process.stop()


async def test_a_call_on_media_is_seen_live_on_the_console_and_stopped_by_its_api(apart: tuple[Web, Web], answers: Answers) -> None:
    media, pages = apart
    console = await asyncio.to_thread(pages.console)
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(media, customer, call_uuid)
        await call.send_frames(speech(0.1))
        await written(customer, conversation)
        await call.send_dtmf("7")
        async with asyncio.timeout(30), live_log(pages, console, call_uuid) as log:
            await log.send(json.dumps({"seen": []}))
            while "Digit 7" not in await log.recv():
                pass
        status = await asyncio.to_thread(asked_of_the_api, pages, "DELETE", f"Call/{call_uuid}/Stream/{conversation.stream_id}/")
        assert status == 204
        await conversation.until_closed()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
        await call.hang_up()
        facts = await asyncio.to_thread(console.stream, call_uuid, conversation.stream_id)
    assert facts["Hangup reason"] == "API request"


async def test_a_frozen_console_touches_no_audio(apart: tuple[Web, Web], answers: Answers) -> None:
    media, pages = apart
    console = await asyncio.to_thread(pages.console)
    async with Customer() as customer:
        before, first = await live(media, customer, streams_to(answers, customer))
        await before.send_frames(speech(0.3))
        pages.process.signal(signal.SIGSTOP)
        try:
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(status_of, pages, "/healthz", 0.5)
            during, second = await live(media, customer, streams_to(answers, customer))
            for call, conversation, seconds in ((before, first, 1.3), (during, second, 1.0)):
                await call.send_frames(speech(1))
                await call.hang_up()
                await conversation.until_closed()
                assert conversation.audio[-8000:] == b"".join(speech(1)) and len(conversation.audio) == seconds * 8000
                await customer.receiver.until_event(conversation.stream_id, "StopStream")
            assert await asyncio.to_thread(status_of, media, "/readyz") == 200
        finally:
            pages.process.signal(signal.SIGCONT)
        page = await asyncio.to_thread(console.call_that_says, second.call_id, "Call hangup")
    assert page.facts[f"s{second.stream_id}"]["Rounded bill duration"] == "60 s"


async def test_each_says_whose_the_others_addresses_are(apart: tuple[Web, Web]) -> None:
    media, pages = apart
    for path in ("/", "/admin/login/", f"/v1/Account/{AUTH_ID}/", "/v1/docs"):
        with pytest.raises(urllib.error.HTTPError, match="404") as refusal:
            await asyncio.to_thread(urllib.request.urlopen, media.http_url + path, None, 30)
        with refusal.value as answer:
            assert b"Console and API: a process with --role console." in answer.read()
    with pytest.raises(ConnectionClosed) as closed:
        async with connect(f"{media.ws_url}/admin/live/call/0a/", additional_headers={"Origin": media.http_url}) as log:
            await log.recv()
    assert closed.value.rcvd and (closed.value.rcvd.code, closed.value.rcvd.reason[:31]) == (4404, "This process takes gateways' ca")
    with pytest.raises(CallRefused, match="HTTP 403"):
        await AsteriskCall(plan(pages)).connect()
    await asyncio.to_thread(pages.process.wait_for_line, "Gateways connect to a process with --role media")
    assert await asyncio.to_thread(status_of, pages, "/readyz") == 200
