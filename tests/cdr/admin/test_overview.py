"""Pages of rows that show what happens to them, with the form behind a door: who sees which part, and what it weighs."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from cdr import roles
from streams.models import Account, Callback, Gateway
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, live_call
from tests.cdr.pages.test_account import very_many
from tests.streams.rows import main_token

ACCOUNT = "/admin/streams/account/"
CALLER = "4155550123"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def reader(*codenames: str) -> Client:
    """Staff with those permissions alone."""
    user = User.objects.create_user("narrow", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


def page_of(account: Account) -> str:
    return f"{ACCOUNT}{account.pk}/change/"


def test_everything_that_is_named_is_a_link(support, gateway) -> None:
    call = live_call(gateway)
    account = gateway.account
    links = read(support, page_of(account)).links
    rows = [
        ("cdr_calldetail_change", [call.uuid]),
        ("streams_gateway_change", [gateway.pk]),
        ("streams_application_change", [gateway.application_id]),
    ]
    assert {reverse(f"admin:{name}", args=args) for name, args in rows} <= set(links)
    every_list = {f"/admin/{section}/" for section in ("cdr/calldetail", "cdr/streamdetail", "streams/callback")}
    behind = [link for link in links if link.partition("?")[0] in every_list and "account=" in link]
    assert len(behind) >= 18
    for link in behind:
        assert f"account={account.auth_id}" in link and support.get(link).status_code == 200, link


def test_each_part_has_its_permission(gateway) -> None:
    closed_call(gateway), main_token(gateway.account)
    page = read(reader("view_account"), page_of(gateway.account))
    text = page.text
    assert "What it is" in text and "Auth tokens" in text
    for part in (
        "Last calls",
        "Hosts, the worst first",
        "Gateways",
        "Applications",
        "spent this month",
        "What it pays",
        "USD",
        "Edit",
        "Revoke",
    ):
        assert part not in text.partition("What it is")[0].partition("Acme Robotics")[2] + text.partition("What it is")[2], part
    foreign = ("calldetail", "streamdetail", "hostdetail", "/gateway/", "/application/", "/statement/", "/callback/")
    assert not [link for link in page.links if any(part in link for part in foreign)]


def test_numbers_are_masked_for_whoever_may_not_see_them(support, operator, gateway) -> None:
    live_call(gateway)
    assert CALLER not in support.get(page_of(gateway.account)).content.decode()
    assert CALLER in operator.get(page_of(gateway.account)).content.decode()


def test_billing_sees_money_and_no_gateway(gateway) -> None:
    page = read(signed_in(person("billing", roles.BILLING)), page_of(gateway.account))
    assert "spent this month" in page.text and reverse("admin:cdr_statement_of_account", args=[gateway.account_id]) in page.links
    assert not [link for link in page.links if "/streams/gateway/" in link]


def test_the_form_is_behind_a_door_of_those_who_may_change_it(support, administrator, gateway) -> None:
    edit = f"{ACCOUNT}{gateway.account_id}/edit/"
    assert edit in read(administrator, page_of(gateway.account)).links
    form = read(administrator, edit)
    assert 'name="goodbye_seconds"' in form.html and page_of(gateway.account) in form.links
    assert edit not in read(support, page_of(gateway.account)).links and support.get(edit).status_code == 403


def test_what_is_wrong_in_the_form_is_said_in_it(administrator, gateway) -> None:
    html = administrator.post(f"{ACCOUNT}{gateway.account_id}/edit/", {"name": "", "auth_id": "x"}).content.decode()
    assert "This field is required." in html and 'name="goodbye_seconds"' in html


@pytest.mark.parametrize(("who", "queries"), [("support", 18), ("administrator", 16)])
def test_a_full_page_takes_few_queries_and_is_small(who, queries, request, django_assert_max_num_queries) -> None:
    client = request.getfixturevalue(who)
    very_many()
    account = Account.objects.get(name="Acme Robotics")
    with django_assert_max_num_queries(queries):
        html = client.get(page_of(account)).content
    assert len(html) < 60_000
    application = reverse("admin:streams_application_change", args=[account.gateways.get(name="pbx-1").application_id])
    with django_assert_max_num_queries(queries - 5):
        html = client.get(application).content
    assert len(html) < 60_000


def test_whose_a_call_and_a_gateway_are_is_a_link_for_who_may_follow_it(support, gateway) -> None:
    page = f"/admin/cdr/calldetail/{live_call(gateway).uuid}/change/"
    keys = {"account": gateway.account_id, "application": gateway.application_id, "gateway": gateway.pk}
    owners = {name: reverse(f"admin:streams_{name}_change", args=[key]) for name, key in keys.items()}
    assert set(owners.values()) <= set(read(support, page).links)
    assert {owners["account"], owners["application"]} <= set(read(support, owners["gateway"]).links)
    links = read(signed_in(person("billing", roles.BILLING)), page).links
    assert owners["account"] in links and owners["gateway"] not in links and owners["application"] not in links
    assert not set(owners.values()) & set(read(reader("view_calldetail"), page).links)
    callback = Callback.objects.select_related("stream")[0]
    shown = read(support, f"/admin/streams/callback/{callback.pk}/change/").links
    assert {owners["account"], reverse("admin:cdr_streamdetail_change", args=[callback.stream.uuid])} <= set(shown)
