"""A call whose customer's service crashes, watched in the debug log of its stream while it runs, in a browser.

Owns the course of such a call. Must not know who watches, or on which site."""

import asyncio
from typing import Any

from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from tests.journeys.answers import Answers
from tests.journeys.installation import Web
from tests.journeys.stage import live, speech, streams_to

CRASHES = Behaviour(close_after=25, close_code=1011, close_reason="worker crashed")


async def opened(page: Any, address: str) -> None:
    """A customer hears of a stream before its row is written."""
    async with asyncio.timeout(30):
        while (await page.goto(address)).status == 404:
            await asyncio.sleep(0.1)


async def watched(page: Any, web: Web, answers: Answers, customer: Customer, log_address: str) -> Conversation:
    """With a customer that CRASHES; `log_address` has a place for the stream's UUID. Each line is seen on the page as it is written."""
    from playwright.async_api import expect  # noqa: PLC0415 - where it is not installed, nobody gets here

    log, state = page.locator("#log"), page.locator("#live-state")
    call, conversation = await live(web, customer, streams_to(answers, customer, keepCallAlive="false"))
    await opened(page, web.http_url + log_address.format(conversation.stream_id))
    await expect(state).to_have_text("live", timeout=20_000)
    await call.send_frames(speech(0.3), dtmf="5")
    await expect(log.get_by_text("Digit 5").first).to_be_visible(timeout=20_000)
    await call.send_frames(speech(0.3))
    await conversation.until_closed()
    await expect(log.get_by_text("1011 (internal error), “worker crashed”").first).to_be_visible(timeout=20_000)
    await call.hang_up()
    await expect(state).to_have_text("the call has ended", timeout=20_000)
    return conversation
