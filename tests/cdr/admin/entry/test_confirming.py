"""“Confirm it is you”: asked before what matters, for five minutes, with the second factor; nothing typed is lost by it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from time_machine import travel

from cdr import roles
from cdr.admin.entry import confirming
from cdr.admin.entry.confirming import HELD
from cdr.models import AuditEntry, FailedSignIn
from cdr.pure.sign_in import MOST_OF_A_NAME
from cdr.sign_in import second_factor
from streams.models import Account, AuthToken, Gateway
from tests.cdr.admin.conftest import person
from tests.cdr.admin.entry.test_second_factors import another, code
from tests.cdr.admin.test_audited import form_of
from tests.cdr.call_script import make_gateway
from tests.streams.rows import main_token

pytestmark = pytest.mark.django_db
LOGIN, PASSWORD = "/admin/login/", "a-long-password-1"
TYPED = "quiet-anvil-7-harbour"


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("admin", password=PASSWORD)


@pytest.fixture
def browser(admin) -> Client:
    """Signed in longer ago than it is certain who sits there."""
    client = Client()
    client.post(LOGIN, {"username": "admin", "password": PASSWORD})
    expire(client)
    return client


def expire(client: Client) -> None:
    session = client.session
    session["confirmed_at"] = 0
    session.save()


def held(response) -> str:
    """What waits in the page that asks."""
    assert asks(response)
    return hidden(response, HELD)


def hidden(response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def asks(response) -> bool:
    return "<title>Confirm it is you" in response.content.decode()


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


# What it is asked before -----------------------------------------------------------------------------------------------
def rows() -> dict[str, object]:
    """Everything that an act below would change."""
    return {
        "users": list(User.objects.order_by("pk").values("username", "password", "is_staff", "is_superuser")),
        "groups": [(group.name, group.permissions.count()) for group in Group.objects.order_by("pk")],
        "tokens": list(AuthToken.objects.order_by("pk").values()),
        "accounts": list(Account.objects.order_by("pk").values()),
        "gateways": list(Gateway.objects.order_by("pk").values()),
        "apps": [(user.pk, second_factor.device_of(user)) for user in User.objects.order_by("pk")],
        "begun": [second_factor.unfinished(user) for user in User.objects.order_by("pk")],
    }


def new_user(client: Client) -> tuple[str, dict[str, object]]:
    return "/admin/auth/user/add/", {"username": "eve", "password1": TYPED, "password2": TYPED, "usable_password": "true"}


def changed_user(client: Client) -> tuple[str, dict[str, object]]:
    page = f"/admin/auth/user/{User.objects.get(username='leo').pk}/change/"
    form = form_of(client, page)
    return page, {name: form[name] for name in ("username", "first_name", "email")} | {"is_superuser": "on", "is_staff": "on"}


def new_password(client: Client) -> tuple[str, dict[str, object]]:
    page = f"/admin/auth/user/{User.objects.get(username='leo').pk}/password/"
    return page, {"password1": TYPED, "password2": TYPED, "usable_password": "true"}


def deleted_user(client: Client) -> tuple[str, dict[str, object]]:
    return f"/admin/auth/user/{User.objects.get(username='leo').pk}/delete/", {"post": "yes"}


def deleted_users(client: Client) -> tuple[str, dict[str, object]]:
    chosen = [User.objects.get(username="leo").pk]
    return "/admin/auth/user/", {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}


def removed_second_factor(client: Client) -> tuple[str, dict[str, object]]:
    return f"/admin/auth/user/{User.objects.get(username='leo').pk}/second-factor/", {}


def new_group(client: Client) -> tuple[str, dict[str, object]]:
    return "/admin/auth/group/add/", {"name": "Evil"}


def made_token(client: Client) -> tuple[str, dict[str, object]]:
    return f"/admin/streams/account/{Account.objects.get().pk}/new-token/", {"name": "next"}


def revoked_token(client: Client) -> tuple[str, dict[str, object]]:
    return f"/admin/streams/account/{Account.objects.get().pk}/revoke-token/{AuthToken.objects.get().pk}/", {"ends": "0"}


def gateway_password(client: Client) -> tuple[str, dict[str, object]]:
    page = f"/admin/streams/gateway/{Gateway.objects.get().pk}/change/"
    return page, form_of(client, page) | {"password": TYPED}


def own_second_factor(client: Client) -> tuple[str, dict[str, object]]:
    return "/admin/second-factor/", {"begin": "yes"}


ACTS = [
    *(new_user, changed_user, new_password, deleted_user, deleted_users, removed_second_factor, new_group),
    *(made_token, revoked_token, gateway_password, own_second_factor),
]


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_done_before_and_nothing_typed_is_lost(browser, admin, act: Callable[[Client], tuple[str, dict[str, object]]]) -> None:
    main_token(make_gateway().account)
    leo = person("leo", roles.OPERATOR)
    second_factor.begin(leo)
    TOTPDevice.objects.update(confirmed=True)
    page, typed = act(browser)
    before = rows()
    first = browser.post(page, typed)
    assert asks(first) and rows() == before and "no-store" in first.headers["Cache-Control"]
    assert TYPED not in first.content.decode() and acts() == ["sign in"]
    wrong = browser.post(page, {HELD: held(first), "password": "wrong"})
    assert asks(wrong) and "This is not your password" in wrong.content.decode() and rows() == before
    done = browser.post(page, {HELD: held(wrong), "password": PASSWORD})
    assert done.status_code in (200, 302) and not asks(done) and rows() != before, done.content.decode()[:3000]
    assert acts()[:3] == ["sign in", "fail to sign in", "confirm identity"]
    assert AuditEntry.objects.get(act="confirm identity").details == {"with": "password"}


def test_it_counts_for_five_minutes_and_so_does_signing_in(admin) -> None:
    client = Client()
    client.post(LOGIN, {"username": "admin", "password": PASSWORD})
    assert not asks(client.post("/admin/auth/group/add/", {"name": "One"}))
    with travel(timezone.now() + timedelta(minutes=6), tick=True):
        asking = client.post("/admin/auth/group/add/", {"name": "Two"})
        assert asks(asking)
        client.post("/admin/auth/group/add/", {HELD: held(asking), "password": PASSWORD})
    with travel(timezone.now() + timedelta(minutes=10), tick=True):
        assert not asks(client.post("/admin/auth/group/add/", {"name": "Three"}))
    with travel(timezone.now() + timedelta(minutes=12), tick=True):
        assert asks(client.post("/admin/auth/group/add/", {"name": "Four"}))
    assert {group.name for group in Group.objects.all()} >= {"One", "Two", "Three"}


def test_who_only_looks_or_changes_something_else_is_not_asked(browser) -> None:
    gateway = make_gateway()
    for page in ("/admin/auth/user/", "/admin/auth/user/add/", f"/admin/streams/gateway/{gateway.pk}/change/", "/admin/second-factor/"):
        assert not asks(browser.get(page))
    page = f"/admin/streams/account/{gateway.account_id}/change/"
    assert browser.post(page, form_of(browser, page) | {"currency": "EUR"}).status_code == 302
    page = f"/admin/streams/gateway/{gateway.pk}/change/"
    assert browser.post(page, form_of(browser, page) | {"name": "renamed"}).status_code == 302


def test_who_may_not_is_refused_and_not_asked(browser) -> None:
    client = Client()
    client.force_login(person("support", roles.SUPPORT))
    expire(client)
    for page in ("/admin/auth/user/add/", "/admin/auth/group/add/", "/admin/auth/user/"):
        assert client.post(page, {"name": "Evil", HELD: "x"}).status_code == 403


# Guessing ------------------------------------------------------------------------------------------------------------------
def test_guesses_count_and_lock_as_at_the_login_page(browser) -> None:
    asking = browser.post("/admin/auth/group/add/", {"name": "Evil"})
    for _ in range(MOST_OF_A_NAME):
        last = browser.post("/admin/auth/group/add/", {HELD: held(asking), "password": "guess"})
    assert last.status_code == 429 and "Too many failed sign-ins" in last.content.decode()
    assert FailedSignIn.objects.get().failures_since_start == MOST_OF_A_NAME
    assert browser.post("/admin/auth/group/add/", {HELD: held(asking), "password": PASSWORD}).status_code == 429
    assert not Group.objects.filter(name="Evil").exists()


def test_who_has_a_second_factor_gives_both_and_a_code_is_not_looked_at_before(browser, admin) -> None:
    device = second_factor.begin(admin)
    TOTPDevice.objects.update(confirmed=True)
    session = browser.session
    second_factor.mark_passed(session, device)
    session.save()
    asking = browser.post("/admin/auth/group/add/", {"name": "Good"})
    right = code(device)
    for answer in ({"password": PASSWORD}, {"password": "wrong", "code": right}, {"password": PASSWORD, "code": another(right)}):
        assert asks(browser.post("/admin/auth/group/add/", {HELD: held(asking), **answer})), answer
    assert not Group.objects.filter(name="Good").exists()
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert browser.post("/admin/auth/group/add/", {HELD: held(asking), "password": PASSWORD, "code": right}).status_code == 302
    assert Group.objects.filter(name="Good").exists()
    assert AuditEntry.objects.get(act="confirm identity").details == {"with": "password and code"}


# What waits ------------------------------------------------------------------------------------------------------------------
def test_what_waits_is_for_one_person_one_address_and_a_quarter_of_an_hour(browser, admin, monkeypatch) -> None:
    asking = browser.post("/admin/auth/group/add/", {"name": "Evil"})
    user_page = "/admin/auth/user/add/"
    for page, form in ((user_page, held(asking)), ("/admin/auth/group/add/", held(asking)[:-4] + "AAAA"), ("/admin/auth/group/add/", "ä")):
        expire(browser)
        answer = browser.post(page, {HELD: form, "password": PASSWORD})
        assert (answer.status_code, answer.headers["Location"]) == (302, page)
    monkeypatch.setattr(confirming, "HELD_SECONDS", -1)
    late = browser.post("/admin/auth/group/add/", {HELD: held(asking), "password": PASSWORD}, follow=True)
    assert "That took too long, so nothing was done." in late.content.decode()
    monkeypatch.undo()
    eve = User.objects.create_superuser("eve", password=PASSWORD)
    other = Client()
    other.post(LOGIN, {"username": "eve", "password": PASSWORD})
    assert other.post("/admin/auth/group/add/", {HELD: held(asking), "password": PASSWORD}).status_code == 302
    assert not Group.objects.filter(name="Evil").exists() and eve.pk


def test_what_waits_is_done_only_with_the_token_against_forgery(admin) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    expire(client)
    token = hidden(client.get("/admin/auth/group/add/"), "csrfmiddlewaretoken")
    asking = client.post("/admin/auth/group/add/", {"name": "Evil", "csrfmiddlewaretoken": token})
    assert client.post("/admin/auth/group/add/", {HELD: held(asking), "password": PASSWORD}).status_code == 403
    assert not Group.objects.filter(name="Evil").exists()


def test_who_has_no_password_here_is_told_to_sign_in_again(admin) -> None:
    admin.set_unusable_password()
    admin.save()
    client = Client()
    client.force_login(admin)
    expire(client)
    answer = client.post("/admin/auth/group/add/", {"name": "Evil"}).content.decode()
    assert "sign in once more" in answer and 'name="password"' not in answer
    assert asks(client.post("/admin/auth/group/add/", {HELD: "x", "password": ""}))
