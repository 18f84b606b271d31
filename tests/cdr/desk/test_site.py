"""Who gets into the desk and who into the console, what the frame says, and that both part at once when a membership ends."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from cdr import members
from cdr.audit import Actor
from cdr.member_rows import Membership, Role
from cdr.models import AuditEntry, AuthenticatorApp
from cdr.sign_in import second_factor
from streams.models import Account
from tests.cdr.admin.conftest import signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk, member

pytestmark = pytest.mark.django_db

CALLS = "/desk/calls/"


@pytest.fixture(autouse=True)
def account() -> Account:
    return make_gateway().account


def sign_in(name: str, password: str, site: str = "desk") -> Any:
    client = Client()
    return client, client.post(f"/{site}/login/", {"username": name, "password": password})


def test_a_member_signs_in_at_the_desk_and_finds_the_console_shut() -> None:
    member("Acme Robotics", name="carla", password="correct horse battery")
    client, answer = sign_in("carla", "correct horse battery")
    assert answer.status_code == 302 and client.get("/desk/", follow=True).redirect_chain == [(CALLS, 302)]
    assert client.get("/admin/").status_code == client.get("/admin/cdr/calldetail/").status_code == 302
    assert AuditEntry.objects.get(act="sign in").by == "carla"
    assert sign_in("carla", "correct horse battery", "admin")[1].status_code == 200


def test_staff_without_a_membership_find_the_desk_shut_and_are_told_what_a_wrong_password_is_told() -> None:
    User.objects.create_superuser("anna", password="correct horse battery")
    client, right = sign_in("anna", "correct horse battery")
    wrong = sign_in("anna", "wrong")[1]
    words = "do not open the desk"
    assert right.status_code == wrong.status_code == 200 and words in right.content.decode() and words in wrong.content.decode()
    for path in ("/desk/", CALLS, "/desk/second-factor/", "/desk/sessions/", "/desk/password/"):
        assert client.get(path).status_code == signed_in(User.objects.get()).get(path).status_code == 302, path


def test_what_the_console_permits_counts_for_nothing_at_the_desk() -> None:
    """A superuser who is a viewer there is a viewer there."""
    anna = User.objects.create_superuser("anna")
    Membership.objects.create(user=anna, account=Account.objects.get())
    client = signed_in(anna)
    page = client.get(CALLS)
    assert page.status_code == 200 and "/admin/" not in page.content.decode().replace("/static/admin/", "")
    assert client.post(CALLS, {"action": "delete_selected"}).status_code == 405


def test_the_frame_says_where_one_is_and_nothing_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.status_strip.known_troubles", lambda: 1 / 0)  # nobody may as much as ask
    monkeypatch.setattr("config.bell.known_count", lambda: 1 / 0)
    for path in (CALLS, "/desk/streams/", "/desk/callbacks/", "/desk/second-factor/", "/desk/sessions/", "/desk/password/", "/desk/x/"):
        page = at_desk(name=f"carla{path}").get(path)
        assert page.status_code == (404 if path == "/desk/x/" else 200)
        text = page.content.decode()
        assert 'href="/desk/' in text and 'href="/admin/' not in text
        assert path == "/desk/x/" or "<bdi>Acme Robotics</bdi>, viewer" in text


def test_who_is_taken_away_sees_nothing_from_then_on(account: Account) -> None:
    client = at_desk(name="carla")
    assert client.get(CALLS).status_code == 200
    assert members.take_away(Membership.objects.get(), Actor("anna", None))
    assert client.get(CALLS).status_code == 302
    assert [entry.act for entry in AuditEntry.objects.all()] == ["remove a member"]


def test_who_is_not_active_or_whose_account_is_gone_finds_it_shut(account: Account) -> None:
    client = at_desk(name="carla")
    User.objects.update(is_active=False)
    assert client.get(CALLS).status_code == 302
    left = at_desk(name="carlo")
    Membership.objects.filter(user__username="carlo").update(account_id=account.pk + 1000)  # as an older version leaves it behind
    assert left.get(CALLS).status_code == 302


def test_the_second_factor_is_asked_for_as_at_the_console() -> None:
    user = member("Acme Robotics", password="correct horse battery")
    second_factor.begin(user)
    AuthenticatorApp.objects.update(confirmed=True)
    client, answer = sign_in("carla", "correct horse battery")
    assert answer["Location"] == "/desk/login/code/" and client.get(CALLS).status_code == 302
    assert client.post("/desk/login/code/", {"code": "000000"}).status_code == 200
    second_factor.remove(user)
    with override_settings(REQUIRE_SECOND_FACTOR=True):
        client, _ = sign_in("carla", "correct horse battery")
        assert client.get("/desk/login/")["Location"] == "/desk/second-factor/" and client.get(CALLS).status_code == 302


def test_wrong_passwords_lock_as_at_the_console() -> None:
    member("Acme Robotics", password="correct horse battery")
    answers = [sign_in("carla", "wrong")[1] for _ in range(6)]
    assert answers[-1].status_code == 429 and sign_in("carla", "correct horse battery")[1].status_code == 429


def test_who_has_several_accounts_sees_which_is_which_and_chooses() -> None:
    other = make_gateway("pbx-2", "Beta").account
    user = member("Acme Robotics")
    one = signed_in(user).get(CALLS).content.decode()
    assert "Any account" not in one
    member(other, role=Role.MANAGER, name="carla")
    page = signed_in(user).get(CALLS).content.decode()
    assert "Any account" in page and f'value="{other.auth_id}"' in page and "<bdi>Beta</bdi>, manager" in page
