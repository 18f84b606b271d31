"""The Chromium that the tests of a process share: it starts once, and each test has it without anything of the test before.

Playwright keeps an event loop in its thread, where Django then refuses to ask a database; so it has a thread of its own. Owns that thread,
and what a test has left in the browser. Must not know what is looked at."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any, TypeVar

import pytest

from tests.chromium import CHROMIUM, FRUGAL

Done = TypeVar("Done")


class SharedBrowser:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="browser")
        self._thread.submit(self._start).result()

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where it is not installed, nobody gets here

        self._driver = sync_playwright().start()
        self._chromium = self._driver.chromium.launch(executable_path=CHROMIUM, args=FRUGAL)

    def do(self, act: Callable[[Any], Done]) -> Done:
        """Gives `act` the browser, in its thread, and awaits what it returns. Its pages, cookies and storage are gone afterwards."""
        return self._thread.submit(self._do, act).result()

    def _do(self, act: Callable[[Any], Done]) -> Done:
        try:
            return act(self._chromium)
        finally:
            for context in self._chromium.contexts:
                context.close()

    def close(self) -> None:
        self._thread.submit(self._chromium.close).result()
        self._thread.submit(self._driver.stop).result()
        self._thread.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[SharedBrowser]:
    shared = SharedBrowser()
    yield shared
    shared.close()


def in_the_browser(test: Callable[..., None]) -> Callable[..., None]:
    """For a test that asks no database: all of it runs in the browser's thread, and gets it as `browser`."""

    @wraps(test)
    def run(browser: SharedBrowser, **fixtures: Any) -> None:
        browser.do(lambda chromium: test(browser=chromium, **fixtures))

    return run
