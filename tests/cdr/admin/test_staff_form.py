"""The forms of users: in the words of this house, without signs beside a field, what few need folded; a password on a page of its own."""

import pytest
from django.contrib.auth.models import Permission, User

from cdr.models import AuditEntry
from tests.cdr.admin.reading import read

pytestmark = pytest.mark.django_db
DJANGO = ("Designates", "Important dates", "Required.", "authentic", "verification", "Personal info", "Raw passwords", "algorithm")


@pytest.fixture
def leo() -> User:
    return User.objects.create_user("leo", password="quiet-anvil-7-harbour", is_staff=True)


@pytest.mark.parametrize("page", ["add/", "{key}/edit/", "{key}/password/"])
def test_it_speaks_as_the_other_pages_do(administrator, leo, page) -> None:
    shown = read(administrator, "/admin/auth/user/" + page.format(key=leo.pk))
    assert not [words for words in DJANGO if words in shown.html]
    assert "related-widget-wrapper-link" not in shown.html


def test_permissions_of_their_own_are_folded_and_counted(administrator, leo) -> None:
    address = f"/admin/auth/user/{leo.pk}/edit/"
    assert "Permissions of their own: none" in read(administrator, address).text
    leo.user_permissions.add(*Permission.objects.all()[:2])
    page = read(administrator, address)
    assert "Permissions of their own: 2" in page.text and "<details><summary>" in page.html


def test_a_password_is_set_or_taken_away_on_its_own_page(administrator, leo) -> None:
    address = f"/admin/auth/user/{leo.pk}/password/"
    assert address in read(administrator, f"/admin/auth/user/{leo.pk}/change/").html
    new = "plough anvil trumpet cedar"
    assert administrator.post(address, {"password1": new, "password2": "another", "set-password": ""}).status_code == 200
    assert administrator.post(address, {"password1": new, "password2": new, "set-password": ""}).status_code == 302
    assert User.objects.get(pk=leo.pk).check_password(new)
    assert "Take the password away" in read(administrator, address).text
    assert administrator.post(address, {"usable_password": "false", "unset-password": ""}).status_code == 302
    assert not User.objects.get(pk=leo.pk).has_usable_password()
    assert "Take the password away" not in read(administrator, address).text
    assert AuditEntry.objects.filter(act="change", subject="leo").count() == 2
