"""A support person's browser beside a running call: the log that grows with it, and what its end leaves on the call's page."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.simulate.customer import Customer
from tests.chromium import CHROMIUM, FRUGAL
from tests.journeys.answers import Answers
from tests.journeys.installation import ADMIN, ADMIN_PASSWORD, Web
from tests.journeys.watched_call import CRASHES, watched

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


async def test_a_log_grows_while_its_call_runs_and_the_page_says_how_it_ended(web: Web, answers: Answers, page: Any) -> None:
    async with Customer(CRASHES) as customer:
        conversation = await watched(page, web, answers, customer, "/admin/cdr/streamdetail/{}/debug-log/")
        await customer.receiver.until_event(conversation.stream_id, "DroppedStream")
        await page.locator("#log").get_by_text(re.compile(r"DroppedStream, try 1: delivered")).wait_for(timeout=20_000)
    await page.goto(f"{web.http_url}/admin/cdr/calldetail/{conversation.call_id}/change/")
    story = await page.locator(".story").inner_text()
    assert "The customer's service closed the connection: 1011 (internal error), “worker crashed”." in story
