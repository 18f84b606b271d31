"""What each role can open and do, for every page of every registered admin. A page without an expectation fails."""

import re

import pytest
from django.contrib.auth.models import User

from cdr import audit, roles
from cdr.admin.site import console
from cdr.audit import Actor
from cdr.models import UrlTest
from cdr.pure.acts import Act
from streams.models import Account
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call

RECORDS = ("cdr_calldetail", "cdr_streamdetail", "streams_callback")
LOOK, LOGS = ("changelist", "change", "history"), ("cdr_calldetail_debug_log", "cdr_streamdetail_debug_log")
ACTS = {"cdr_calldetail_hang_up", "cdr_streamdetail_stop", "streams_callback_resend"}
EXPORTS = {f"{section}_{page}" for section in RECORDS[:2] for page in ("exports", "file")}
URL_TESTS = {f"cdr_urltest_{page}" for page in ("ask", *LOOK)}
TENANTS, STAFF = ("streams_account", "streams_application", "streams_gateway"), ("auth_user", "auth_group")
EVERYTHING_ON = ("changelist", "add", "change", "history", "delete")


def named(sections: tuple[str, ...], pages: tuple[str, ...]) -> set[str]:
    return {f"{section}_{page}" for section in sections for page in pages}


SEEN_BY_SUPPORT = named((*RECORDS, *TENANTS), LOOK) | named(RECORDS, ("saved",)) | set(LOGS)
CUSTOM = {"auth_user_password_change", "streams_account_rotate_token", "streams_account_end_old_token"}
OPENS = {
    roles.SUPPORT: SEEN_BY_SUPPORT,
    roles.OPERATOR: SEEN_BY_SUPPORT | ACTS | URL_TESTS | EXPORTS,
    roles.BILLING: named((*RECORDS[:2], TENANTS[0]), LOOK) | named(RECORDS[:2], ("saved",)) | set(LOGS) | EXPORTS,
    roles.ADMINISTRATOR: set.union(
        *(SEEN_BY_SUPPORT, ACTS, URL_TESTS, EXPORTS, CUSTOM), named((*TENANTS, *STAFF), EVERYTHING_ON), named(("cdr_auditentry",), LOOK)
    ),
}
NOBODY_OPENS = named((*RECORDS, "cdr_auditentry", "cdr_urltest"), ("add", "delete"))


def pages() -> dict[str, str]:
    """Every address of every registered admin, by its name; of a row, of the first one."""
    found: dict[str, str] = {}
    for model, admin in console._registry.items():
        section = f"{model._meta.app_label}_{model._meta.model_name}"
        for pattern in admin.get_urls():
            if pattern.name and pattern.name not in found:
                key = str(model._default_manager.order_by("pk").first().pk)
                path = re.sub(r"<[^>]+>", key, str(pattern.pattern))
                found[pattern.name] = f"/admin/{section.replace('_', '/', 1)}/{path}"
    return found


@pytest.fixture
def scene(db) -> None:
    """A row in every table, but for users and groups, who come with `person`."""
    call = live_call(make_gateway())
    owner, account = User.objects.create_user("owner"), Account.objects.get()
    UrlTest.objects.create(owner=owner, account=account, url="wss://bot.example.com/", call_id=call.uuid, stream_id=call.uuid)
    audit.write(Actor("somebody", None), Act.CHANGE, Account.objects.first())


@pytest.mark.parametrize("role", roles.ROLES)
def test_a_role_opens_its_pages_and_no_other(scene, role) -> None:
    client = signed_in(person("somebody", role))
    statuses = {name: client.get(address).status_code for name, address in pages().items()}
    # There is no file of a row of another table: who may export is told so, others that they may not.
    statuses |= {name: 200 for name, status in statuses.items() if name.endswith("_file") and status == 404}
    assert {name for name, status in statuses.items() if status == 200} == OPENS[role]
    assert {status for name, status in statuses.items() if name not in OPENS[role]} == {403}


def test_every_page_of_the_console_has_an_expectation(scene) -> None:
    person("somebody", roles.SUPPORT)
    assert set(pages()) == set.union(*OPENS.values()) | NOBODY_OPENS
