"""An open debug log in a real Chromium, before a real server: it grows, says when it is stale, and misses nothing."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the live log in a browser: the playwright package is not installed")
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="the live log in a browser: there is no Chromium on this machine"),
]


class Console(NamedTuple):
    process: subprocess.Popen[str]
    url: str
    session: str
    call: str

    def press(self, digit: str) -> None:
        self.process.stdin.write(f"{digit}\n")
        self.process.stdin.flush()


@pytest.fixture
def console(tmp_path) -> Iterator[Console]:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "tests.cdr.console_under_test"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port, session, call = process.stdout.readline().split()
        yield Console(process, f"http://127.0.0.1:{port}", session, call)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(console) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1366, "height": 500})
        context.add_cookies([{"name": "sessionid", "value": console.session, "url": console.url}])
        page = context.new_page()
        page.goto(f"{console.url}/admin/cdr/calldetail/{console.call}/debug-log/")
        yield page
        browser.close()


def test_an_open_log_grows_says_when_it_is_stale_and_fills_the_gap(console, page) -> None:
    state = page.locator("#live-state")
    playwright.expect(state).to_have_text("live")
    before = page.locator("li.line").count()
    console.press("7")
    page.get_by_text("Digit 7 was pressed").wait_for(timeout=5000)
    playwright.expect(page.get_by_text("Digit 7 was pressed")).to_be_in_viewport()
    console.process.send_signal(signal.SIGSTOP)
    console.press("8")
    playwright.expect(state).to_contain_text("stale: last heard at", timeout=15_000)
    console.process.send_signal(signal.SIGCONT)
    page.get_by_text("Digit 8 was pressed").wait_for(timeout=20_000)
    playwright.expect(state).to_have_text("live")
    assert page.locator("li.line").count() == before + 2
    anchors = page.locator("li.line").evaluate_all("lines => lines.map(line => line.id)")
    assert len(set(anchors)) == before + 2


def test_who_signs_out_elsewhere_is_told(console, page) -> None:
    playwright.expect(page.locator("#live-state")).to_have_text("live")
    other = page.context.new_page()
    other.goto(f"{console.url}/admin/")
    other.get_by_role("button", name="Log out").click()
    playwright.expect(page.locator("#live-state")).to_contain_text("sign in again", timeout=15_000)
