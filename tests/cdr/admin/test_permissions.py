"""Who may do what, for every page of every registered admin: support looks, nobody touches a record, strangers see nothing."""

from urllib.parse import quote

import pytest
from django.apps import apps
from django.test import Client

from cdr.admin.site import console
from config.first_users import support_group
from streams.models import Call, Callback, Stream
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import KINDS

RECORDS = ("cdr/calldetail", "cdr/streamdetail", "streams/callback")
TENANTS = ("streams/account", "streams/application", "streams/gateway")
STAFF = ("auth/user", "auth/group")


@pytest.fixture
def rows(db) -> None:
    support_group()
    for kind in KINDS:
        kind(make_gateway(kind.__name__.replace("_", "-")))


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


def test_this_file_knows_every_admin() -> None:
    registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in console._registry}
    assert registered == {*RECORDS, *TENANTS, *STAFF}


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


@pytest.mark.parametrize("section", RECORDS)
def test_not_even_an_administrator_touches_a_record(administrator, rows, section) -> None:
    before = [model.objects.count() for model in (Call, Stream, Callback)]
    assert statuses(administrator, section, "list", "change") == [200, 200]
    assert statuses(administrator, section, "add", "delete") == [403, 403]
    assert set(statuses(administrator, section, "add", "delete", method="post")) == {403}
    bulk = {"action": "delete_selected", "_selected_action": [first_key(section)], "post": "yes"}
    administrator.post(addresses(section)["list"], bulk)
    assert [model.objects.count() for model in (Call, Stream, Callback)] == before


@pytest.mark.parametrize("section", RECORDS)
def test_a_post_to_a_records_page_changes_nothing(administrator, rows, section) -> None:
    before = list(Call.objects.values()), list(Stream.objects.values()), list(Callback.objects.values())
    administrator.post(addresses(section)["change"], {"state": "ended", "_save": "Save"})
    assert (list(Call.objects.values()), list(Stream.objects.values()), list(Callback.objects.values())) == before


@pytest.mark.parametrize("section", [*RECORDS, *TENANTS, *STAFF])
def test_strangers_see_nothing(stranger, rows, section) -> None:
    assert set(statuses(stranger, section, "list", "change", "add", "delete", "history")) == {403}


def custom_pages() -> list[str]:
    return ["cdr/calldetail/{call}/debug-log/", "cdr/streamdetail/{stream}/debug-log/", "cdr/streamdetail/{stream}/stop/"]


@pytest.mark.parametrize("page", custom_pages())
def test_strangers_see_no_custom_page(stranger, rows, page) -> None:
    address = f"/admin/{page}".format(call=Call.objects.first().uuid, stream=Stream.objects.first().uuid)
    assert stranger.get(address).status_code == 403


@pytest.mark.parametrize("page", [*custom_pages(), *(f"{section}/" for section in (*RECORDS, *TENANTS, *STAFF)), ""])
def test_whoever_is_not_signed_in_is_asked_to(rows, page) -> None:
    address = f"/admin/{page}".format(call=Call.objects.first().uuid, stream=Stream.objects.first().uuid)
    response = Client().get(address)
    assert (response.status_code, response.headers["Location"]) == (302, f"/admin/login/?next={quote(address)}")


def test_every_custom_address_is_in_this_file() -> None:
    """A page that somebody adds needs an answer to who may see it."""
    known = {"changelist", "add", "history", "delete", "change"}
    names = {
        pattern.name.rpartition("_")[2] if pattern.name else ""
        for model, admin in console._registry.items()
        if f"{model._meta.app_label}/{model._meta.model_name}" in RECORDS
        for pattern in admin.get_urls()
    }
    assert names - known - {""} == {"log", "stop"}
