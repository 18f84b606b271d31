"""The pictures of the manual, taken anew: a whole installation with a day in it, looked at by a Chromium.

    python -m tests.screenshots [--into docs/images] [--only words]

A picture has at most 256 colours, so that all together stay small. Takes a minute or two; everything it starts is stopped."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from tests import migrated
from tests.chromium import CHROMIUM, FRUGAL
from tests.free_port import free_port
from tests.journeys.processes import ChildProcess, clean_environment

ROOT = Path(__file__).parents[2]
COLOURS = 256
DESKTOP, PHONE = (1280, 720), (390, 844)
PATIENCE_MS = 90_000


def as_it_is(page: Any) -> None:
    """Nothing is to be done first."""


def place_a_test_call(page: Any) -> None:
    page.get_by_label("The gateway's password").fill("correct horse battery")
    page.get_by_role("button", name="Place the call").click()
    expect(page.locator(".story")).to_contain_text("What to do stands beside it", timeout=PATIENCE_MS)


def open_the_alert(page: Any) -> None:
    """Once beat had the rules looked at."""
    link = page.locator("#result_list tr", has_text="ended with a connection error").get_by_role("link").first
    for _ in range(PATIENCE_MS // 3000):
        if link.count():
            break
        page.wait_for_timeout(3000)
        page.reload()
    link.click()
    expect(page.locator(".story")).to_be_visible()


def stop_all(page: Any) -> None:
    page.get_by_role("link", name="Stop all that match…").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def lose_the_server(page: Any) -> None:
    expect(page.locator(".live")).to_contain_text("live")
    page.context.set_offline(True)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".live")).to_contain_text("tale", timeout=PATIENCE_MS)


class Picture(NamedTuple):
    """`name`: of its file. `page`: of the day's pages. `first`: what is done there first. `part`: what of the page is taken; else all
    of it, to `most` pixels."""

    name: str
    page: str
    size: tuple[int, int] = DESKTOP
    scheme: str = "light"
    first: Callable[[Any], None] = as_it_is
    part: str = ""
    most: int = 1100


PICTURES = (
    Picture("first-page", "first-page"),
    Picture("first-page-dark", "first-page", scheme="dark", most=760),
    Picture("call-page", "call-page"),
    Picture("call-page-phone", "call-page", PHONE, most=844),
    Picture("debug-log", "debug-log", (1280, 800), most=800),
    Picture("live-log", "live-log", first=lose_the_server, most=720),
    Picture("compare", "compare", most=900),
    Picture("conversation", "conversation", part=".talk"),
    Picture("streams-filtered", "streams-filtered", most=520),
    Picture("streams-filtered-phone", "streams-filtered", PHONE, scheme="dark", most=844),
    Picture("act-on-all", "act-on-all", first=stop_all, most=420),
    Picture("account-page", "account-page", most=900),
    Picture("gateway-page", "gateway-page", most=900),
    Picture("test-call", "test-call", first=place_a_test_call, most=480),
    Picture("hosts", "hosts"),
    Picture("alert-page", "alert-page", first=open_the_alert, most=700),
    Picture("health", "health", most=900),
    Picture("shared-log", "shared-log", most=700),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--only", default="", help="only the pictures whose name has these words")
    options = parser.parse_args()
    if CHROMIUM is None:
        sys.stderr.write("No Chromium here: make setup-browser.\n")
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = clean_environment() | {
            "DATA_DIR": folder,
            "DEMO": "0",
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        migrated.copy_to(Path(folder) / "streamdesk.sqlite3")
        written = subprocess.run(
            [sys.executable, "-m", "tests.screenshots.day"], env=environment, cwd=ROOT, check=True, capture_output=True
        )
        running = ChildProcess("run", [sys.executable, "manage.py", "run"], ROOT, environment)
        try:
            running.wait_for_line("Streamdesk is running")
            wanted = [picture for picture in PICTURES if options.only in picture.name]
            take_all(wanted, json.loads(written.stdout), f"http://127.0.0.1:{port}", options.into)
        finally:
            running.stop()
    return 0


def take_all(pictures: list[Picture], day: dict[str, Any], url: str, folder: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FRUGAL)
        for picture in pictures:
            sys.stdout.write(f"{picture.name}: {take(browser, picture, day, url, folder):,} bytes\n")
        browser.close()


def take(browser: Browser, picture: Picture, day: dict[str, Any], url: str, folder: Path) -> int:
    """Returns the size of its file."""
    width, height = picture.size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=picture.scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    context.add_cookies([{"name": "sessionid", "value": day["session"], "url": url}])
    page = context.new_page()
    page.goto(url + day["pages"][picture.page])
    picture.first(page)
    if picture.part:
        png = page.locator(picture.part).first.screenshot()
    else:
        tall = min(int(page.evaluate("document.documentElement.scrollHeight")), picture.most)
        png = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    context.close()
    file = folder / f"{picture.name}.png"
    few = Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    return file.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
