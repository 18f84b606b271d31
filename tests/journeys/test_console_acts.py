"""What an operator does from the console to a running platform: hangs up, sends digits, resends, exports; all in the audit log."""

import asyncio
import time

from streams.simulate.call_plan import End
from streams.simulate.callback_receiver import ReceivedCallback
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.ending import cancelled
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.keypad import digits_heard
from tests.journeys.page import Page
from tests.journeys.stage import live, speech, streams_to, written


def hang_up(console: Console, call_uuid: str) -> Page:
    asked = console.get(console.call(call_uuid).link(r"/hang-up/$"))
    assert "Hang up this call?" in asked.text
    return console.submit(asked.form())


def send_digits(console: Console, call_uuid: str, digits: str) -> Page:
    asked = console.get(console.call(call_uuid).link(r"/send-digits/$"))
    assert "Send digits to this call?" in asked.text
    return console.submit(asked.form(), digits=digits)


def send_again(console: Console, stream_id: str) -> Page:
    """The newest callback of a stream, from its page."""
    listed = console.get("/admin/streams/callback/", q=stream_id)
    asked = console.get(console.get(listed.link(r"/callback/\d+/change/")).link(r"/resend/$"))
    return console.submit(asked.form())


def exported(console: Console, stream_id: str) -> Page:
    """The CSV of one stream, when a worker has written it."""
    asked = console.get("/admin/cdr/streamdetail/exports/", q=stream_id)
    console.submit(asked.form(), format="csv")
    for _ in range(100):
        page = console.get("/admin/cdr/streamdetail/exports/")
        if any("/file/" in link for link in page.links):
            return console.get(page.link(r"/exports/\d+/file/$"))
        time.sleep(0.1)
    raise AssertionError(f"no worker wrote the export: {page.text}")


async def twice(customer: Customer, stream_id: str) -> list[ReceivedCallback]:
    """The StopStream of a stream, once it has come a second time."""

    def found() -> list[ReceivedCallback]:
        stops = [callback for callback in customer.receiver.of(stream_id) if callback.event == "StopStream"]
        return stops if len(stops) > 1 else []

    await customer.receiver.until(found, "a second StopStream", 10)
    return found()


def page_of_a_test(console: Console, url: str) -> Page:
    """The result of a test of `url`, asked for from an account's page, when a worker has made it."""
    account = console.get(console.get("/admin/streams/account/").link(r"/account/\d+/change/"))
    asked = console.get(account.link(r"/urltest/ask/\?account="))
    assert "Nothing is billed" in asked.text
    key = asked.url.partition("account=")[2]
    return console.followed(console.submit(asked.form(), url=url, account=key, content_type="audio/x-mulaw;rate=8000"))


async def test_an_operator_tests_service_urls(web: Web, console: Console) -> None:
    async with Customer(Behaviour(echo=True)) as customer:
        page = await asyncio.to_thread(page_of_a_test, console, customer.url)
        (conversation,) = customer.conversations
    assert "A stream would work" in page.text and "playAudio, mulaw 8000 Hz" in page.text
    assert len(conversation.media) == 100 and conversation.call_id.startswith("00000000-7e57-4")
    assert customer.receiver.callbacks == []
    async with Customer(Behaviour(refuse=5, refuse_status=403)) as refusing:
        page = await asyncio.to_thread(page_of_a_test, console, refusing.url)
    assert "A stream would not begin. The service refused the WebSocket upgrade: HTTP 403." in page.text
    entries = (await asyncio.to_thread(console.get, "/admin/cdr/auditentry/")).text
    assert "test a service URL account" in entries and customer.url in entries


async def test_an_operator_hangs_up_sends_again_and_exports(web: Web, small_buffers: Web, answers: Answers, console: Console) -> None:
    other_console = await asyncio.to_thread(small_buffers.console)
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(web, customer, call_uuid)
        voice = asyncio.create_task(call.send_frames(speech(20)))
        await conversation.until_media(10)
        await written(customer, conversation)
        page = await asyncio.to_thread(hang_up, other_console, call_uuid)
        assert "The call was asked to hang up." in page.text
        assert await call.until_ended() is End.BY_PLATFORM
        await cancelled(voice)
        await conversation.until_closed()
        stream_id = conversation.stream_id
        first = await customer.receiver.until_event(stream_id, "StopStream")
        await asyncio.to_thread(send_again, console, stream_id)
        stops = await twice(customer, stream_id)
    assert first is stops[0]
    assert stops[0].headers["webhook-id"] == stops[1].headers["webhook-id"] and stops[0].parameters == stops[1].parameters
    facts = (await asyncio.to_thread(console.call_that_says, call_uuid, "API Request")).facts[""]
    assert facts["Hangup source"] == "API Request"
    file = await asyncio.to_thread(exported, console, stream_id)
    assert file.headers["content-type"].startswith("text/csv") and file.html.count(stream_id) == 1 and call_uuid in file.html
    entries = (await asyncio.to_thread(console.get, "/admin/cdr/auditentry/")).text
    for words in ("hang up a call call", "resend a callback callback StopStream", "export a list"):
        assert words in entries


async def test_digits_of_an_operator_are_heard_by_the_call(web: Web, small_buffers: Web, answers: Answers, console: Console) -> None:
    other_console = await asyncio.to_thread(small_buffers.console)
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(web, customer, call_uuid)
        await call.send_frames(speech(0.1))
        await written(customer, conversation)
        page = await asyncio.to_thread(send_digits, other_console, call_uuid, "47#")
        assert "The digits were handed to the call." in page.text
        await call.until(lambda: len(b"".join(call.playback.played)) >= 3 * 200 * 8, "three digits", 30)
        await call.hang_up()
        await conversation.until_closed()
    assert digits_heard(b"".join(call.playback.played)) == "47#"
    await asyncio.to_thread(console.page_that_says, f"/admin/cdr/calldetail/{call_uuid}/debug-log/", "asked this call to send digits.")
    entries = (await asyncio.to_thread(lambda: console.get("/admin/cdr/auditentry/", q=call_uuid))).text
    assert f"send digits call {call_uuid[:8]} digits: (hidden); how many: 3" in entries and "47#" not in entries
