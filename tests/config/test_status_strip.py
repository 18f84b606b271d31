"""The strip of the console: every staff member sees in words what is not well, on each page, and no page waits for what hangs."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config import status, status_strip
from streams.pure.trouble import Trouble
from tests.cdr.admin.conftest import person, signed_in
from tests.chromium import CHROMIUM

pytestmark = pytest.mark.django_db(transaction=True)
STRIP = b'id="troubles"'
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1366, "height": 768}
SMALL_DESK = {"width": 1280, "height": 800}


@pytest.fixture(autouse=True)
def as_ever(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of a process that has just begun."""
    monkeypatch.setattr(status_strip, "known_troubles", status_strip.really_known_troubles)  # type: ignore[attr-defined]
    for check in (status.redis, status.work):
        check.forget()
    yield
    for answer in status.ask_all():
        answer.result(20)


def test_staff_without_any_permission_sees_it_on_every_page_and_a_stranger_nowhere() -> None:
    """Neither Redis nor a worker is there."""
    stranger = signed_in(User.objects.create_user("stranger", is_staff=True))
    for client in (stranger, signed_in(person("support", "Support"))):
        page = client.get("/admin/").content
        assert STRIP in page and b"Redis does not answer." in page and b"Calls go on" in page and b'role="status"' in page
    assert STRIP in stranger.get("/admin/sessions/").content
    assert STRIP not in Client().get("/admin/login/").content


def test_there_is_none_while_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "troubles", list)
    assert STRIP not in signed_in(User.objects.create_superuser("admin")).get("/admin/").content


def test_no_page_waits_for_a_redis_that_hangs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once, by a thread of its own; a page waits for a moment at most, and none once the hanging is known."""
    client = signed_in(User.objects.create_superuser("admin"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        asked = status.redis.begin()
        client.get("/admin/")
        assert not asked.done() and status.redis.begin() is asked
        monkeypatch.setattr(status.redis, "_began", time.monotonic() - 3)
        assert b"Redis does not answer." in client.get("/admin/").content


def test_at_most_three_are_told_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Trouble("notes", f"Trouble {number}.", "", "") for number in range(5)]
    monkeypatch.setattr(status, "troubles", lambda: many)
    page = signed_in(User.objects.create_superuser("admin")).get("/admin/").content
    assert b"Trouble 2." in page and b"Trouble 3." not in page and b"And 2 more" in page


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="the console in a browser: there is no Chromium on this machine")
def test_it_fits_a_phone_and_a_desk_and_can_be_read_in_light_and_dark(live_server: Any, browser: Any, monkeypatch: Any) -> None:
    pytest.importorskip("playwright.sync_api")
    from tests.cdr.admin import axe  # noqa: PLC0415 - it skips where there is no axe

    long = Trouble("worker", f"The worker has done nothing {'W' * 90}.", "Calls go on. " * 9, "Restart it.")
    monkeypatch.setattr(
        status, "troubles", lambda: [*status.redis_trouble("does not answer"), *[long._replace(about=str(n)) for n in range(3)]]
    )
    value = signed_in(User.objects.create_superuser("admin")).cookies["sessionid"].value

    def look(chromium: Any) -> None:
        context = chromium.new_context(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
        context.add_cookies([{"name": "sessionid", "value": value, "url": live_server.url}])
        context.add_init_script(axe.SCRIPTS)
        page = context.new_page()
        page.goto(f"{live_server.url}/admin/")
        strip = page.get_by_role("status", name="What is not well")
        assert "Redis does not answer." in strip.inner_text()
        page.evaluate("() => { window.news = document.querySelector('#troubles') }")
        for size, scheme, rules in ((PHONE, "dark", axe.LOOKS), (DESK, "light", axe.ALL_RULES)):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            assert axe.findings(page, rules) == [], (size, scheme)
        page.goto(f"{live_server.url}/admin/health/")  # which has the search in its bar, as the board has not
        page.set_viewport_size(SMALL_DESK)
        assert page.evaluate("document.querySelector('#header').offsetHeight") < 60  # one line, with all sections of an administrator

    browser.do(look)
