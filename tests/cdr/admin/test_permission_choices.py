"""A group's permissions as boxes: laid out by thing, named for who hears them, and saved as they are ticked. Folded are those that nothing
asks for."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

import cdr
from cdr import roles
from cdr.admin.permission_choices import BEHIND, thing_of
from cdr.pure.acts import PERMISSIONS
from tests.cdr.admin.reading import read

pytestmark = pytest.mark.django_db


def test_a_groups_boxes_say_what_they_allow_and_are_kept(administrator) -> None:
    group = Group.objects.get(name=roles.SUPPORT)
    page = read(administrator, f"/admin/auth/group/{group.pk}/change/")
    assert "<legend>Gateways</legend>" in page.html and ' Change<span class="visually-hidden"> Gateways</span>' in page.html
    assert "Can hang up a live call" in page.text and page.html.count(" checked>") == group.permissions.count()
    assert "selectfilter" not in page.html and "SelectFilter" not in page.html


def test_what_is_ticked_comes_back_as_it_was_and_one_more_box_is_one_more_permission(administrator) -> None:
    group = Group.objects.get(name=roles.SUPPORT)
    address, before = f"/admin/auth/group/{group.pk}/change/", set(group.permissions.values_list("pk", flat=True))
    html = read(administrator, address).html
    ticked = re.findall(r'name="permissions" value="(\d+)"[^>]* checked>', html)
    others = re.findall(r'name="permissions" value="(\d+)" id="[^"]*">', html)
    for more in ([], others[:1]):
        assert administrator.post(address, {"name": group.name, "permissions": [*ticked, *more]}).status_code == 302
        assert set(group.permissions.values_list("pk", flat=True)) == before | {int(one) for one in more}


def test_what_anything_asks_for_is_not_among_the_folded() -> None:
    sources = [path for path in Path(cdr.__file__).parent.rglob("*.py") if path.name != "roles.py" and "migrations" not in path.parts]
    asked = {name for source in sources for name in re.findall(r'"((?:streams|cdr|auth)\.\w+)"', source.read_text())}
    asked |= {permission.name for permission in PERMISSIONS.values()} | {roles.EXPORTS, roles.NUMBERS, roles.SECRETS, roles.URL_TESTS}
    wanted = Q(pk=None)
    for app, _, codename in (name.partition(".") for name in asked):
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(wanted).select_related("content_type"))
    assert len(found) > 25
    assert not [one.codename for one in found if thing_of(one).section == BEHIND[1]]


def test_the_folded_ones_say_how_many_are_ticked(administrator) -> None:
    group = Group.objects.get(name=roles.SUPPORT)
    page = read(administrator, f"/admin/auth/group/{group.pk}/change/")
    assert f"{BEHIND[1]}: 3 ticked" in page.text and page.html.count("<details><summary>") == 1
