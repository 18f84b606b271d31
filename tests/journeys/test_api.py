"""A customer's own SDK controls a call that lives in another process than the one it asks."""

import asyncio
from collections.abc import Iterator

import plivo
import plivo.rest.client
import pytest
from plivo.exceptions import ResourceNotFoundError, ValidationError

from streams.simulate.customer import Behaviour, Customer
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.keypad import digits_heard
from tests.journeys.stage import AUTH_ID, AUTH_TOKEN, live, numbered, streams_to, written

BASES = ("PLIVO_API_BASE_URI", "API_VOICE_BASE_URI", "API_VOICE_BASE_URI_FALLBACK_1", "API_VOICE_BASE_URI_FALLBACK_2")


@pytest.fixture
def sdk(small_buffers: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[plivo.RestClient]:
    """Asks the other web process."""
    for name in BASES:
        monkeypatch.setattr(plivo.rest.client, name, f"{small_buffers.http_url}/v1/Account")
    with plivo.RestClient(AUTH_ID, AUTH_TOKEN) as client:
        yield client


async def test_start_see_stop_and_hang_up(web: Web, answers: Answers, sdk: plivo.RestClient) -> None:
    ask = asyncio.to_thread
    async with Customer(Behaviour()) as first, Customer(Behaviour()) as second:
        call_uuid = streams_to(answers, first)
        call, conversation = await live(web, first, call_uuid)
        await call.send_frames(numbered(5))
        await written(first, conversation)
        wanted = {"content_type": "audio/x-mulaw;rate=8000", "status_callback_url": second.status_url}
        started = await ask(sdk.calls.start_stream, call_uuid, second.url, **wanted)
        seen = await ask(sdk.calls.get_details_of_specific_stream, call_uuid, started.stream_id)
        assert seen.service_url == second.url
        with pytest.raises(ValidationError):
            await ask(sdk.calls.start_stream, call_uuid, second.url)
        third = await second.conversation_of(call_uuid)
        assert third.stream_id == started.stream_id
        await call.send_frames(numbered(50))
        listed = await ask(sdk.calls.get_all_streams, call_uuid)
        assert listed.meta.total_count == 2
        assert call_uuid in (await ask(sdk.live_calls.list_ids)).calls
        await ask(sdk.calls.delete_specific_stream, call_uuid, started.stream_id)
        await third.until_closed()
        await second.receiver.until_event(started.stream_id, "StopStream")
        stopped = await ask(sdk.calls.get_details_of_specific_stream, call_uuid, started.stream_id)
        assert (stopped.status, stopped.hangup_reason, stopped.billed_amount) == ("completed", "API request", "0.00300")
        await ask(sdk.calls.hangup, call_uuid)
        await conversation.until_closed()
        await first.receiver.until_event(conversation.stream_id, "StopStream")
        ended = await ask(sdk.calls.get, call_uuid)
        assert (ended.call_uuid, ended.hangup_source) == (call_uuid, "API Request")
        with pytest.raises(ResourceNotFoundError):
            await ask(sdk.calls.hangup, call_uuid)


async def test_digits_that_the_api_sends_are_heard_by_the_call(web: Web, answers: Answers, console: Console, sdk: plivo.RestClient) -> None:
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        call, conversation = await live(web, customer, call_uuid)
        await call.send_frames(numbered(5))
        await written(customer, conversation)
        sent = await asyncio.to_thread(sdk.calls.send_digits, call_uuid, "1w59D*0#")
        assert sent.message == "digits sent"
        size = (7 * 200 + 500) * 8
        await call.until(lambda: len(b"".join(call.playback.played)) >= size, "all seven digits", 30)
        heard = b"".join(call.playback.played)
        await call.hang_up()
        await conversation.until_closed()
    assert digits_heard(heard) == "159D*0#"
    assert digits_heard(heard[: 700 * 8]) == "1"
    words = ("API asked this call to send digits.", r"Digits 1w59D\*0# were sent to the call as tones in the audio.")
    await asyncio.to_thread(console.page_that_says, f"/admin/cdr/calldetail/{call_uuid}/debug-log/", *words)
