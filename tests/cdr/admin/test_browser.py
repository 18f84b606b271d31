"""The console in a real Chromium: nothing it shows is refused by its own policy, runs a stranger's script, or is wider than a phone."""

from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User

from cdr import audit
from cdr.audit import Actor
from cdr.pure.acts import Act
from streams.models import Account, Call, Callback, Gateway, Stream
from streams.pure.gateway.refusal import Reason
from tests.cdr.admin import every_page
from tests.cdr.admin.conftest import signed_in
from tests.cdr.admin.hostile import MARKER
from tests.cdr.admin.test_escaping import poisoned_rows
from tests.cdr.factories import one_of_each_kind, refused
from tests.chromium import CHROMIUM
from tests.shared_browser import in_the_browser

playwright = pytest.importorskip("playwright.sync_api", reason="the console in a browser: the playwright package is not installed")
PHONE = {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="the console in a browser: there is no Chromium on this machine"),
]


class HostilePages(NamedTuple):
    addresses: list[str]
    cookie: dict[str, str]


class Scene(NamedTuple):
    """`callbacks`: their list. `gateway`: the page of one. `log`, `anchor`: the last line of a stream's debug log. `cookie`: of somebody
    signed in."""

    callbacks: str
    gateway: str
    log: str
    anchor: str
    cookie: dict[str, str]


def cookie_of(user: User, url: str) -> dict[str, str]:
    return {"name": "sessionid", "value": signed_in(user).cookies["sessionid"].value, "url": url}


@pytest.fixture
def hostile_pages(live_server) -> HostilePages:
    """A page of each kind, of calls of every kind, with hostile text in every column."""
    administrator = User.objects.create_superuser("admin")
    poisoned_rows(administrator)
    live, unconnected = Stream.objects.filter(state="streaming").latest("pk"), Stream.objects.get(connect_attempts=3)
    addresses = list(every_page.kinds(administrator).values())
    addresses += [f"/admin/cdr/calldetail/{call.uuid}/{page}/" for call in Call.objects.all() for page in ("change", "debug-log")]
    addresses += [f"/admin/cdr/streamdetail/{live.uuid}/{page}/" for page in ("change", "debug-log", "stop")]
    addresses += [f"/admin/cdr/calldetail/{live.call.uuid}/hang-up/", "/admin/cdr/calldetail/exports/?state=ended"]
    addresses += [f"/admin/cdr/streamdetail/compare/?a={live.uuid}&b={other}" for other in ("", unconnected.uuid)]
    addresses += ["/admin/cdr/streamdetail/saved/?state=live", "/admin/cdr/streamdetail/?cause=customer_closed&from=teatime"]
    addresses += [f"/admin/streams/callback/{Callback.objects.first().pk}/{page}/" for page in ("change", "resend")]
    gateway = Gateway.objects.latest("pk")
    refused("a" * 80, Reason.UNKNOWN_GATEWAY, known=False)
    refused(gateway.name, words="W" * 500, address="2001:db8:1111:2222:3333:4444:5555:6666")
    addresses += [f"/admin/streams/gateway/{gateway.pk}/change/"]
    audit.write(Actor("admin", "192.0.2.7"), Act.CHANGE, Account.objects.first(), name=["a" * 200, "<b>"])
    return HostilePages([live_server.url + address for address in addresses], cookie_of(administrator, live_server.url))


@pytest.fixture
def scene(live_server) -> Scene:
    """A call of each kind. Everything that asks the database is done here, as the tests run in the browser's thread."""
    one_of_each_kind()
    unconnected = Stream.objects.get(connect_attempts=3)
    url, gateway = f"{live_server.url}/admin", Gateway.objects.latest("pk")
    return Scene(
        callbacks=f"{url}/streams/callback/",
        gateway=f"{url}/streams/gateway/{gateway.pk}/change/",
        log=f"{url}/cdr/streamdetail/{unconnected.uuid}/debug-log/",
        anchor=f"e{unconnected.events.last().pk}",
        cookie=cookie_of(User.objects.create_superuser("admin"), live_server.url),
    )


def complains(message: Any) -> bool:
    """This server speaks no WebSocket: that an open log finds none is no complaint; nor is the status of a list that is not understood."""
    expected = ("WebSocket connection to", "status of 400")
    return message.type in ("error", "warning") and not any(words in message.text for words in expected)


@in_the_browser
def test_every_page_on_a_phone(hostile_pages, browser) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme="dark", is_mobile=True)
    context.add_cookies([hostile_pages.cookie])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if complains(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    for address in hostile_pages.addresses:
        response = page.goto(address)
        assert response.status == (400 if "teatime" in address else 200), address
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        assert not page.evaluate(f"'{MARKER}' in window"), address
        assert complaints == [], address


@in_the_browser
def test_all_rows_of_a_page_are_ticked_at_once_and_one_question_is_asked(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.callbacks)
    page.get_by_label("Select all").check()
    count = page.locator("input.action-select:checked").count()
    page.get_by_label("Action:").select_option(label="Send the selected callbacks again…")
    page.get_by_role("button", name="Go").click()
    assert page.get_by_role("heading", name=f"Send {count} callbacks again?").is_visible() and count > 5
    page.get_by_role("button", name="Send them again").click()
    assert page.get_by_text(f"{count} callbacks will be sent again within seconds.").is_visible()


@in_the_browser
def test_a_key_leads_to_the_search_and_can_be_switched_off(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.callbacks)
    page.keyboard.press("/")
    page.keyboard.type("4711 / 14:02")
    assert page.locator("#find-anywhere input").input_value() == "4711 / 14:02"
    page.evaluate("localStorage.setItem('log-keys', 'off')")
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


@pytest.mark.parametrize("clipboard", ["navigator.clipboard", "undefined"], ids=["a clipboard", "none"])
@in_the_browser
def test_the_lines_to_paste_are_copied_with_a_clipboard_and_without(scene, browser, clipboard) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 700}, permissions=["clipboard-read", "clipboard-write"])
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(scene.gateway)
    pasted = page.evaluate_handle("navigator.clipboard")
    page.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    # The old way leaves the last line's end out.
    assert pasted.evaluate("clipboard => clipboard.readText()").rstrip("\n") == page.locator("#lines-1").text_content().rstrip("\n")


@in_the_browser
def test_a_line_of_the_log_can_be_sent_to_a_colleague(scene, browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 400})
    context.add_cookies([scene.cookie])
    page = context.new_page()
    page.goto(f"{scene.log}#{scene.anchor}")
    line = page.locator(f"#{scene.anchor}")
    assert page.evaluate("element => element.matches(':target')", line.element_handle())
    assert 0 <= line.bounding_box()["y"] < 400
