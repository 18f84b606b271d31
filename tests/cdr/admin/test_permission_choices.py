"""A group's permissions as boxes: laid out by thing, named for who hears them, and saved as they are ticked."""

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
