"""A customer's way to the desk, from a mail on: invited, signed in, a live log that grows until the service fails, why it did, what it
cost, and no way to the neighbour's calls."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.cdr.alerts.mail_receiver import Receiver
from tests.chromium import CHROMIUM, FRUGAL
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import AUTH_ID, plan
from tests.journeys.watched_call import CRASHES, watched

playwright = pytest.importorskip("playwright.async_api", reason="a customer at the desk: the playwright package is not installed")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="a customer at the desk: there is no Chromium on this machine"),
]
PASSWORD = "plough anvil trumpet cedar"


@pytest.fixture
async def page() -> AsyncIterator[Any]:
    """Of somebody who has never been here."""
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FRUGAL)
        yield await browser.new_page()
        await browser.close()


def invited(console: Console) -> None:
    account = console.get(console.get("/admin/streams/account/", q=AUTH_ID).link(r"/account/[^/?]+/change/"))
    invite = console.get(console.get(account.link(r"/members/")).link(r"/invite/"))
    assert "is being mailed" in console.submit(invite.form(), email="dora@example.org", role="viewer").text


async def neighbours_call(web: Web, answers: Answers) -> str:
    call_uuid = str(uuid.uuid4())
    answers.set(call_uuid, "<Response/>")
    call = AsteriskCall(plan(web, call_uuid=call_uuid, gateway="gw-filled"))
    await call.connect()
    await call.start_media()
    await call.hang_up()
    return call_uuid


async def test_from_the_mail_to_the_reason_and_the_bill(web: Web, console: Console, answers: Answers, mails: Receiver, page: Any) -> None:
    await asyncio.to_thread(invited, console)
    theirs = await neighbours_call(web, answers)
    mail = await asyncio.to_thread(mails.until_mail, "invitation to the desk of Journeys", 60)
    assert mail["To"] == "dora@example.org"
    link = re.search(r"/invitation/\S+", mail.get_content())
    assert link
    await page.goto(web.http_url + link[0])
    await page.get_by_label("Username").fill("dora")
    await page.get_by_label(re.compile("^Password:?$")).fill(PASSWORD)
    await page.get_by_label("Password confirmation").fill(PASSWORD)
    await page.get_by_role("button", name="Begin").click()
    await playwright.expect(page.get_by_role("heading", name="Calls")).to_be_visible()

    async with Customer(CRASHES) as customer:
        conversation = await watched(page, web, answers, customer, "/desk/streams/{}/debug-log/")

    await page.get_by_role("navigation", name="Sections").get_by_role("link", name="Calls").click()
    await playwright.expect(page.locator(".totals")).to_be_visible()
    if await page.get_by_role("link", name="Totals").count():  # of more calls than a page has, which others of the journeys bring
        await page.get_by_role("link", name="Totals").click()
    await playwright.expect(page.locator(".totals")).to_contain_text("USD")
    await page.goto(f"{web.http_url}/desk/calls/{conversation.call_id}/")
    await playwright.expect(page.locator(".story")).to_contain_text("closed the connection: 1011 (internal error), “worker crashed”.")
    await page.get_by_role("navigation", name="Sections").get_by_role("link", name="Statements").click()
    await page.locator(f'a[href$="/USD/{datetime.now(UTC):%Y-%m}/"]').click()
    async with page.expect_download() as downloaded:
        await page.get_by_role("link", name="CSV").click()
    statement = (await (await downloaded.value).path()).read_text("utf-8-sig")
    assert statement.startswith("Account,") and "Journeys" in statement and "USD" in statement

    assert (await page.goto(f"{web.http_url}/desk/calls/{theirs}/")).status == 404
    await page.goto(f"{web.http_url}/desk/calls/?q={theirs}")
    await playwright.expect(page.locator(".count")).to_have_text("0 calls")
    await page.goto(f"{web.http_url}/admin/")
    await playwright.expect(page).to_have_url(re.compile("/admin/login/"))
