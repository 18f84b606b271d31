"""An open debug log in a real Chromium, before a real server: it grows, says when it is stale, and misses nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import CHROMIUM
from tests.free_port import free_port
from tests.left_open import outliving_the_test
from tests.shared_browser import SharedBrowser

playwright = pytest.importorskip("playwright.sync_api", reason="the live log in a browser: the playwright package is not installed")
ROOT = Path(__file__).parents[2]
PATIENT_MS = 60_000
"""Nobody waits so long but on a machine that has other things to do."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="the live log in a browser: there is no Chromium on this machine"),
]


class Console:
    """One for all tests here, each of which presses digits of its own: beginning takes longer than most of them."""

    def __init__(self, data: Path) -> None:
        self.data, self.port, self.call = data, str(free_port()), ""
        self.start()

    def start(self) -> None:
        """Anew: with the port and all the rows that it had."""
        environment = {**os.environ, "DATA_DIR": str(self.data), "PYTHONPATH": str(ROOT), "CONSOLE_PORT": self.port}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "tests.cdr.console_under_test"]
        with outliving_the_test():
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port, self.call = self.process.stdout.readline().split()
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def new_session(self) -> str:
        """For each test, as one of them signs out."""
        self._say("sign in")
        return self.process.stdout.readline().strip()

    def press(self, digits: str) -> None:
        self._say(digits)

    def _say(self, word: str) -> None:
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()


@pytest.fixture(scope="module")
def console(tmp_path_factory) -> Iterator[Console]:
    console = Console(tmp_path_factory.mktemp("console"))
    yield console
    console.kill()


def on_the_log(test: Callable[[Console, Any], None]) -> Callable[..., None]:
    """A test is given the open log, in a page of the browser that all tests share, and runs in that browser's thread."""

    @wraps(test)
    def run(console: Console, browser: SharedBrowser) -> None:
        browser.do(lambda chromium: look(chromium, console, test))

    del run.__wrapped__  # or pytest would ask for a fixture of the name of each of the test's own parameters
    return run


def look(chromium: Any, console: Console, test: Callable[[Console, Any], None]) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 500}, permissions=["clipboard-read", "clipboard-write"])
    context.add_cookies([{"name": "sessionid", "value": console.new_session(), "url": console.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(f"{console.url}/admin/cdr/calldetail/{console.call}/debug-log/")
    test(console, page)
    assert not complaints


def top(page: Any) -> float:
    return float(page.evaluate("scrollY"))


@on_the_log
def test_an_open_log_grows_says_when_it_is_stale_and_fills_the_gap(console, page) -> None:
    state = page.locator("#live-state")
    playwright.expect(state).to_have_text("live")
    before = page.locator("li.line").count()
    console.press("7")
    page.get_by_text("Digit 7 was pressed").wait_for(timeout=PATIENT_MS)
    playwright.expect(page.get_by_text("Digit 7 was pressed")).to_be_in_viewport()
    console.process.send_signal(signal.SIGSTOP)
    console.press("8")
    playwright.expect(state).to_contain_text("stale: last heard at", timeout=PATIENT_MS)
    console.process.send_signal(signal.SIGCONT)
    page.get_by_text("Digit 8 was pressed").wait_for(timeout=PATIENT_MS)
    playwright.expect(state).to_have_text("live")
    playwright.expect(page.locator("li.line")).to_have_count(before + 2)
    anchors = page.locator("li.line").evaluate_all("lines => lines.map(line => line.id)")
    assert len(set(anchors)) == before + 2


@on_the_log
def test_a_narrowed_log_counts_what_it_does_not_show(console, page) -> None:
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    lines = page.locator("li.line").count()
    digits = int(page.locator("#count-audio").inner_text())
    page.get_by_label("Audio and DTMF").check()
    playwright.expect(page.locator("#log-count")).to_have_text(f"{digits} of {lines} lines")
    page.get_by_role("main").get_by_role("searchbox").fill("digit 27")
    page.wait_for_url("**/debug-log/?q=digit+27&kind=audio")
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    console.press("28")
    playwright.expect(page.locator("#log-count")).to_have_text(f"0 of {lines + 1} lines", timeout=PATIENT_MS)
    playwright.expect(page.locator("#count-audio")).to_have_text(str(digits + 1))
    console.press("27")
    page.get_by_text("Digit 27 was pressed").wait_for(timeout=PATIENT_MS)
    playwright.expect(page.locator("li.line")).to_have_count(1)
    page.reload()
    playwright.expect(page.locator("#log-count")).to_have_text(f"1 of {lines + 2} lines")


@on_the_log
def test_it_follows_new_lines_only_when_asked_to(console, page) -> None:
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    page.get_by_label("Follow new lines").uncheck()
    page.evaluate("scrollTo(0, 0)")
    console.press("31")
    page.get_by_text("Digit 31 was pressed").wait_for(timeout=PATIENT_MS, state="attached")
    assert top(page) == 0
    page.get_by_label("Follow new lines").check()
    console.press("32")
    playwright.expect(page.get_by_text("Digit 32 was pressed")).to_be_in_viewport(timeout=PATIENT_MS)
    assert top(page) > 0


@on_the_log
def test_a_link_is_copied_details_unfold_and_keys_lead_from_problem_to_problem(console, page) -> None:
    playwright.expect(page.locator("#live-state")).to_have_text("live")  # what the page did not have has come
    line = page.locator("li.line").first
    line.hover()
    page.get_by_role("button", name="Copy link").click()
    playwright.expect(page.locator("#log-said")).to_have_text("The link to this line was copied.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{page.url}#{line.get_attribute('id')}"
    page.get_by_role("button", name="Open all").click()
    playwright.expect(page.locator("main details:not([open])")).to_have_count(0)
    page.get_by_role("button", name="Close all").click()
    playwright.expect(page.locator("details[open]")).to_have_count(0)
    console.press("fail")
    console.press("fail again")
    first, second = page.get_by_text("reported a problem: fail.").locator(".."), page.get_by_text("fail again.").locator("..")
    second.wait_for(timeout=PATIENT_MS)
    page.evaluate("document.activeElement.blur()")
    for key, shown in (("n", first), ("n", second), ("p", first)):
        page.keyboard.press(key)
        playwright.expect(shown).to_be_focused()
        playwright.expect(shown).to_be_in_viewport(ratio=1)
        assert page.url.endswith(f"#{shown.get_attribute('id')}")
    page.get_by_label("Keys").uncheck()
    page.keyboard.press("n")
    playwright.expect(second).not_to_be_focused()
    page.get_by_role("main").get_by_role("searchbox").fill("n")
    page.wait_for_url("**/?q=n")


@on_the_log
def test_lines_that_a_dead_server_left_unsaid_come_when_it_is_back(console, page) -> None:
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    before = page.locator("li.line").count()
    console.kill()
    playwright.expect(page.locator("#live-state")).to_contain_text("stale: last heard at", timeout=PATIENT_MS)
    console.start()
    console.press("40")
    page.get_by_text("Digit 40 was pressed").wait_for(timeout=PATIENT_MS)
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    playwright.expect(page.locator("li.line")).to_have_count(before + 1)


@on_the_log
def test_who_signs_out_elsewhere_is_told(console, page) -> None:
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    other = page.context.new_page()
    other.goto(f"{console.url}/admin/")
    other.locator("#person summary").click()
    other.get_by_role("button", name="Log out").click()
    playwright.expect(page.locator("#live-state")).to_contain_text("sign in again", timeout=PATIENT_MS)
