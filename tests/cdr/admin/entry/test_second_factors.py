"""The second factor: set up with a code, asked for at each sign-in, and without it a session sees nothing, on no road."""

import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import TOTP

from cdr import live, roles
from cdr.admin.entry import signing_in
from cdr.models import AuditEntry, AuthenticatorApp, FailedSignIn
from cdr.pure.log.filter import LogFilter
from cdr.pure.sign_in import MOST_OF_A_NAME
from cdr.sign_in import second_factor
from tests.cdr.admin.conftest import person
from tests.cdr.admin.reading import Page, read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call

pytestmark = pytest.mark.django_db
PAGE, LOGIN, CODE, CALLS = "/admin/second-factor/", "/admin/login/", "/admin/login/code/", "/admin/cdr/calldetail/"
PASSWORD = "a-long-password-1"


@pytest.fixture
def maria() -> User:
    return person("maria", roles.OPERATOR, PASSWORD)


@pytest.fixture
def browser(maria) -> Client:
    """Hers, signed in before she had a second factor."""
    client = Client()
    sign_in(client)
    return client


def sign_in(client: Client, to: str = ""):
    return client.post(LOGIN, {"username": "maria", "password": PASSWORD, "next": to})


def code(device: AuthenticatorApp, steps: int = 0) -> str:
    """What the app shows, `steps` half minutes from now."""
    device.refresh_from_db()
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time() + steps * device.step
    return f"{totp.token():06}"


def another(right: str) -> str:
    return f"{(int(right) + 333_333) % 1_000_000:06}"


def set_up(client: Client) -> tuple[AuthenticatorApp, list[str]]:
    """Returns her app, and her recovery codes."""
    client.post(PAGE, {"begin": "yes"})
    device = AuthenticatorApp.objects.get(confirmed=False)
    shown: Any = client.post(PAGE, {"confirm": "yes", "code": code(device)})
    AuthenticatorApp.objects.update(last_t=-1)  # as if a minute had passed: each code is good once
    return device, shown.context_data["codes"]


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def text(response) -> str:
    return Page(response.content.decode()).text


# Setting it up -------------------------------------------------------------------------------------------------------
def test_it_counts_only_after_a_code_and_secret_and_codes_are_shown_once(browser, maria) -> None:
    shown = browser.post(PAGE, {"begin": "yes"})
    device = AuthenticatorApp.objects.get()
    assert second_factor.secret_words(device) in text(shown) and 'src="data:image/svg+xml' in shown.content.decode()
    assert not device.confirmed and "no-store" in shown.headers["Cache-Control"]
    again = browser.get(PAGE)
    assert second_factor.secret_words(device) not in text(again) and "data:image" not in again.content.decode()
    wrong = browser.post(PAGE, {"confirm": "yes", "code": another(code(device))})
    assert "This code is not right" in text(wrong) and second_factor.device_of(maria) is None
    AuthenticatorApp.objects.update(throttling_failure_count=0)
    done = browser.post(PAGE, {"confirm": "yes", "code": code(device)})
    assert len(set(done.context_data["codes"])) == 10 and all(word in text(done) for word in done.context_data["codes"])
    assert second_factor.device_of(maria) == device
    assert done.context_data["codes"][0] not in text(browser.get(PAGE)) and "10 recovery codes left" in text(browser.get(PAGE))
    assert acts() == ["sign in", "set up second factor"]


def test_a_session_from_before_sees_nothing_any_more(browser, maria) -> None:
    elsewhere = Client()
    sign_in(elsewhere)
    assert elsewhere.get(CALLS).status_code == 200
    set_up(browser)
    assert browser.get(CALLS).status_code == 200
    assert elsewhere.get(CALLS).status_code == 302
    assert elsewhere.get(LOGIN).status_code == 200 and "_auth_user_id" not in elsewhere.session


# Asking for it -------------------------------------------------------------------------------------------------------
def test_the_password_alone_signs_nobody_in(browser) -> None:
    device, _ = set_up(browser)
    client = Client()
    assert sign_in(client, CALLS).headers["Location"] == f"{CODE}?next=%2Fadmin%2Fcdr%2Fcalldetail%2F"
    assert "_auth_user_id" not in client.session and client.get(CALLS).status_code == 302
    key = client.session.session_key
    done = client.post(CODE, {"code": code(device), "next": CALLS})
    assert done.headers["Location"] == CALLS and client.get(CALLS).status_code == 200
    assert client.session.session_key != key
    assert AuditEntry.objects.first().details == {"with": "password and code"}


def test_a_code_is_good_once(browser) -> None:
    device, _ = set_up(browser)
    shown = code(device)
    for expected in (302, 200):
        client = Client()
        sign_in(client)
        assert client.post(CODE, {"code": shown}).status_code == expected


@pytest.mark.parametrize("written", [str, str.upper, lambda word: f"{word[:4]}-{word[4:]}"])
def test_a_recovery_code_is_good_once_and_says_how_many_are_left(browser, written) -> None:
    _, codes = set_up(browser)
    client = Client()
    sign_in(client)
    first = client.post(CODE, {"code": written(codes[0])}, follow=True)
    assert "That was a recovery code; 9 are left." in text(first)
    client = Client()
    sign_in(client)
    assert client.post(CODE, {"code": codes[0]}).status_code == 200
    assert "_auth_user_id" not in client.session


def test_wrong_codes_make_it_wait_and_then_lock_and_the_right_one_does_not_help_then(browser) -> None:
    device, _ = set_up(browser)
    client = Client()
    sign_in(client)
    assert "This code is not right" in text(client.post(CODE, {"code": another(code(device))}))
    assert "there is a pause" in text(client.post(CODE, {"code": code(device)}))
    for _ in range(MOST_OF_A_NAME - 1):
        AuthenticatorApp.objects.update(throttling_failure_count=0)
        last = client.post(CODE, {"code": another(code(device))})
    assert last.status_code == 429 and "Too many failed sign-ins" in text(last)
    AuthenticatorApp.objects.update(throttling_failure_count=0)
    assert client.post(CODE, {"code": code(device)}).status_code == 429
    assert acts()[-2:] == ["fail to sign in", "lock sign-ins"]


def test_the_pause_stays_bounded_so_that_nobody_is_kept_out_for_days(browser, maria) -> None:
    device, _ = set_up(browser)
    AuthenticatorApp.objects.update(throttling_failure_count=500, throttling_failure_timestamp=device.created_at)
    answer = second_factor.check(maria, code(device))
    assert not answer.right and (answer.not_before - device.created_at).total_seconds() < 600


def test_the_second_step_is_for_those_who_have_just_done_the_first(browser, maria, monkeypatch) -> None:
    device, _ = set_up(browser)
    assert Client().get(CODE).headers["Location"] == LOGIN
    assert Client().post(CODE, {"code": code(device)}).headers["Location"] == LOGIN
    late = Client()
    sign_in(late)
    monkeypatch.setattr(signing_in, "HALF_WAY_SECONDS", 0)
    assert late.post(CODE, {"code": code(device)}).headers["Location"] == LOGIN
    monkeypatch.undo()
    changed = Client()
    sign_in(changed)
    maria.set_password("another-long-password")
    maria.save()
    assert changed.post(CODE, {"code": code(device)}).headers["Location"] == LOGIN


@pytest.mark.parametrize("path", ["/admin/", CALLS, "/admin/password_change/", PAGE, f"{CALLS}exports/1/file/", "/admin/jsi18n/"])
def test_without_it_no_page_and_no_download(browser, maria, path) -> None:
    set_up(browser)
    session_only = Client()
    session_only.force_login(maria)
    for method in (session_only.get, session_only.post):
        assert method(path).headers["Location"].startswith(LOGIN)


def test_without_it_no_live_log(browser, maria) -> None:
    call = live_call(make_gateway())
    set_up(browser)
    session_only = Client()
    session_only.force_login(maria)

    def may_read(client: Client) -> bool:
        return live.may_read(live.OpenLog("call", str(call.uuid), client.session.session_key or "", LogFilter())) is not None

    assert may_read(browser) and not may_read(session_only)


# Losing it -----------------------------------------------------------------------------------------------------------
def test_new_recovery_codes_end_the_old_ones(browser, maria) -> None:
    _, old = set_up(browser)
    new = browser.post(PAGE, {"codes": "yes"}).context_data["codes"]
    assert not set(old) & set(new)
    assert not second_factor.check(maria, old[0]).right
    assert acts()[-1] == "new recovery codes"


def test_one_removes_ones_own(browser, maria) -> None:
    set_up(browser)
    browser.post(PAGE, {"remove": "yes"})
    assert second_factor.device_of(maria) is None and acts()[-1] == "remove second factor"
    assert sign_in(Client()).headers["Location"] == "/admin/"


def test_an_administrator_sees_who_has_one_and_removes_it(browser, maria, administrator) -> None:
    set_up(browser)
    page = f"/admin/auth/user/{maria.pk}/second-factor/"
    assert page in read(administrator, f"/admin/auth/user/{maria.pk}/change/").links
    has = {user.username: user.second_factor for user in administrator.get("/admin/auth/user/").context_data["cl"].result_list}
    assert has == {"admin": False, "maria": True}
    assert "call them back" in text(administrator.get(page)) and second_factor.device_of(maria)
    administrator.post(page)
    assert second_factor.device_of(maria) is None
    entry = AuditEntry.objects.first()
    assert (entry.by, entry.act, entry.subject) == ("admin", "remove second factor", "maria")
    assert "maria has no second factor" in text(administrator.get(page))


# When it is required -------------------------------------------------------------------------------------------------
def test_who_has_none_is_led_to_set_it_up_and_sees_nothing_else(maria, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    call = live_call(make_gateway())
    client = Client()
    end = client.post(LOGIN, {"username": "maria", "password": PASSWORD, "next": CALLS}, follow=True)
    assert end.redirect_chain[-1][0] == PAGE and "until then you see nothing else" in text(end)
    assert not re.findall(r'href="(/admin/(?:cdr|streams)/[^"]*)"', end.content.decode())
    for path in ("/admin/", CALLS, "/admin/password_change/"):
        assert client.get(path).status_code == 302
    assert not live.may_read(live.OpenLog("call", str(call.uuid), client.session.session_key or "", LogFilter()))
    set_up(client)
    assert client.get(CALLS).status_code == 200
    assert not FailedSignIn.objects.exists()
