"""A group's permissions as boxes: laid out by thing, named for who hears them, and saved as they are ticked."""

import re

import pytest
from django.contrib.auth.models import Group

from cdr import roles
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
