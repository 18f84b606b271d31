"""Nobody grants more than he has: not by a form, a password, a second factor, a group or a deletion."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User

from cdr import roles
from cdr.admin import ranks
from cdr.models import AuditEntry, AuthenticatorApp
from cdr.sign_in import second_factor
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
PASSWORD = "correct horse battery staple"


def clerk(*codenames: str) -> User:
    """Staff with a few of auth's permissions and no other."""
    user = User.objects.create_user("clerk", password=PASSWORD, is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture(params=["Administrator", "change_user"])
def actor(request, db) -> User:
    return person("root", roles.ADMINISTRATOR) if request.param == "Administrator" else clerk("change_user", "delete_user")


@pytest.fixture
def boss(db) -> User:
    """A superuser with a second factor."""
    user = User.objects.create_superuser("boss", password=PASSWORD)
    second_factor.begin(user)
    AuthenticatorApp.objects.filter(user=user).update(confirmed=True)
    return user


def form_of(user: User, **changed: Any) -> dict[str, Any]:
    """As a browser sends it."""
    own = {"username": user.username, "is_active": "on", "is_staff": "on", "first_name": user.first_name, "last_name": "", "email": ""}
    kept = {"groups": [group.pk for group in user.groups.all()], "user_permissions": [one.pk for one in user.user_permissions.all()]}
    return {**own, **kept, **changed}


def state() -> list[Any]:
    """Everything that tells who may do what."""
    users = list(User.objects.order_by("pk").values("pk", "username", "password", "is_superuser", "is_staff", "is_active"))
    rights = [(user.pk, set(user.groups.values_list("pk")), set(user.user_permissions.values_list("pk"))) for user in User.objects.all()]
    groups = [(group.name, set(group.permissions.values_list("pk"))) for group in Group.objects.order_by("pk")]
    return [users, rights, groups, User.objects.filter(totpdevice__isnull=False).count()]


# Superusers ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_superuser_is_touched_by_no_other_way(actor, boss, method) -> None:
    client, before = signed_in(actor), state()
    page = f"{USERS}{boss.pk}/"
    for path in (f"{page}password/", f"{page}second-factor/", f"{page}delete/"):
        sent = {
            "password1": "quiet-anvil-7-harbour",
            "password2": "quiet-anvil-7-harbour",
            "usable_password": "true",
            "post": "yes",
            "_popup": "1",
        }
        assert getattr(client, method)(path, sent).status_code == 403, path
    assert client.post(f"{page}change/", form_of(boss, is_active="", first_name="x")).status_code == 403
    assert client.post(f"{page}change/?_popup=1&_to_field=id", form_of(boss, email="a@example.com")).status_code == 403
    assert state() == before


def test_a_superuser_is_not_deleted_among_others(actor, boss) -> None:
    other = User.objects.create_user("other")
    sent = {"action": "delete_selected", "_selected_action": [boss.pk, other.pk], "post": "yes"}
    assert signed_in(actor).post(USERS, sent).status_code == 403
    everybody = {**sent, "select_across": "1", "index": "0"}
    assert signed_in(actor).post(USERS, everybody).status_code == 403
    assert User.objects.filter(username__in=["boss", "other"]).count() == 2


def test_nobody_makes_himself_or_another_superuser(actor) -> None:
    client, other = signed_in(actor), User.objects.create_user("other")
    for target in (actor, other):
        assert client.post(f"{USERS}{target.pk}/change/", form_of(target, is_superuser="on", email="a@example.com")).status_code == 302
        target.refresh_from_db()
        assert (target.is_superuser, target.email) == (False, "a@example.com"), "the rest of the form is saved"
    assert 'name="is_superuser"' not in client.get(f"{USERS}{other.pk}/edit/").content.decode()


def test_nobody_adds_a_superuser(db) -> None:
    sent = {"username": "new", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true", "is_superuser": "on"}
    assert signed_in(person("root", roles.ADMINISTRATOR)).post(f"{USERS}add/?is_superuser=1", sent).status_code == 302
    assert not User.objects.get(username="new").is_superuser


def test_the_page_of_a_superuser_is_read(actor, boss) -> None:
    html = signed_in(actor).get(f"{USERS}{boss.pk}/change/").content.decode()
    assert "boss" in html and 'name="_save"' not in html and "Remove second factor" not in html
    assert boss.password not in html and boss.password.split("$")[-1] not in html


def test_a_superuser_does_all_of_it(boss) -> None:
    client, other = signed_in(User.objects.create_superuser("first")), boss
    assert client.post(f"{USERS}{other.pk}/change/", form_of(other, is_superuser="")).status_code == 302
    assert client.post(f"{USERS}{other.pk}/second-factor/").status_code == 302
    other.refresh_from_db()
    assert not other.is_superuser and second_factor.device_of(other) is None


# Permissions and groups --------------------------------------------------------------------------------------------------
def test_nobody_gives_a_permission_that_he_lacks(db) -> None:
    actor, other = clerk("change_user", "view_call"), User.objects.create_user("other")
    client, lacked = signed_in(actor), Permission.objects.get(codename="see_numbers")
    held = Permission.objects.get(codename="view_call", content_type__app_label="streams")
    for target in (actor, other):
        before = state()
        answer = client.post(f"{USERS}{target.pk}/change/", form_of(target, user_permissions=[lacked.pk]))
        assert answer.status_code == 200 and "is not one of the available choices" in answer.content.decode()
        assert state() == before
    assert client.post(f"{USERS}{other.pk}/change/", form_of(other, user_permissions=[held.pk])).status_code == 302
    assert list(other.user_permissions.all()) == [held]


def test_nobody_gives_a_group_that_may_more_than_he(db) -> None:
    actor, support, empty = clerk("change_user"), Group.objects.get(name=person("sue", roles.SUPPORT).groups.get().name), Group(name="none")
    empty.save()
    client = signed_in(actor)
    assert client.post(f"{USERS}{actor.pk}/change/", form_of(actor, groups=[support.pk])).status_code == 200
    assert not actor.groups.exists()
    assert client.post(f"{USERS}{actor.pk}/change/", form_of(actor, groups=[empty.pk])).status_code == 302
    assert [group.name for group in ranks.grantable_groups(actor)] == ["none"]


def test_a_group_that_may_more_is_read_only_and_no_group_gets_more(db) -> None:
    support = person("sue", roles.SUPPORT).groups.get()
    actor = clerk("change_group", "delete_group", "add_group", "view_call")
    client, before = signed_in(actor), state()
    lacked = Permission.objects.get(codename="see_numbers")
    assert client.get(f"{GROUPS}{support.pk}/change/").status_code == 200
    assert client.post(f"{GROUPS}{support.pk}/change/", {"name": "Support", "permissions": []}).status_code == 403
    assert client.post(f"{GROUPS}{support.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(GROUPS, {"action": "delete_selected", "_selected_action": [support.pk], "post": "yes"}).status_code == 403
    assert client.post(f"{GROUPS}add/", {"name": "Mine", "permissions": [lacked.pk]}).status_code == 200
    assert state() == before
    held = Permission.objects.get(codename="change_group")
    assert client.post(f"{GROUPS}add/", {"name": "Mine", "permissions": [held.pk]}).status_code == 302
    mine = Group.objects.get(name="Mine")
    assert client.post(f"{GROUPS}{mine.pk}/change/", {"name": "Mine", "permissions": [held.pk, lacked.pk]}).status_code == 200
    assert list(mine.permissions.all()) == [held]


@pytest.mark.parametrize("active", [True, False])
def test_who_may_more_is_read_only_also_when_he_is_not_active(db, active) -> None:
    """Django says of somebody who is not active that he may nothing; he would be made active again, with a new password."""
    actor, sue = clerk("change_user", "delete_user"), person("sue", roles.SUPPORT)
    User.objects.filter(pk=sue.pk).update(is_active=active)
    client, before = signed_in(actor), state()
    for page in ("change", "password", "second-factor", "delete"):
        assert client.post(f"{USERS}{sue.pk}/{page}/", {**form_of(sue), "post": "yes"}).status_code == 403, page
    assert state() == before


def test_an_administrator_goes_on_with_those_below_and_beside_him(db) -> None:
    root, sue, peer = (person(name, role) for name, role in [("root", "Administrator"), ("sue", "Support"), ("peer", "Administrator")])
    client = signed_in(root)
    operator = Group.objects.get(name=roles.OPERATOR)
    assert client.post(f"{USERS}{sue.pk}/change/", form_of(sue, groups=[operator.pk])).status_code == 302
    assert client.post(f"{USERS}{peer.pk}/change/", form_of(peer, is_active="")).status_code == 302
    sent = {"password1": "quiet-anvil-7-harbour", "password2": "quiet-anvil-7-harbour", "usable_password": "true"}
    assert client.post(f"{USERS}{sue.pk}/password/", sent).status_code == 302
    sue.refresh_from_db()
    assert sue.check_password("quiet-anvil-7-harbour") and list(sue.groups.all()) == [operator]
    assert AuditEntry.objects.filter(by="root").count() == 3


def test_the_forms_offer_what_may_be_given(db) -> None:
    actor = clerk("change_user")
    text = read(signed_in(actor), f"{USERS}{actor.pk}/edit/").text
    assert "Change Users" in text and "Delete Users" not in text and "Can see whole phone numbers" not in text


def test_superusers_stand_beside_each_other(boss) -> None:
    assert not ranks.above(boss, User.objects.create_superuser("other"))
