"""Members of an account's desk, from the console: taken in, given another role, taken away; each in the audit log."""

import pytest
from django.contrib.auth.models import User

from cdr.member_rows import Membership
from cdr.models import AuditEntry
from streams.models import Account
from tests.cdr.call_script import make_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> str:
    account = make_gateway().account
    User.objects.create_user("carla")
    User.objects.create_user("gone", is_active=False)
    return f"/admin/streams/account/{account.pk}/members/"


def test_somebody_is_taken_in_becomes_a_manager_and_is_taken_away(administrator, page) -> None:
    assert "Nobody yet." in administrator.get(page).content.decode()
    for role, said in (("viewer", "is a viewer"), ("viewer", "Nothing was done"), ("manager", "and was a viewer")):
        answer = administrator.post(f"{page}add/", {"name": "carla", "role": role}, follow=True).content.decode()
        assert said in answer and "carla" in answer
    member = Membership.objects.get()
    assert (member.role, member.created_by, member.account) == ("manager", "admin", Account.objects.get())
    assert "sees" not in administrator.get(f"{page}{member.pk}/remove/").content.decode() and Membership.objects.exists()
    for said in ("is no member", "Nothing was done"):
        assert said in administrator.post(f"{page}{member.pk}/remove/", follow=True).content.decode()
    told = [(entry.act, entry.details) for entry in AuditEntry.objects.order_by("pk")]
    assert told == [
        ("add a member", {"member": "carla", "role": "viewer"}),
        ("add a member", {"member": "carla", "role": ["viewer", "manager"]}),
        ("remove a member", {"member": "carla", "role": "manager"}),
    ]


@pytest.mark.parametrize(("name", "role"), [("nobody", "viewer"), ("gone", "viewer"), ("", "viewer"), ("carla", "owner")])
def test_what_cannot_be_is_said_where_it_was_typed(administrator, page, name: str, role: str) -> None:
    answer = administrator.post(f"{page}add/", {"name": name, "role": role})
    assert answer.status_code == 200 and "error" in answer.content.decode() and not Membership.objects.exists()


def test_a_member_of_another_account_is_none_of_this(administrator, page) -> None:
    other = Membership.objects.create(user=User.objects.get(username="carla"), account=make_gateway("pbx-2", "Beta").account)
    assert administrator.get(f"{page}{other.pk}/remove/").status_code == 404
    assert (
        "Nothing was done" in administrator.post(f"{page}{other.pk}/remove/", follow=True).content.decode() and Membership.objects.exists()
    )
