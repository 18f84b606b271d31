"""What people change in the console is in the audit log, with old and new values and without a secret."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from cdr.admin.site import console
from cdr.models import AuditEntry
from cdr.pure.acts import is_secret
from streams.models import Account, Gateway
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway

NEW_TOKEN = "rh72D7weZZIfUbFiuZZCxdvdtLZ3WgMXefOY0iB2"
LIST = "/admin/cdr/auditentry/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def form_of(client: Client, address: str) -> dict[str, object]:
    """What a browser would send of the form of that page as it stands; of some rows it has a page of its own."""
    answer: Any = client.get(address)
    if "adminform" not in answer.context_data:
        answer = client.get(address.replace("/change/", "/edit/"))
    form = answer.context_data["adminform"].form
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {name: value for name, value in initial.items() if value is not None}


def change(client: Client, address: str, **values: object) -> None:
    assert client.post(address, form_of(client, address) | values).status_code == 302


def test_a_changed_limit_is_there_with_both_values(administrator, gateway) -> None:
    change(administrator, f"/admin/streams/account/{gateway.account_id}/change/", goodbye_seconds="7")
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.address, entry.act, entry.kind, entry.subject) == ("admin", "127.0.0.1", "change", "account", "Acme Robotics")
    assert entry.details == {"goodbye_seconds": ["10", "7"]}
    assert "goodbye seconds: 10 → 7" in read(administrator, LIST).text


def test_saving_without_a_change_writes_nothing(administrator, gateway) -> None:
    change(administrator, f"/admin/streams/account/{gateway.account_id}/change/")
    assert not AuditEntry.objects.exists()


def test_a_browser_that_says_nothing_changed_is_not_believed(administrator, gateway) -> None:
    told = {"goodbye_seconds": "5", "initial-goodbye_seconds": "5"}
    change(administrator, f"/admin/streams/account/{gateway.account_id}/change/", **told)
    assert AuditEntry.objects.get().details["goodbye_seconds"][1] == "5"


def test_new_passwords_are_named_and_not_written(administrator, gateway) -> None:
    change(administrator, f"/admin/streams/gateway/{gateway.pk}/change/", password="a-new-harbour-anvil-7")
    User.objects.create_user("leo")
    new = {"password1": "t0p-s3cret-words", "password2": "t0p-s3cret-words", "usable_password": "true"}
    assert administrator.post(f"/admin/auth/user/{User.objects.get(username='leo').pk}/password/", new).status_code == 302
    password, gateway_password = AuditEntry.objects.all()
    assert gateway_password.details == {"password": ["", "(hidden)"]}
    assert (password.subject, set(map(tuple, password.details.values()))) == ("leo", {("", "(hidden)")})


def test_choices_are_written_by_name(administrator, gateway) -> None:
    other = make_gateway("pbx-2", "Globex")
    moved = {"account": other.account_id, "application": other.application_id, "password": ""}
    change(administrator, f"/admin/streams/gateway/{gateway.pk}/change/", **moved)
    expected = {"account": ["Acme Robotics", "Globex"], "application": ["Acme Robotics: support bot", "Globex: support bot"]}
    assert AuditEntry.objects.get().details == expected


def test_the_groups_of_a_user_are_written_by_name(administrator) -> None:
    user = User.objects.create_user("leo", is_staff=True)
    group = Group.objects.create(name="Night shift")
    address = f"/admin/auth/user/{user.pk}/change/"
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    values = form_of(administrator, address) | {"groups": [group.pk], "user_permissions": [], "is_superuser": ""}
    assert administrator.post(address, values | joined).status_code == 302
    assert AuditEntry.objects.get().details["groups"] == ["", "Night shift"]


def test_adding_and_deleting_one_by_one_and_together(administrator, gateway) -> None:
    values = {"account": gateway.account_id, "name": "spare", "answer_method": "POST", "answer_xml": "<Response/>"}
    administrator.post("/admin/streams/application/add/", values | {"answer_url": ""})
    added = AuditEntry.objects.get()
    assert (added.act, added.subject, added.details["name"]) == ("add", "Acme Robotics: spare", ["", "spare"])
    accounts = [Account.objects.create(name=f"Leaver {number}") for number in (1, 2, 3)]
    administrator.post(f"/admin/streams/account/{accounts[0].pk}/delete/", {"post": "yes"})
    chosen = [account.pk for account in accounts[1:]]
    administrator.post("/admin/streams/account/", {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert not Account.objects.filter(name__startswith="Leaver").exists()
    deleted = AuditEntry.objects.filter(act="delete").values_list("subject", flat=True)
    assert sorted(deleted) == ["Leaver 1", "Leaver 2", "Leaver 3"]


def test_what_is_not_saved_is_not_written(administrator, gateway) -> None:
    address = f"/admin/streams/account/{gateway.account_id}/change/"
    assert administrator.post(address, form_of(administrator, address) | {"goodbye_seconds": "-1"}).status_code == 200
    assert not AuditEntry.objects.exists()


def test_every_password_field_of_every_form_counts_as_a_secret(administrator, gateway, rf) -> None:
    request = rf.get("/")
    request.user = User.objects.get(username="admin")
    for model, admin in console._registry.items():
        for name, field in admin.get_form(request).base_fields.items():
            hidden = getattr(field.widget, "input_type", "") == "password"
            assert not hidden or is_secret(name), (model, name)


def test_the_address_is_the_peers_whatever_a_visitor_claims(administrator, gateway) -> None:
    page = f"/admin/streams/account/{gateway.account_id}/change/"
    values = form_of(administrator, page) | {"country": "DE"}
    administrator.post(page, values, headers={"X-Forwarded-For": "198.51.100.4"}, REMOTE_ADDR="::ffff:192.0.2.7")
    assert AuditEntry.objects.get().address == "192.0.2.7"


FOUND = [("q=Acme", 1), ("q=Robot", 1), ("q=Globex", 0), ("by=adm", 1), ("by=maria", 0), ("act=change", 1), ("act=add", 0)]


@pytest.mark.parametrize(("query", "count"), FOUND)
def test_the_log_is_searched_and_filtered(administrator, gateway, query, count) -> None:
    change(administrator, f"/admin/streams/account/{gateway.account_id}/change/", goodbye_seconds="1")
    assert len(read(administrator, f"{LIST}?{query}").rows[1:]) == count


def test_the_log_takes_the_same_queries_for_many_entries(administrator, gateway, django_assert_max_num_queries) -> None:
    for seconds in range(1, 6):
        change(administrator, f"/admin/streams/account/{gateway.account_id}/change/", goodbye_seconds=seconds)
    with django_assert_max_num_queries(8):
        assert len(read(administrator, LIST).rows) == 6
