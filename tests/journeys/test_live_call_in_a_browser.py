"""A support person's browser beside a running call: the log that grows with it, and what its end leaves on the call's page."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.simulate.customer import Behaviour, Customer
from tests.chromium import CHROMIUM, FRUGAL
from tests.journeys.answers import Answers
from tests.journeys.installation import ADMIN, ADMIN_PASSWORD, Web
from tests.journeys.stage import live, speech, streams_to

playwright = pytest.importorskip("playwright.async_api", reason="a running call in a browser: the playwright package is not installed")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="a running call in a browser: there is no Chromium on this machine"),
]


@pytest.fixture
async def page(web: Web) -> AsyncIterator[Any]:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FRUGAL)
        page = await browser.new_page()
        await page.goto(f"{web.http_url}/admin/login/")
        await page.get_by_label("Username").fill(ADMIN)
        await page.get_by_label("Password").fill(ADMIN_PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_url(f"{web.http_url}/admin/")
        yield page
        await browser.close()


async def opened(page: Any, address: str) -> None:
    """A customer hears of a stream before its row is written."""
    async with asyncio.timeout(30):
        while (await page.goto(address)).status == 404:
            await asyncio.sleep(0.1)


async def test_a_log_grows_while_its_call_runs_and_the_page_says_how_it_ended(web: Web, answers: Answers, page: Any) -> None:
    log, state = page.locator("#log"), page.locator("#live-state")
    async with Customer(Behaviour(close_after=25, close_code=1011, close_reason="worker crashed")) as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer, keepCallAlive="false"))
        await opened(page, f"{web.http_url}/admin/cdr/streamdetail/{conversation.stream_id}/debug-log/")
        await playwright.expect(state).to_have_text("live", timeout=20_000)
        await call.send_frames(speech(0.3), dtmf="5")
        await log.get_by_text("Digit 5").first.wait_for(timeout=20_000)
        await call.send_frames(speech(0.3))
        await conversation.until_closed()
        await log.get_by_text("1011 (internal error), “worker crashed”").first.wait_for(timeout=20_000)
        await call.hang_up()
        await playwright.expect(state).to_have_text("the call has ended", timeout=20_000)
        await customer.receiver.until_event(conversation.stream_id, "DroppedStream")
        await log.get_by_text(re.compile(r"DroppedStream, try 1: delivered")).wait_for(timeout=20_000)
    await page.goto(f"{web.http_url}/admin/cdr/calldetail/{conversation.call_id}/change/")
    story = await page.locator(".story").inner_text()
    assert "The customer's service closed the connection: 1011 (internal error), “worker crashed”." in story
