"""Somebody connects a gateway with the console open: each mistake is on its page within seconds, and so is the call that works."""

import asyncio
import uuid
from functools import partial

import pytest

from streams.simulate.call_plan import CallRefused, End
from streams.simulate.customer import Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.page import Page
from tests.journeys.stage import live, plan, speech, streams_to

REFUSALS = "/admin/streams/gatewayrefusal/"


async def shown(console: Console, path: str, *words: str) -> Page:
    return await asyncio.to_thread(partial(console.page_that_says, path, *words))


async def refused(web: Web, **changes: str) -> None:
    with pytest.raises(CallRefused, match="HTTP 403"):
        await AsteriskCall(plan(web, **changes)).connect()


async def taken_and_closed(web: Web, **changes: str) -> None:
    call = AsteriskCall(plan(web, gateway="gw-page", **changes))
    await call.connect()
    await call.start_media()
    assert await call.until_ended() is End.BY_PLATFORM
    await call.hang_up()


async def silent(web: Web) -> None:
    """Let in, and says nothing until it is closed."""
    call = AsteriskCall(plan(web, gateway="gw-page"))
    await call.connect()
    assert await call.until_ended(15) is End.BY_PLATFORM
    await call.hang_up()


@pytest.mark.slow
async def test_from_the_first_mistake_to_a_call_that_works(web: Web, console: Console, answers: Answers) -> None:
    found = await asyncio.to_thread(console.get, "/admin/streams/gateway/", q="gw-page")
    path = found.link(r"/gateway/\d+/change/")
    assert "never connected" in found.text and f"uri = {web.ws_url}/gateway/asterisk/gw-page/" in (await shown(console, path)).text
    saying_nothing = asyncio.create_task(silent(web))

    for _ in range(2):
        await refused(web, gateway="gw-page", password="wrong")
    await shown(console, path, "refused lately", "2 × ✕ wrong password 127.0.0.1 asterisk", "set a new one")
    stranger = f"{uuid.uuid4().hex[:3]}-may-be-a-password"
    await refused(web, gateway=stranger)
    begins = stranger[:3]  # and no more is shown of what is no gateway's name
    await shown(console, f"{REFUSALS}?gateway={begins}", rf"{begins}… \(21 characters\) ✕ unknown gateway 1")
    await taken_and_closed(web, codec="g729")
    page = await shown(console, path, "unsupported codec", "g729")
    assert page.link(r"/calldetail/[-0-9a-f]{36}/change/")

    async with Customer() as customer:
        call, _ = await live(web, customer, streams_to(answers, customer), gateway="gw-page")
        talking = asyncio.create_task(call.send_frames(speech(30)))
        page = await shown(console, path, "carrying 1 call", r"Frames a second (4[5-9]|5[0-5]) ", "Asterisk 20.18, 22.8, 23.2 or later")
        assert page.facts["health"]["Connected calls"] == "1"
        await cancelled(talking)
        await call.hang_up()
    await shown(console, path, "idle|refused lately", "Connected calls 0")

    await saying_nothing
    await shown(console, path, "refused lately", "✕ no MEDIA_START", "did not begin its media within 10 s")
