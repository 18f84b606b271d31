"""The console's find page: where typed letters lead, and for whom."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cdr import roles
from streams.models import Account, Gateway, Stream
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call

FIND = "/admin/find/"
CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"


def places(client, text: str) -> list[str]:
    """The addresses of what is found."""
    html = read(client, f"{FIND}?q={text}").html
    return [link.split('"')[0] for link in html.split('id="found"')[1].split("</ul>")[0].split('href="')[1:]]


@pytest.fixture
def gateway(db) -> Gateway:
    gateway = make_gateway()
    closed_call(gateway)
    return gateway


@pytest.fixture
def billing(db) -> Client:
    return signed_in(person("clara", roles.BILLING))


def test_names_lead_to_their_pages_and_whatever_was_typed_is_a_search(gateway, administrator) -> None:
    account, application = gateway.account, gateway.account.applications.get()
    host = Stream.objects.get().service_host
    searches = [f"{CALLS}?q=", f"{STREAMS}?q="]
    assert places(administrator, "acme") == [f"/admin/streams/account/{account.pk}/change/", *(f"{search}acme" for search in searches)]
    assert f"/admin/streams/gateway/{gateway.pk}/change/" in places(administrator, gateway.name[:3])
    assert f"/admin/streams/application/{application.pk}/change/" in places(administrator, application.name.upper())
    assert places(administrator, host[:3])[0] == f"/admin/cdr/hostdetail/of/{account.auth_id}/{host}/"
    assert places(administrator, "call")[:2] == [CALLS, "/admin/streams/callback/"]
    assert "/admin/cdr/trialcall/" in places(administrator, "call")
    for text in ("4711", "4711%2014:02", str(Stream.objects.get().uuid)):
        assert places(administrator, text) == [f"{search}{text.replace('%20', '+').replace(':', '%3A')}" for search in searches]


def test_each_is_led_only_to_what_he_may_see(gateway, billing, stranger) -> None:
    assert not {link.split("/")[3] for link in places(billing, gateway.name[:3])} & {"gateway", "application"}
    assert places(billing, "acme")[0].startswith("/admin/streams/account/")
    assert places(stranger, "acme") == places(stranger, gateway.name) == [] and places(stranger, "") == [
        *("/admin/health/", "/admin/second-factor/", "/admin/sessions/", "/admin/time-zone/", "/admin/password_change/")
    ]


def test_what_is_typed_stays_a_text_and_is_asked_for_in_few_queries(gateway, administrator) -> None:
    Account.objects.update(name="<b>\u202eRobotics</b>")
    html = read(administrator, f"{FIND}?q=%3Cb%3E").html
    assert "<bdi>&lt;b&gt;\u202eRobotics&lt;/b&gt;</bdi>" in html and "<b>\u202e" not in html
    for text in ("%00", "a" * 5000, "%25", "_" * 9, "' OR 1=1 --", "99:99", "[::1", "\u0130\u0131\u00df"):
        assert administrator.get(f"{FIND}?q={text}").status_code == 200, text
    with CaptureQueriesContext(connection) as queries:
        administrator.get(f"{FIND}?q=acme")
    assert len(queries) <= 5
    assert administrator.post(FIND).status_code == 405
