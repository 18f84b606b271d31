"""The console for those who see little, and for those who use no mouse: axe-core on every kind of page, and a support case by keyboard."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User

from streams.models import Stream
from tests.cdr.admin import every_page
from tests.cdr.admin.conftest import signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import KINDS
from tests.chromium import CHROMIUM
from tests.shared_browser import in_the_browser

playwright = pytest.importorskip("playwright.sync_api", reason="accessibility: the playwright package is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="accessibility: axe-playwright-python is not installed")
PASSWORD = "a-long-password-1"
DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="accessibility: there is no Chromium on this machine"),
]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALL_RULES = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
LAYOUT = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
"""What changes with the width, and what with the colour scheme."""
LOOKS = (("light", DESKTOP, ALL_RULES), ("dark", DESKTOP, COLOURS), ("dark", PHONE, LAYOUT))
"""Of a page that was loaded once; the second and third where it has an element that no page before had in such a place."""
ELEMENTS = """() => [...document.querySelectorAll('body *')].map(
  at => [at.parentElement, at].map(one => `${one.tagName} ${one.getAttribute('class')}`).join(' > '))"""
KNOWN = {
    'aria-prohibited-attr: <span class="help-tooltip search-label-icon"': "Django's script makes it, at its boxes of permissions and "
    "groups. The input beside it has the same words as its label, so that nothing is lost to a screen reader."
}
"""Findings that stay: a rule's id and what it points at -> why it cannot be helped."""


AXE = Path(axe.__file__).with_name("axe.min.js").read_text()


class Scene(NamedTuple):
    url: str
    pages: dict[str, str]
    cookie: dict[str, str]
    number: str


@pytest.fixture
def scene(live_server) -> Scene:
    """Everything that asks the database is done here, as the tests run in the browser's thread."""
    user = User.objects.create_superuser("admin", password=PASSWORD)
    every_page.rows()
    for index, kind in enumerate(KINDS):
        kind(make_gateway(kind.__name__.replace("_", "-")), caller=f"+4930{index:07}")
    pages = once(every_page.kinds(user))
    closed = Stream.objects.get(end_cause="customer_closed")
    pages |= {"a call that failed": f"/admin/cdr/calldetail/{closed.call.uuid}/change/", "nothing there": "/admin/no-such-page"}
    pages |= {"a log with errors": f"/admin/cdr/streamdetail/{closed.uuid}/debug-log/"}
    pages |= {"a filtered list": "/admin/cdr/streamdetail/?cause=customer_closed&q=nothing"}
    cookie = {"name": "sessionid", "value": signed_in(user).cookies["sessionid"].value, "url": live_server.url}
    return Scene(live_server.url, pages, cookie, closed.call.from_number)


def once(pages: dict[str, str]) -> dict[str, str]:
    """Of the pages that look the same for several models, one: of each further kind that somebody adds, each."""
    ends = ("_add", "_saved", "_exports", "_history", "_delete")
    first = {next(name for name in pages if name.endswith(end)) for end in ends}
    return {name: path for name, path in pages.items() if name in first or not name.endswith(ends)}


def findings(page: Any, rules: dict[str, Any]) -> list[str]:
    """`rule: element` of each serious one that is not known."""
    found = [
        f"{rule['id']}: {node['html'][:150]} {node['any'][0]['message'] if node['any'] else ''}"
        for rule in page.evaluate("rules => axe.run(rules)", rules)["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    return [finding for finding in found if not any(finding.startswith(known) for known in KNOWN)]


def once_loaded(route: Any) -> None:
    """Not loaded anew each second or two, as one that waits for a worker is, while axe looks at it."""
    answer = route.fetch()
    route.fulfill(response=answer, headers={name: value for name, value in answer.headers.items() if name != "refresh"})


@pytest.mark.timeout(240)
@in_the_browser
def test_axe_finds_nothing_serious_on_any_kind_of_page(scene, browser) -> None:
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(AXE)  # sent once, and not for each page
    page = context.new_page()
    for name, path in {"login": "/admin/login/", **scene.pages}.items():
        if name != "login":
            context.add_cookies([scene.cookie])
        if reloads := re.search("/(exports|urltest)/", path):
            page.route(scene.url + path, once_loaded)
        page.goto(scene.url + path)
        if reloads:  # or no style sheet of the next pages would come from the browser's cache
            page.unroute(scene.url + path)
        new = set(page.evaluate(ELEMENTS)) - seen
        seen |= new
        for scheme, size, rules in LOOKS if new else LOOKS[:1]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            for finding in findings(page, rules):
                found.setdefault(f"{finding} ({scheme}, {size['width']} px)", []).append(name)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/cdr/console.css\">')")
    assert any(finding.startswith("image-alt: <img") for finding in findings(page, ALL_RULES))  # it would have found something
    assert not found, "\n".join(f"{finding}\n      on {', '.join(names)}" for finding, names in found.items())


# By keyboard ---------------------------------------------------------------------------------------------------------
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
