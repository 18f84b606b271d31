"""Each test has the browser as if it were the first, and its own thread as if there were no browser."""

import asyncio

import pytest

from tests.chromium import CHROMIUM

pytest.importorskip("playwright.sync_api", reason="the browser that tests share: the playwright package is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="the browser that tests share: there is no Chromium on this machine"),
]


def test_nothing_of_a_test_is_there_in_the_next_even_if_it_failed(browser) -> None:
    def fails(chromium) -> None:
        chromium.new_page()
        raise AssertionError("as a test does")

    with pytest.raises(AssertionError, match="as a test does"):
        browser.do(fails)
    assert browser.do(lambda chromium: chromium.contexts) == []


def test_the_thread_of_the_tests_has_no_loop(browser) -> None:
    browser.do(lambda chromium: asyncio.get_running_loop())
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
