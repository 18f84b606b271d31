"""The filters of the list of users."""

from django.contrib.auth.models import Group, User
from django.test import Client

from tests.cdr.admin.every_page import rows
from tests.cdr.admin.reading import listed


def names(client: Client, query: str) -> set[str]:
    return {user.username for user in listed(client, f"/admin/auth/user/?{query}").result_list}


def test_users_are_narrowed_by_what_they_are(administrator) -> None:
    rows()
    owner, support = User.objects.get(username="owner"), Group.objects.get(name="Support")
    owner.groups.add(support)
    User.objects.create_user("left", is_active=False)
    assert names(administrator, "") == {"owner", "admin", "left"}
    assert names(administrator, "staff=yes") == names(administrator, "superuser=yes") == {"admin"}
    assert names(administrator, "staff=no") == names(administrator, "superuser=no") == {"owner", "left"}
    assert (names(administrator, "active=no"), names(administrator, "active=yes")) == ({"left"}, {"owner", "admin"})
    assert names(administrator, f"group={support.pk}") == {"owner"}
    assert names(administrator, f"group={support.pk}&active=no") == set()
    assert f'<option value="{support.pk}">Support</option>' in administrator.get("/admin/auth/user/").content.decode()


def test_a_group_that_is_none_is_no_reason_to_show_everybody(administrator) -> None:
    """Also where there is no group at all to choose from."""
    Group.objects.all().delete()
    for query in ("group=1", "group=x", "staff=1", "superuser=True", "is_staff__exact=1", "groups__id__exact=1"):
        answer = administrator.get(f"/admin/auth/user/?{query}")
        assert (answer.status_code, list(answer.context_data["cl"].result_list)) == (400, [])
