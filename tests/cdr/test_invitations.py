"""Invitations by mail: a link that works once, for a while, and for as long as whoever invited may; and nothing told of any address."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client, override_settings

from cdr import invitations
from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership, Role
from cdr.models import AuditEntry, AuthenticatorApp
from cdr.sign_in import second_factor
from config.mail_settings import Mail
from streams.models import Account
from tests.cdr.admin.conftest import signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk, member

pytestmark = pytest.mark.django_db
GOOD = {"username": "dora", "password1": "plough anvil trumpet cedar", "password2": "plough anvil trumpet cedar"}


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Mail("django.core.mail.backends.filebased.EmailBackend", {"file_path": str(tmp_path)}, "Desk <desk@example.org>", "a folder")
    monkeypatch.setattr(settings, "MAIL", folder)
    return tmp_path


@pytest.fixture
def account() -> Account:
    return make_gateway().account


@pytest.fixture
def manager(account: Account) -> Client:
    return at_desk(role=Role.MANAGER)


def invited(client: Client, account: Account, mails: Path, email: str = "dora@example.org", role: str = "viewer") -> str:
    """The link's path, out of the mail."""
    assert client.post(f"/desk/members/{account.auth_id}/invite/", {"email": email, "role": role}).status_code == 302
    assert invitations.mail_next() and not invitations.mail_next()
    mail = max(mails.iterdir(), key=lambda file: file.stat().st_mtime_ns).read_text().replace("=\n", "")
    assert f"To: {email}" in mail and "Acme Robotics" in mail
    return str(re.findall(r"http://testserver(/invitation/\S+)", mail)[-1])  # two mails of one second may be one file


def test_somebody_new_is_invited_chooses_a_password_and_is_at_the_desk(manager, account, mails) -> None:
    link = invited(manager, account, mails)
    client = Client()
    page = client.get(link)
    assert page.status_code == 200 and page["Referrer-Policy"] == "same-origin" and "no-store" in page["Cache-Control"]
    assert "Acme Robotics" in page.content.decode() and "dora@example.org" not in page.content.decode()
    for wrong in (
        {**GOOD, "password2": "another"},
        {**GOOD, "password1": "password12", "password2": "password12"},
        {**GOOD, "username": "carla"},
    ):
        assert "errorlist" in client.post(link, wrong).content.decode() and User.objects.count() == 1
    assert client.post(link, GOOD)["Location"] == "/desk/"
    assert client.get("/desk/calls/").status_code == 200
    dora = User.objects.get(username="dora")
    assert (dora.email, dora.is_staff, dora.is_superuser) == ("dora@example.org", False, False)
    assert [(one.account, one.role) for one in dora.memberships.all()] == [(account, "viewer")]
    told = [entry.act for entry in AuditEntry.objects.order_by("pk")]
    assert told == ["invite a member", "add a member", "accept an invitation", "sign in"]


def test_it_works_once(manager, account, mails) -> None:
    link = invited(manager, account, mails)
    assert Client().post(link, GOOD).status_code == 302
    again = Client().post(link, {**GOOD, "username": "eva"})
    assert again.status_code == Client().get(link).status_code == 404 and not User.objects.filter(username="eva").exists()


def test_who_is_signed_in_joins_and_nobody_becomes_less(manager, account, mails) -> None:
    other = make_gateway("pbx-2", "Beta").account
    eva = signed_in(member(other, name="eva"))
    link = invited(manager, account, mails, role="manager")
    page = eva.get(link).content.decode()
    assert "Join as eva" in page and page.count("autofocus") == 1 and "autofocus>Join" in page and "digits and @" not in page
    assert eva.post(link, {"join": "yes"})["Location"] == "/desk/"
    assert {one.account.name: one.role for one in Membership.objects.filter(user__username="eva")} == {
        "Acme Robotics": "manager",
        "Beta": "viewer",
    }
    weaker = invited(manager, account, mails, email="eva@example.org")
    assert eva.post(weaker, {"join": "yes"}).status_code == 302
    assert Membership.objects.get(user__username="eva", account=account).role == "manager"
    assert Client().post(invited(manager, account, mails, email="x@example.org"), {"join": "yes"}).status_code == 200  # nobody is signed in
    assert Invitation.objects.filter(used_at=None).count() == 1


@pytest.mark.parametrize("end", ["expired", "revoked", "no manager", "left", "not active", "role changed", "address changed"])
def test_what_ends_it_and_every_end_looks_the_same(manager, account, mails, end: str) -> None:
    link = invited(manager, account, mails)
    page = manager.get("/desk/members/").content.decode()
    ends: dict[str, Any] = {
        "expired": lambda: Invitation.objects.update(expires_at=F("created_at")),
        "revoked": lambda: manager.post(re.findall(r'href="(/desk/members/[^"]+/revoke/)"', page)[0]),
        "no manager": lambda: Membership.objects.update(role="viewer"),
        "left": lambda: Membership.objects.all().delete(),
        "not active": lambda: User.objects.update(is_active=False),
        "role changed": lambda: Invitation.objects.update(role="manager"),
        "address changed": lambda: Invitation.objects.update(email="mallory@example.org"),
    }
    assert Client().get(link).status_code == 200
    ends[end]()
    never = Client().get(f"/invitation/{'A' * 12}/{'A' * 43}/")
    ended = Client().post(link, GOOD)
    assert (
        ended.status_code == never.status_code == 404
        and ended.content == never.content
        and not User.objects.filter(username="dora").exists()
    )


def test_a_viewer_invites_nobody_and_sees_no_invitation(manager, account, mails) -> None:
    invited(manager, account, mails)
    viewer = at_desk(name="victor")
    page = viewer.get("/desk/members/").content.decode()
    assert "carla" in page and "dora@example.org" not in page and "invite/" not in page
    assert viewer.post(f"/desk/members/{account.auth_id}/invite/", {"email": "x@example.org", "role": "viewer"}).status_code == 403


def test_an_address_that_is_known_is_answered_as_one_that_is_not(manager, account, mails) -> None:
    User.objects.create_user("known", email="known@example.org")
    answers = [
        manager.post(f"/desk/members/{account.auth_id}/invite/", {"email": email, "role": "viewer"}, follow=True).content.decode()
        for email in ("known@example.org", "other@example.org")
    ]
    assert "goes to known@example.org" in answers[0] and "goes to other@example.org" in answers[1]


def test_the_operator_invites_from_the_console_and_is_told_where_mails_go(account, mails) -> None:
    administrator = signed_in(User.objects.create_superuser("admin"))
    page = f"/admin/streams/account/{account.pk}/members/"
    said = administrator.post(f"{page}invite/", {"email": "dora@example.org", "role": "manager"}, follow=True).content.decode()
    assert "Mails go by a folder." in said and "is being mailed" in said
    assert invitations.mail_next() and "mailed at" in administrator.get(page).content.decode()
    link = invitations.link_of(Invitation.objects.get()).removeprefix("http://testserver")
    assert Client().post(link, GOOD).status_code == 302 and Membership.objects.get().role == "manager"
    second = administrator.post(f"{page}invite/", {"email": "eva@example.org", "role": "viewer"})
    last = Invitation.objects.get(used_at=None)
    assert second.status_code == 302 and administrator.post(f"{page}revoke/{last.pk}/").status_code == 302
    assert Client().get(invitations.link_of(last).removeprefix("http://testserver")).status_code == 404


def test_what_was_not_mailed_says_why_and_too_many_are_refused(manager, account, mails, monkeypatch) -> None:
    monkeypatch.setattr(settings, "MAIL", Mail("", {}, "x@example.org", ""))
    manager.post(f"/desk/members/{account.auth_id}/invite/", {"email": "dora@example.org", "role": "viewer"})
    assert invitations.mail_next() and "not mailed: No mail server is set" in manager.get("/desk/members/").content.decode()
    monkeypatch.setattr(invitations, "MOST_OPEN", 1)
    said = manager.post(f"/desk/members/{account.auth_id}/invite/", {"email": "eva@example.org", "role": "viewer"}, follow=True)
    assert "Nothing was done" in said.content.decode() and Invitation.objects.count() == 1


def test_revoking_makes_no_room_for_more_mails_than_a_day_has(manager, account, monkeypatch) -> None:
    """A member's account is no way to write to whomever one likes by the operator's server."""
    monkeypatch.setattr(invitations, "MOST_A_DAY", 3)
    for number in range(5):
        said = manager.post(f"/desk/members/{account.auth_id}/invite/", {"email": f"p{number}@example.org", "role": "viewer"}, follow=True)
        Invitation.objects.update(revoked_at=F("created_at"))
    assert "3 people were invited for this account within a day" in said.content.decode() and Invitation.objects.count() == 3
    Invitation.objects.update(created_at=F("created_at") - timedelta(days=1))
    manager.post(f"/desk/members/{account.auth_id}/invite/", {"email": "next@example.org", "role": "viewer"})
    assert Invitation.objects.count() == 4


def test_old_ones_are_forgotten(manager, account, mails) -> None:
    invited(manager, account, mails)
    assert invitations.forget_old() == 0
    Invitation.objects.update(expires_at=F("created_at") - timedelta(days=31))
    assert invitations.forget_old() == 1


def test_who_has_a_name_and_no_place_signs_in_from_the_invitation_and_joins(manager, account, mails) -> None:
    """Once a member, or a user that somebody made: the desk is shut but on the way to an invitation."""
    User.objects.create_user("eva", password=GOOD["password1"])
    link, eva = invited(manager, account, mails), Client()
    signs_in = {"username": "eva", "password": GOOD["password1"]}
    assert "needs an invitation" in eva.post("/desk/login/", signs_in).content.decode() and "_auth_user_id" not in eva.session
    door = re.findall(r'href="(/desk/login/[^"]+)"', eva.get(link).content.decode())[0]
    assert eva.post(door, signs_in)["Location"] == link
    shut = eva.get("/desk/calls/", follow=True).content.decode()
    assert "You are signed in as eva, who belongs to no account’s desk" in shut and "Acme" not in shut and "not authorized" not in shut
    assert "Join as eva" in eva.get(link).content.decode() and eva.post(link, {"join": "yes"})["Location"] == "/desk/"
    assert eva.get("/desk/calls/").status_code == 200
    Membership.objects.filter(user__username="eva").delete()
    assert "needs an invitation" in Client().post(door, signs_in).content.decode(), "of one that was used"


@pytest.mark.parametrize(
    "target", ["/invitation/", f"/invitation/{'A' * 12}/{'A' * 43}/", "/desk/calls/", "https://example.org{link}", "/x{link}"]
)
def test_nothing_but_an_invitation_that_works_opens_the_sign_in(manager, account, mails, target) -> None:
    User.objects.create_user("eva", password=GOOD["password1"])
    link, eva = invited(manager, account, mails), Client()
    answer = eva.post("/desk/login/", {"username": "eva", "password": GOOD["password1"], "next": target.format(link=link)})
    assert answer.status_code == 200 and "_auth_user_id" not in eva.session


def test_the_second_factor_is_asked_for_before_one_joins_and_set_up_after(manager, account, mails) -> None:
    user = User.objects.create_user("eva", password=GOOD["password1"])
    link, eva = invited(manager, account, mails), Client()
    second_factor.begin(user)
    AuthenticatorApp.objects.update(confirmed=True)
    half = eva.post(f"/desk/login/?next={link}", {"username": "eva", "password": GOOD["password1"]})
    assert half["Location"].startswith("/desk/login/code/?next=%2Finvitation") and "Join as" not in eva.get(link).content.decode()
    with override_settings(REQUIRE_SECOND_FACTOR=True):
        dora = signed_in(User.objects.create_user("dora"))
        assert dora.post(link, {"join": "yes"})["Location"] == "/desk/" and Membership.objects.filter(user__username="dora").exists()
        assert dora.get("/desk/calls/").status_code == 302 and dora.get("/desk/login/")["Location"] == "/desk/second-factor/"


def test_a_name_that_is_an_address_is_refused_whether_it_is_known_or_not(manager, account, mails) -> None:
    User.objects.create_user("known@example.org")
    link = invited(manager, account, mails)
    said = [Client().post(link, {**GOOD, "username": name}).content.decode() for name in ("known@example.org", "other@example.org")]
    for text, name in zip(said, ("known", "other"), strict=True):
        assert "choose one that is no mail address" in text and "already" not in text.replace("a name here already", ""), name
