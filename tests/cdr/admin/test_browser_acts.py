"""What people do in the console, done as they do it, in a real Chromium: an operator's day, and an administrator's."""

import base64
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_otp.oath import TOTP

from cdr import roles
from cdr.models import AuditEntry, Export, SavedFilter
from cdr.pure.acts import Act
from cdr.sign_in import sessions
from streams import tokens
from streams.models import Account, Callback, ControlRequest
from tests.cdr.admin.conftest import person
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, good_call, live_call
from tests.chromium import CHROMIUM
from tests.shared_browser import SharedBrowser
from tests.streams.rows import main_token

playwright = pytest.importorskip("playwright.sync_api", reason="acts in a browser: the playwright package is not installed")
PASSWORD = "a-long-password-1"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="acts in a browser: there is no Chromium on this machine"),
]


def day_of(browser: SharedBrowser, url: str, user: User, day: Callable[[Any], None]) -> None:
    """From the first page of the console on, by way of the sign-in; in the browser's thread, where nothing may ask the database."""
    user.set_password(PASSWORD)
    user.save()

    def signed_in(chromium: Any) -> None:
        page = chromium.new_page(base_url=url)
        sign_in(page, user.username)
        day(page)

    browser.do(signed_in)


def sign_in(page: Any, name: str) -> None:
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def press(page: Any, *names: str) -> None:
    """Links or buttons, one after the other."""
    for name in names:
        page.get_by_role("link", name=name, exact=True).or_(page.get_by_role("button", name=name, exact=True)).first.click()


def says(page: Any, words: str) -> None:
    playwright.expect(page.get_by_text(re.compile(words)).first).to_be_visible()


def test_an_operators_day(live_server, browser) -> None:
    gateway = make_gateway()
    live, closed, _ = live_call(gateway), closed_call(gateway), good_call(gateway)
    callback = Callback.objects.filter(stream__call=closed).latest("pk")
    operator = person("maria", roles.OPERATOR)

    def day(page: Any) -> None:
        press(page, "Calls")
        page.locator("select[name=reason]").select_option("Connection error")
        press(page, "Show")
        playwright.expect(page.locator("#result_list tbody tr")).to_have_count(1)
        press(page, "Save these filters…")
        page.get_by_label("Save it as").fill("what broke")
        press(page, "Save", "what broke")
        playwright.expect(page.locator("#result_list tbody tr")).to_have_count(1)
        press(page, "Export…")
        press(page, "Export as CSV")
        says(page, "Waiting")
        page.goto(f"/admin/cdr/calldetail/?reason=Connection+error&q={closed.uuid}")
        page.get_by_role("link", name=re.compile("hangup reason: Connection error")).click()
        assert "reason=" not in page.url and str(closed.uuid) in page.url
        page.goto(f"/admin/cdr/calldetail/{live.uuid}/change/")
        press(page, "Stop…", "Stop the stream")
        says(page, "was asked to stop")
        page.goto(f"/admin/cdr/calldetail/{live.uuid}/change/")
        press(page, "Send digits…")
        page.get_by_label("Digits").fill("12x")
        press(page, "Send the digits")
        says(page, "digits has 'x' as character 3")
        page.get_by_label("Digits").fill("12#")
        press(page, "Send the digits")
        says(page, "handed to the call")
        press(page, "Hang up…", "Hang up the call")
        says(page, "was asked to hang up")
        page.goto(f"/admin/streams/callback/{callback.pk}/change/")
        press(page, "Send again…", "Send it again")
        says(page, "sent again within seconds")

    day_of(browser, live_server.url, operator, day)
    asked = list(ControlRequest.objects.values_list("kind", "requested_by"))
    assert asked == [("stop", "maria"), ("send_dtmf", "maria"), ("hang_up", "maria")]
    assert (SavedFilter.objects.get().name, Export.objects.get().format) == ("what broke", "csv")
    callback.refresh_from_db()
    assert callback.state == "pending"
    done = list(AuditEntry.objects.filter(by="maria").order_by("pk").values_list("act", flat=True))
    assert done == [Act.SIGN_IN, Act.EXPORT, Act.STOP_STREAM, Act.SEND_DIGITS, Act.HANG_UP, Act.RESEND_CALLBACK]


def test_an_administrators_day(live_server, browser, monkeypatch) -> None:
    make_gateway()
    account = Account.objects.get()
    before = main_token(account)
    made: list[str] = []

    def day(page: Any) -> None:
        page.goto(f"/admin/streams/account/{account.pk}/change/")
        page.get_by_role("link", name=re.compile("New auth token")).click()
        page.get_by_label("Name:").fill("next")
        press(page, "Make the token")
        says(page, "whsec_")
        made.extend(page.locator(".token").all_inner_texts())
        page.goto("/admin/second-factor/")
        monkeypatch.setattr(sessions, "CONFIRMED_SECONDS", 0)  # as if she had signed in an hour ago
        press(page, "Set it up")
        page.get_by_label("Your password").fill(PASSWORD)
        press(page, "Go on")
        monkeypatch.undo()
        secret = page.locator(".help .code").inner_text().replace(" ", "")
        page.get_by_label(re.compile("Type the code")).fill(code_of_the_app(secret))
        press(page, "Confirm")
        recovery = page.locator(".recovery-codes li").first.inner_text()
        press(page, "I have kept them")
        page.locator("#person summary").click()
        press(page, "Log out")
        sign_in(page, "admin")
        page.get_by_label(re.compile("The code that your app")).fill("000000")
        press(page, "Go on")
        assert "/login/code/" in page.url
        page.get_by_label(re.compile("The code that your app")).fill(recovery)
        press(page, "Go on")
        says(page, "Find out what happened")
        page.goto("/admin/cdr/retentionrun/")
        says(page, "Acme Robotics|nothing|Nothing")

    day_of(browser, live_server.url, User.objects.create_superuser("admin"), day)
    shown, webhook_secret = made
    assert tokens.of_account(account, timezone.now()) == (shown, before)
    assert base64.b64decode(webhook_secret.removeprefix("whsec_")).decode() == shown


def code_of_the_app(secret: str) -> str:
    totp = TOTP(base64.b32decode(secret + "=" * (-len(secret) % 8)))
    totp.time = time.time()
    return f"{totp.token():06}"
