"""What nobody does whatever the role, and that each act has a permission of its own. Who opens which page is test_role_matrix's."""

import pytest
from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.test import Client

from cdr import audit
from cdr.audit import Actor
from cdr.models import AuditEntry
from cdr.pure.acts import Act
from cdr.sign_in.second_factor import Backend
from config.first_users import support_group
from streams.models import Account, Call, Callback, ControlRequest, Stream
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import KINDS
from tests.rows_again import made_once

RECORDS = ("cdr/calldetail", "cdr/streamdetail", "streams/callback")
AUDIT = "cdr/auditentry"
TENANTS = ("streams/account", "streams/application", "streams/gateway")
STAFF = ("auth/user", "auth/group")


@made_once
def one_of_each_kind() -> None:
    for kind in KINDS:
        kind(make_gateway(kind.__name__.replace("_", "-")))


@pytest.fixture
def rows(db) -> None:
    support_group()
    one_of_each_kind()
    audit.write(Actor("admin", "192.0.2.7"), Act.CHANGE, Account.objects.first(), rate=["0.00300", "0.00400"])


def first_key(section: str) -> int:
    app, _, name = section.partition("/")
    return apps.get_model(app, name)._default_manager.order_by("pk").first().pk


def addresses(section: str) -> dict[str, str]:
    base, key = f"/admin/{section}/", first_key(section)
    return {
        "list": base,
        "change": f"{base}{key}/change/",
        "history": f"{base}{key}/history/",
        "add": f"{base}add/",
        "delete": f"{base}{key}/delete/",
    }


def statuses(client: Client, section: str, *names: str, method: str = "get") -> list[int]:
    return [getattr(client, method)(addresses(section)[name]).status_code for name in names]


@pytest.mark.parametrize("section", [*RECORDS, *TENANTS])
def test_support_looks_and_touches_nothing(support, rows, section) -> None:
    assert statuses(support, section, "list", "change", "history") == [200, 200, 200]
    assert statuses(support, section, "add", "delete") == [403, 403]
    assert set(statuses(support, section, "add", "delete", method="post")) == {403}


@pytest.mark.parametrize("section", TENANTS)
def test_support_cannot_change_a_tenant(support, rows, section) -> None:
    assert statuses(support, section, "change", method="post") == [403]


@pytest.mark.parametrize("section", STAFF)
def test_support_sees_no_staff(support, rows, section) -> None:
    assert set(statuses(support, section, "list", "add")) == {403}


@pytest.mark.parametrize("section", [*RECORDS, AUDIT])
def test_not_even_an_administrator_touches_a_record(administrator, rows, section) -> None:
    before = [model.objects.count() for model in (Call, Stream, Callback, AuditEntry)]
    assert statuses(administrator, section, "list", "change") == [200, 200]
    assert statuses(administrator, section, "add", "delete") == [403, 403]
    assert set(statuses(administrator, section, "add", "delete", method="post")) == {403}
    bulk = {"action": "delete_selected", "_selected_action": [first_key(section)], "post": "yes"}
    administrator.post(addresses(section)["list"], bulk)
    assert [model.objects.count() for model in (Call, Stream, Callback, AuditEntry)] == before


ACTS = {
    "cdr/calldetail/{call}/hang-up/": "hang_up_call",
    "cdr/calldetail/{call}/send-digits/": "send_digits",
    "cdr/streamdetail/{stream}/stop/": "stop_stream",
    "streams/callback/{callback}/resend/": "resend_callback",
}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ACTS)
def test_support_may_not_act(support, rows, page, method) -> None:
    before = AuditEntry.objects.count()
    assert getattr(support, method)(filled(page)).status_code == 403
    assert (AuditEntry.objects.count(), ControlRequest.objects.count()) == (before, 0)


@pytest.mark.parametrize(("page", "codename"), ACTS.items())
def test_each_act_has_a_permission_of_its_own(support, rows, page, codename) -> None:
    User.objects.get().user_permissions.add(Permission.objects.get(codename=codename))
    assert [act for act in ACTS if support.get(filled(act)).status_code == 200] == [page]


@pytest.mark.parametrize("section", RECORDS)
def test_a_post_to_a_records_page_changes_nothing(administrator, rows, section) -> None:
    before = list(Call.objects.values()), list(Stream.objects.values()), list(Callback.objects.values())
    administrator.post(addresses(section)["change"], {"state": "ended", "_save": "Save"})
    assert (list(Call.objects.values()), list(Stream.objects.values()), list(Callback.objects.values())) == before


def filled(page: str) -> str:
    """The address of a page of the first call, stream and callback."""
    call, stream, callback = Call.objects.first().uuid, Stream.objects.first().uuid, Callback.objects.first().pk
    return f"/admin/{page}".format(call=call, stream=stream, callback=callback)


def test_what_groups_let_do_and_what_is_a_users_own_is_one_query(db, django_assert_num_queries) -> None:
    leo = User.objects.create_user("leo", is_staff=True)
    leo.groups.add(support_group())
    leo.user_permissions.add(Permission.objects.get(codename="see_numbers"), Permission.objects.get(codename="view_streamdetail"))
    user = Backend().get_user(leo.pk)
    assert user
    with django_assert_num_queries(1):
        assert user.has_perms(["cdr.see_numbers", "cdr.view_streamdetail", "cdr.view_calldetail"])
        assert not user.has_perm("cdr.see_secrets")
    assert len(user.get_all_permissions()) == support_group().permissions.count() + 1


def test_everybody_is_read_and_may_do_as_django_says(db) -> None:
    """Of people with rights of their own, of groups, of both, of none, and who are everything or gone."""
    for number, name in enumerate(("none", "own", "group", "both", "gone", "superuser")):
        user = User.objects.create_user(name, is_staff=True, is_active=name != "gone", is_superuser=name == "superuser")
        if name not in ("none", "group"):
            user.user_permissions.set(Permission.objects.order_by("pk")[number : number + 20])
        if name not in ("none", "own"):
            user.groups.add(support_group())
    for user in User.objects.all():
        known = Backend().get_user(user.pk)
        assert (known is None) == (user.username == "gone")
        fields = vars(user).keys() - {"_state"}
        assert known is None or {name: getattr(known, name) for name in fields} == {name: getattr(user, name) for name in fields}
        assert Backend().get_all_permissions(user) == ModelBackend().get_all_permissions(User.objects.get(pk=user.pk))
    assert Backend().get_user(987_654) is None
