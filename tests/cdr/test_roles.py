"""The groups that an installation begins with, as the migration has made them."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection

from cdr import roles
from tests.upgrading import apps_of

pytestmark = pytest.mark.django_db


def allowed(role: str) -> set[str]:
    rows = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def test_every_permission_in_the_table_exists() -> None:
    for role, wanted in roles.ROLES.items():
        named = {name for name in wanted if not name.endswith(".*")}
        assert roles.permissions(apps, tuple(named)).count() == len(named), role


@pytest.mark.parametrize("role", [roles.SUPPORT, roles.OPERATOR, roles.BILLING])
def test_a_role_may_do_what_the_table_says(role) -> None:
    roles.make_roles(apps)
    assert allowed(role) == set(roles.ROLES[role])


def test_an_administrator_may_do_everything_of_ours_and_with_staff() -> None:
    roles.make_roles(apps)
    ours = Permission.objects.filter(content_type__app_label__in=("streams", "cdr", "auth"))
    assert len(allowed(roles.ADMINISTRATOR)) == ours.count()


def test_a_group_that_is_there_keeps_what_its_administrator_gave_it() -> None:
    roles.make_roles(apps)
    support = Group.objects.get(name=roles.SUPPORT)
    support.permissions.set([Permission.objects.get(codename="see_numbers")])
    roles.make_roles(apps)
    assert allowed(roles.SUPPORT) == {"cdr.see_numbers"}


def test_an_installation_that_has_its_groups_already_may_look_at_refused_attempts() -> None:
    roles.make_roles(apps)
    for group in Group.objects.all():
        group.permissions.remove(*Permission.objects.filter(content_type__model="gatewayrefusal"))
    Group.objects.get(name=roles.BILLING).permissions.add(Permission.objects.get(codename="view_gateway"))
    Group.objects.create(name="Night shift")
    history = apps_of(("cdr", "0010_see_refused_attempts"))
    migration = importlib.import_module("cdr.migrations.0010_see_refused_attempts")
    migration.grant(history, SimpleNamespace(connection=connection))
    see = "streams.view_gatewayrefusal"
    assert [see in allowed(group.name) for group in Group.objects.order_by("name")] == [True, False, False, True, True]
    assert "streams.delete_gatewayrefusal" in allowed(roles.ADMINISTRATOR)


def test_operators_of_an_installation_that_has_its_groups_already_may_send_digits() -> None:
    roles.make_roles(apps)
    for group in Group.objects.all():
        group.permissions.remove(*Permission.objects.filter(codename="send_digits"))
    history = apps_of(("cdr", "0013_send_digits"))
    migration = importlib.import_module("cdr.migrations.0013_send_digits")
    migration.allow(history, SimpleNamespace(connection=connection))
    assert {role for role in roles.ROLES if "cdr.send_digits" in allowed(role)} == {roles.OPERATOR, roles.ADMINISTRATOR}


def test_the_migration_makes_them_with_the_models_of_its_time() -> None:
    Group.objects.all().delete()
    history = apps_of(("cdr", "0004_roles"))
    migration = importlib.import_module("cdr.migrations.0004_roles")
    migration.make(history, SimpleNamespace(connection=connection))
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)
    assert allowed(roles.OPERATOR) == set(roles.ROLES[roles.OPERATOR])
