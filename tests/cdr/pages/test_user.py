"""The page of somebody who uses the console, and that nothing on it opens anything."""

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session

from cdr import audit, roles
from cdr.audit import Actor
from cdr.models import ConsoleSession
from cdr.pages import user as user_pages
from cdr.pages.user import user_page
from cdr.pure.acts import Act
from cdr.sign_in import second_factor
from cdr.sign_in.sessions import sessions_of
from tests.cdr.admin.conftest import person, signed_in

pytestmark = pytest.mark.django_db


def test_what_they_may_do_is_said_in_words(django_assert_num_queries) -> None:
    user = person("sue", roles.OPERATOR)
    user.user_permissions.add(Permission.objects.get(codename="delete_export"))
    signed_in(user)
    with django_assert_num_queries(4):
        page = user_page(user, list(sessions_of(user)), None)
    by_verb = dict(page.may_do)
    assert "account" in by_verb["Looks at"].split(", ") and "stop a live stream" in by_verb["Besides"]
    assert by_verb["Deletes"] == "export" and page.own == "1 permission"
    assert [name for _, name in page.groups] == [roles.OPERATOR] and page.session_count == "1 session"
    assert dict(user_page(User.objects.create_superuser("root"), [], None).may_do).keys() == {"Everything"}


def test_nothing_of_it_opens_anything() -> None:
    administrator = signed_in(User.objects.create_superuser("root"))
    user = person("sue", roles.SUPPORT, password="quiet-anvil-7-harbour")
    client = signed_in(user)
    device = second_factor.begin(user)
    device.confirmed = True
    device.save()
    codes = second_factor.new_recovery_codes(user)
    html = administrator.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    user.refresh_from_db()
    secret = second_factor.secret_words(device).replace(" ", "")
    keys = [*codes, secret, user.password, user.password.split("$")[-1], client.cookies["sessionid"].value]
    keys += ConsoleSession.objects.values_list("session_key", flat=True)
    assert "set up, 10 recovery codes left" in html and not Session.objects.exists()
    assert all(map(len, keys)) and not [key for key in keys if key in html]


def test_their_last_acts_are_sought_among_the_newest(monkeypatch) -> None:
    user = person("sue", roles.SUPPORT)
    audit.write(Actor("sue", None), Act.CHANGE, user)
    assert [(one.act, one.subject) for one in user_page(user, [], None).entries] == [("change", "user sue")]
    audit.write(Actor("other", None), Act.CHANGE, user)
    monkeypatch.setattr(user_pages, "LOOKED_THROUGH", 1)
    assert user_page(user, [], None).entries == ()


def test_who_may_not_read_the_audit_log_reads_nothing_of_it_here() -> None:
    clerk, sue = User.objects.create_user("clerk", is_staff=True), person("sue", roles.SUPPORT)
    clerk.user_permissions.add(Permission.objects.get(codename="view_user"))
    audit.write(Actor("sue", None), Act.CHANGE, sue)
    html = signed_in(clerk).get(f"/admin/auth/user/{sue.pk}/change/").content.decode()
    assert "What they may do" in html and "What they did last" not in html and "/auth/group/" not in html and "/edit/" not in html
