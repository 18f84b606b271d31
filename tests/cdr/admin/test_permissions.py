"""Who may do what, for every page of every registered admin: support looks, nobody touches a record, strangers see nothing."""

from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client

from cdr import audit
from cdr.admin.site import console
from cdr.audit import Actor
from cdr.models import AuditEntry
from cdr.pure.acts import Act
from config.first_users import support_group
from streams.models import Account, Call, Callback, ControlRequest, Stream
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import KINDS

RECORDS = ("cdr/calldetail", "cdr/streamdetail", "streams/callback")
AUDIT = "cdr/auditentry"
TENANTS = ("streams/account", "streams/application", "streams/gateway")
STAFF = ("auth/user", "auth/group")


@pytest.fixture
def rows(db) -> None:
    support_group()
    for kind in KINDS:
        kind(make_gateway(kind.__name__.replace("_", "-")))
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


def test_this_file_knows_every_admin() -> None:
    registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in console._registry}
    assert registered == {*RECORDS, *TENANTS, *STAFF, AUDIT}


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


ACTS = ["cdr/calldetail/{call}/hang-up/", "cdr/streamdetail/{stream}/stop/", "streams/callback/{callback}/resend/"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ACTS)
def test_support_may_not_act(support, rows, page, method) -> None:
    before = AuditEntry.objects.count()
    assert getattr(support, method)(filled(page)).status_code == 403
    assert (AuditEntry.objects.count(), ControlRequest.objects.count()) == (before, 0)


@pytest.mark.parametrize(("page", "codename"), list(zip(ACTS, ("hang_up_call", "stop_stream", "resend_callback"), strict=True)))
def test_each_act_has_a_permission_of_its_own(support, rows, page, codename) -> None:
    User.objects.get().user_permissions.add(Permission.objects.get(codename=codename))
    assert [act for act in ACTS if support.get(filled(act)).status_code == 200] == [page]


@pytest.mark.parametrize("section", RECORDS)
def test_a_post_to_a_records_page_changes_nothing(administrator, rows, section) -> None:
    before = list(Call.objects.values()), list(Stream.objects.values()), list(Callback.objects.values())
    administrator.post(addresses(section)["change"], {"state": "ended", "_save": "Save"})
    assert (list(Call.objects.values()), list(Stream.objects.values()), list(Callback.objects.values())) == before


@pytest.mark.parametrize("section", [*RECORDS, *TENANTS, *STAFF, AUDIT])
def test_strangers_see_nothing(stranger, rows, section) -> None:
    assert set(statuses(stranger, section, "list", "change", "add", "delete", "history")) == {403}


def custom_pages() -> list[str]:
    call, stream, callback = "cdr/calldetail/{call}", "cdr/streamdetail/{stream}", "streams/callback/{callback}"
    saved = [f"{section}/saved/" for section in RECORDS]
    files = [f"{section}/exports/{page}" for section in RECORDS[:2] for page in ("", "1/file/")]
    return [*saved, *files, f"{call}/debug-log/", f"{call}/hang-up/", f"{stream}/debug-log/", f"{stream}/stop/", f"{callback}/resend/"]


def filled(page: str) -> str:
    """The address of a page of the first call, stream and callback."""
    call, stream, callback = Call.objects.first().uuid, Stream.objects.first().uuid, Callback.objects.first().pk
    return f"/admin/{page}".format(call=call, stream=stream, callback=callback)


@pytest.mark.parametrize("page", custom_pages())
def test_strangers_see_no_custom_page(stranger, rows, page) -> None:
    assert stranger.get(filled(page)).status_code == 403


@pytest.mark.parametrize("page", [*custom_pages(), *(f"{section}/" for section in (*RECORDS, *TENANTS, *STAFF, AUDIT)), ""])
def test_whoever_is_not_signed_in_is_asked_to(rows, page) -> None:
    address = filled(page)
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
    assert names - known - {""} == {"log", "stop", "up", "resend", "saved", "exports", "file"}
