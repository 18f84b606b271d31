"""The reference page: served by ourselves, made from the code, and allowed by our own policy."""

from typing import Any

import pytest

from cdr.api.v1 import api
from tests.chromium import CHROMIUM
from tests.shared_browser import in_the_browser

playwright = pytest.importorskip("playwright.sync_api", reason="the API's reference page: the playwright package is not installed")


def test_the_page_asks_no_other_server(client: Any) -> None:
    page = client.get("/v1/docs").content.decode()
    assert "//" not in page.replace("/**", "").replace("</", "")
    assert "/v1/openapi.json" in page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(CHROMIUM is None, reason="the API's reference page in a browser: there is no Chromium on this machine")
@in_the_browser
def test_the_page_shows_every_operation_and_nothing_of_it_is_refused(browser: Any, live_server: Any) -> None:
    page = browser.new_page()
    refused: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith((live_server.url, "data:")) else elsewhere.append(request.url))
    page.goto(f"{live_server.url}/v1/docs")
    page.wait_for_selector(".opblock")
    playwright.expect(page.locator(".opblock")).to_have_count(sum(map(len, api.get_openapi_schema()["paths"].values())))
    page.locator(".opblock-post").first.click()
    page.wait_for_selector(".opblock-post .opblock-body")
    assert (refused, elsewhere) == ([], [])
