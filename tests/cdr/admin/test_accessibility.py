"""The console for those who use no mouse: a support case by keyboard. (test_every_page.py has axe-core look at every kind of page.)"""

import re
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User

from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, good_call
from tests.chromium import CHROMIUM
from tests.shared_browser import in_the_browser

playwright = pytest.importorskip("playwright.sync_api", reason="accessibility: the playwright package is not installed")
PASSWORD = "a-long-password-1"
DESKTOP = {"width": 1366, "height": 768}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="accessibility: there is no Chromium on this machine"),
]


class Scene(NamedTuple):
    url: str
    number: str


@pytest.fixture
def scene(live_server) -> Scene:
    """Everything that asks the database is done here, as the test runs in the browser's thread."""
    User.objects.create_superuser("admin", password=PASSWORD)
    gateway = make_gateway()
    good_call(gateway, caller="+4930000001")
    return Scene(live_server.url, closed_call(gateway, caller="+4930000002").from_number)


FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none';
  return {tag: at.tagName, words: (at.innerText || at.value || at.ariaLabel || at.name || '').trim(), shown,
          seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0};
}"""


def tab_to(page: Any, words: str, most: int = 60) -> list[str]:
    """Presses Tab until the focus is on what says `words`; the focus is to be seen at each stop. Returns the stops."""
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["shown"] and focus["seen"], (page.url, focus)
        stops.append(focus["words"])
        if re.search(words, focus["words"]):
            return stops
    raise AssertionError(f"Tab does not reach {words!r} on {page.url}: {stops}")


def has_the_focus(page: Any, name: str) -> None:
    """Without anybody's doing, soon after the page was loaded."""
    page.wait_for_function("name => document.activeElement?.name === name", arg=name)


@in_the_browser
def test_a_support_case_is_solved_without_a_mouse(scene, browser) -> None:
    page = browser.new_context(viewport=DESKTOP, reduced_motion="reduce").new_page()
    page.goto(f"{scene.url}/admin/")
    has_the_focus(page, "username")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{scene.url}/admin/")
    has_the_focus(page, "q")
    page.keyboard.type(scene.number)
    page.keyboard.press("Enter")
    page.wait_for_url("**/calldetail/?q=*")
    assert tab_to(page, "Skip to main content") == ["Skip to main content"]
    page.keyboard.press("Enter")
    stops = tab_to(page, r"^\d{4}-\d\d-\d\d")
    assert not any("Audit" in stop for stop in stops)  # the head of the page was skipped
    page.keyboard.press("Enter")
    page.wait_for_url("**/calldetail/*/change/**")
    tab_to(page, "^Debug log")
    page.keyboard.press("Enter")
    page.wait_for_url("**/debug-log/**")
    tab_to(page, "First error")
    page.keyboard.press("Enter")
    target = page.locator("li.line:target")
    playwright.expect(target).to_be_in_viewport()
    playwright.expect(target).to_contain_text("closed the connection")
    page.keyboard.press("Tab")  # on from there, not from the top
    inside = page.evaluate("document.activeElement.closest('li.line') === document.querySelector('li.line:target')")
    assert inside, page.evaluate(FOCUS)
