"""The administrator may do everything; support may look at everything of ours and share debug logs, and change nothing."""

import pytest
from django.contrib.auth.models import User

from cdr import roles
from config import first_users

pytestmark = pytest.mark.django_db


def test_both_are_made_where_there_is_nobody():
    assert first_users.create("admin-password", "support-password")
    admin, support = User.objects.get(username="admin"), User.objects.get(username="support")
    assert admin.is_superuser and admin.check_password("admin-password")
    assert support.is_staff and not support.is_superuser and support.check_password("support-password")


def test_nobody_is_made_where_there_is_somebody():
    User.objects.create_user("somebody")
    assert not first_users.create("a", "b")
    assert User.objects.count() == 1


def test_support_may_view_tenants_and_the_cdr_share_debug_logs_and_nothing_else():
    first_users.create("admin-password", "support-password")
    allowed = User.objects.get(username="support").get_all_permissions()
    assert {"streams.view_call", "streams.view_account", "cdr.view_calldetail", "cdr.view_charge"} <= allowed
    assert {permission for permission in allowed if not permission.split(".")[1].startswith("view_")} == {roles.SHARES_LOGS}
    assert {permission.split(".")[0] for permission in allowed} == {"streams", "cdr"}


def test_a_changed_password_is_known_to_be_changed():
    first_users.create("admin-password", "support-password")
    assert first_users.still_has("admin", "admin-password")
    admin = User.objects.get(username="admin")
    admin.set_password("another one")
    admin.save()
    assert not first_users.still_has("admin", "admin-password")
    assert not first_users.still_has("nobody", "admin-password")
