"""The console's scripts in a real Chromium: ticking all rows, the key of the search, copying, a link to a line of the
log, and pages that move; and the bar of a phone."""

import re
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User

from cdr.pages.log.anchors import event_anchor
from streams.models import Account, Call, Gateway, Stream
from streams.pure.lifecycle import CallState
from tests.cdr.admin.conftest import signed_in
from tests.cdr.factories import one_of_each_kind
from tests.chromium import CHROMIUM
from tests.shared_browser import in_the_browser

playwright = pytest.importorskip("playwright.sync_api", reason="the console in a browser: the playwright package is not installed")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="the console in a browser: there is no Chromium on this machine"),
]

A4_LANDSCAPE = {"width": 1047, "height": 718}
"""Without its margins."""


class Scene(NamedTuple):
    """`callbacks`: their list. `gateway`: the page of one. `live`: a live call's. `log`, `anchor`: the last line of a stream's debug log,
    by its name; `old_anchor`: by that of before. `cookie`: of somebody signed in."""

    first_page: str
    callbacks: str
    gateway: str
    live: str
    log: str
    anchor: str
    old_anchor: str
    cookie: dict[str, str]


def cookie_of(user: User, url: str) -> dict[str, str]:
    return {"name": "sessionid", "value": signed_in(user).cookies["sessionid"].value, "url": url}


@pytest.fixture
def scene(live_server) -> Scene:
    """A call of each kind. Everything that asks the database is done here, as the tests run in the browser's thread."""
    one_of_each_kind()
    unconnected = Stream.objects.get(connect_attempts=3)
    url, gateway = f"{live_server.url}/admin", Gateway.objects.latest("pk")
    return Scene(
        first_page=f"{url}/",
        callbacks=f"{url}/streams/callback/",
        gateway=f"{url}/streams/gateway/{gateway.pk}/change/",
        live=f"{url}/cdr/calldetail/{Call.objects.filter(state=CallState.LIVE).latest('pk').uuid}/change/",
        log=f"{url}/cdr/streamdetail/{unconnected.uuid}/debug-log/",
        anchor=event_anchor(unconnected.events.last()),
        old_anchor=f"e{unconnected.events.last().pk}",
        cookie=cookie_of(User.objects.create_superuser("admin"), live_server.url),
    )


@in_the_browser
def test_all_rows_of_a_page_are_ticked_at_once_and_one_question_is_asked(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.callbacks)
    page.get_by_label("Select all").check()
    rows = page.locator("input.action-select")
    count = rows.count()
    playwright.expect(page.locator("input.action-select:checked")).to_have_count(count)
    page.get_by_label("Action:").select_option(label="Send the selected callbacks again…")
    page.get_by_role("button", name="Go").click()
    playwright.expect(page.get_by_role("heading", name=f"Send {count} callbacks again?")).to_be_visible()
    assert count > 5
    page.get_by_role("button", name="Send them again").click()
    playwright.expect(page.get_by_text(f"{count} callbacks will be sent again within seconds.")).to_be_visible()


HEAD = """() => [document.querySelector('#result_list thead th:last-child').getBoundingClientRect().top, window.scrollY,
                document.documentElement.scrollWidth - window.innerWidth]"""
"""Where a list's head is, how far the page was scrolled, and by how much it is too wide."""


@pytest.fixture
def long_name(scene) -> None:
    Account.objects.update(name="Globex Telephony International Holdings of the North ".ljust(100, "x"))


@in_the_browser
def test_a_list_keeps_its_head_and_its_bar_whatever_accounts_are_called_and_an_address_says_what_is_set(scene, long_name, browser) -> None:
    context = browser.new_context(viewport={"width": 1600, "height": 300})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.callbacks)
    assert max(page.locator(".bar select").evaluate_all("selects => selects.map(select => select.offsetWidth)")) <= 170
    for list_of in ("streams/callback/", "cdr/streamdetail/", "cdr/calldetail/"):
        page.goto(scene.callbacks.replace("streams/callback/", list_of))
        for width in (1280, 1440, 1600):
            page.set_viewport_size({"width": width, "height": 300})
            page.evaluate("window.scrollTo(0, 150)")
            top, scrolled, beside = page.evaluate(HEAD)
            assert (top, scrolled) == (0, 150) and beside <= 0, (list_of, width)
    page.goto(scene.callbacks)
    page.locator("select[name=state]").select_option("delivered")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/callback/?state=delivered")
    page.emulate_media(media="print")
    playwright.expect(page.locator(".bar select").first).to_be_hidden()
    playwright.expect(page.locator("#result_list")).to_be_visible()
    page.set_viewport_size(A4_LANDSCAPE)
    page.goto(scene.callbacks.replace("streams/callback/", "cdr/streamdetail/"))
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_LANDSCAPE["width"]
    assert page.locator(".results").evaluate("results => getComputedStyle(results).overflow") == "visible"


@in_the_browser
def test_a_list_says_what_came_and_a_live_page_is_read_anew_and_both_say_when_they_are_stale(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.clock.install()
    page.goto(scene.callbacks)
    news = page.locator("#news")
    playwright.expect(news).to_be_hidden()
    page.evaluate("news.dataset.address = news.dataset.address.replace(/after=.*/, '')")
    page.clock.fast_forward(10_000)
    page.get_by_text(re.compile("[0-9]+ new \u2013 show")).wait_for()
    news.click()
    page.wait_for_url("**/callback/?")

    page.goto(scene.live)
    state, folded = page.locator(".state"), page.locator(".beside details").last
    folded.locator("summary").click()
    page.evaluate("document.querySelector('.state').firstChild.textContent = 'As of long ago. '")
    page.clock.fast_forward(3_000)
    page.get_by_text("long ago").wait_for(state="detached")
    assert folded.evaluate("details => details.open") and folded.locator("summary").evaluate(
        "summary => summary === document.activeElement"
    )
    context.set_offline(True)
    page.clock.fast_forward(3_000)
    page.get_by_text("this is no longer live").wait_for()
    playwright.expect(state).to_contain_text("As of")


@in_the_browser
def test_keys_lead_to_the_search_from_row_to_row_and_from_page_to_page_and_can_be_switched_off(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.callbacks)
    ways = page.locator("#result_list tbody tr").filter(has=page.locator("a"))
    first, second = (ways.nth(number).locator("a").first for number in (0, 1))
    page.keyboard.press("k"), page.keyboard.press("j")
    playwright.expect(second).to_be_focused()
    first.evaluate("link => link.closest('tbody').prepend(link.closest('tr').cloneNode(true))")  # a row comes: nobody loses his place
    playwright.expect(ways.nth(2).locator("a").first).to_be_focused()
    page.keyboard.press("k"), page.keyboard.press("k"), page.keyboard.press("k"), page.keyboard.press("Control+j")
    playwright.expect(first).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("4711 / 14:02 ?jk")
    playwright.expect(page.locator("#find-anywhere input")).to_have_value("4711 / 14:02 ?jk")

    page.keyboard.press("Control+k")
    box = page.get_by_role("dialog", name="Find a call, a page or a name")
    playwright.expect(box.get_by_role("link", name="Health")).to_be_visible()
    page.keyboard.type("jk?/ 4711")
    playwright.expect(box.get_by_role("link")).to_have_text([re.compile("Calls: search for .jk.*4711"), re.compile("Streams: search")])
    page.keyboard.press("ArrowUp")
    playwright.expect(box.get_by_role("link").last).to_be_focused()
    page.keyboard.press("Escape"), page.keyboard.press("Control+k")
    page.keyboard.type("acme")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/*/change/")
    playwright.expect(page.locator("h1")).to_have_text("Acme Robotics")

    page.goto(scene.first_page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    playwright.expect(page.locator("#find")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    playwright.expect(keys).to_contain_text("to the next and the previous row of a list")
    keys.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape"), page.keyboard.press("?"), page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id !== 'find' && !document.querySelector('dialog[open]')")
    page.keyboard.press("Meta+k")
    playwright.expect(box.get_by_role("searchbox")).to_be_focused()


@in_the_browser
def test_on_a_phone_the_first_sections_are_a_bar_below_that_hides_nothing(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.callbacks)
    bar = page.get_by_role("navigation", name="Sections")
    shown = bar.get_by_role("link")
    playwright.expect(shown).to_have_text(["Calls", "Streams", "Callbacks", "Hosts"])
    box = bar.bounding_box()
    assert round(box["y"] + box["height"]) == 844 and min(one.bounding_box()["height"] for one in shown.all()) >= 44
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = page.get_by_role("navigation", name="Pages of the list").bounding_box()
    assert last["y"] + last["height"] <= box["y"]
    bar.get_by_text("More").tap()
    playwright.expect(shown).to_have_count(11)
    shown.filter(has_text="Gateways").tap()
    page.wait_for_url("**/gateway/")
    page.goto(scene.log)
    playwright.expect(page.locator("#live")).to_be_visible()
    live = page.locator("#live").bounding_box()
    assert live["y"] + live["height"] <= page.locator("#sections").bounding_box()["y"] + 1
    page.emulate_media(media="print")
    playwright.expect(bar).to_be_hidden()


@in_the_browser
def test_the_lines_to_paste_are_copied_or_without_a_clipboard_marked_for_who_copies_them(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700}, permissions=["clipboard-read", "clipboard-write"])
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.gateway)
    lines = page.locator("#lines-1").text_content()
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == lines
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copied").click()
    page.get_by_role("button", name="Press Ctrl+C").wait_for()
    assert page.evaluate("getSelection().toString()").rstrip("\n") == lines.rstrip("\n")


@in_the_browser
def test_a_line_of_the_log_can_be_sent_to_a_colleague(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 400})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(f"{scene.log}#{scene.anchor}")
    line = page.locator(f"#{scene.anchor}")
    assert page.evaluate("element => element.matches(':target')", line.element_handle())
    assert 0 <= line.bounding_box()["y"] < 400
    page.goto("about:blank")
    page.goto(f"{scene.log}#{scene.old_anchor}")
    playwright.expect(page.locator("li.line").first).to_have_id(scene.anchor)
