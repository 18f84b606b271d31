"""The list of gateways and the page of one, as the people see them who connect gateways."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from cdr import roles
from streams.models import Gateway
from streams.pure.gateway.refusal import Reason
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call, live_call, refused

LIST = "/admin/streams/gateway/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def page_of(gateway: Gateway) -> str:
    return f"{LIST}{gateway.pk}/change/"


def test_the_columns(support, gateway) -> None:
    now = timezone.now()
    call = live_call(gateway, now - timedelta(minutes=1))
    for name in ("pbx-2", "pbx-3"):
        make_gateway(name)
    refused("pbx-2", at=now, count=5)
    page = read(support, LIST)
    heads, first, second, third = page.rows
    assert heads[1:6] == ["State", "Live calls", "Last call (UTC)", "Refused, 24 h", "Dialect"]
    assert first[:3] == ["pbx-1", "● carrying 1 call", "1"] and first[4] == "0"
    assert second[:5] == ["pbx-2", "✕ refused lately", "0", "–", "5"]
    assert third[:5] == ["pbx-3", "○ never connected", "0", "–", "0"]
    assert reverse("admin:cdr_calldetail_change", args=[call.uuid]) in page.links


def test_the_list_takes_eight_queries_however_many_there_are(support, gateway, django_assert_max_num_queries) -> None:
    for number in range(20):
        refused(make_gateway(f"more-{number}", f"Account {number}").name)
        good_call(make_gateway(f"more-{number}"))
    with django_assert_max_num_queries(8):
        assert len(read(support, LIST).rows) == 22


@pytest.mark.parametrize(("reader", "queries"), [("support", 12), ("administrator", 13)])
def test_the_page_takes_the_same_queries_whatever_happened(reader, queries, gateway, request, django_assert_max_num_queries) -> None:
    client = request.getfixturevalue(reader)
    for number in range(30):
        refused(gateway.name, at=timezone.now() - timedelta(hours=number))
        live_call(gateway, timezone.now() - timedelta(minutes=number))
    with django_assert_max_num_queries(queries):
        read(client, page_of(gateway))


def test_support_sees_health_and_lines_and_no_form(support, gateway) -> None:
    call = good_call(gateway)
    page = read(support, page_of(gateway))
    assert "uri = ws://testserver/gateway/asterisk/pbx-1/" in page.text and "password = YOUR_PASSWORD" in page.text
    assert "Connected calls 0" in page.text and "Change it" not in page.text and "New one" not in page.text
    assert reverse("admin:cdr_calldetail_change", args=[call.uuid]) in page.links


def edit_page_of(gateway: Gateway) -> str:
    return page_of(gateway).replace("/change/", "/edit/")


def test_whoever_may_change_it_has_the_form_behind_a_door(administrator, support, gateway) -> None:
    page = read(administrator, page_of(gateway))
    assert edit_page_of(gateway) in page.links and "Signing token" not in page.text
    assert "Signing token" in read(administrator, edit_page_of(gateway)).text
    assert edit_page_of(gateway) not in read(support, page_of(gateway)).links
    assert support.get(edit_page_of(gateway)).status_code == 403


def test_the_form_keeps_its_errors_and_leads_back_to_what_is_stored(administrator, gateway) -> None:
    values = {"name": "Not A Name", "account": gateway.account_id, "dialect": "twilio", "application": gateway.application_id}
    answer = administrator.post(edit_page_of(gateway), values)
    assert "A gateway&#x27;s name stands in its URL" in answer.content.decode()
    moved = administrator.post(edit_page_of(gateway), {**values, "name": "pbx-9"})
    assert moved.status_code == 302 and moved["Location"] == page_of(gateway)
    assert "/gateway/twilio/pbx-9/" in read(administrator, page_of(gateway)).text


def test_a_refused_attempt_is_on_the_page_with_its_call(support, gateway) -> None:
    call = good_call(gateway)
    refused("pbx-1", Reason.UNSUPPORTED_MEDIA, words="The gateway sends 'opus'.", call_uuid=call.uuid)
    page = read(support, page_of(gateway))
    assert "✕ unsupported codec" in page.text and "The gateway sends 'opus'." in page.text
    assert page.links.count(reverse("admin:cdr_calldetail_change", args=[call.uuid])) == 2


def test_each_part_has_its_permission(gateway) -> None:
    call = good_call(gateway)
    refused("pbx-1", Reason.NO_MEDIA, call_uuid=call.uuid)
    user = User.objects.create_user("narrow", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_gateway"))
    page = read(signed_in(user), page_of(gateway))
    assert "Connect it" in page.text and "Refused attempts" not in page.text.replace("Refused attempts, 24 h", "")
    assert not [link for link in page.links if "calldetail" in link]


@pytest.mark.parametrize(
    ("public", "read_by", "url"),
    [
        ("", "http", "ws://testserver/gateway/asterisk/pbx-1/"),
        ("", "https", "wss://testserver/gateway/asterisk/pbx-1/"),
        ("https://streams.example.org", "http", "wss://streams.example.org/gateway/asterisk/pbx-1/"),
        ("http://10.0.0.5:8000", "https", "ws://10.0.0.5:8000/gateway/asterisk/pbx-1/"),
    ],
)
def test_the_url_is_the_operators_or_the_one_the_reader_came_by(gateway, settings, public, read_by, url) -> None:
    settings.PUBLIC_URL = public
    reader = signed_in(person("reader", roles.SUPPORT))
    html = reader.get(page_of(gateway), secure=read_by == "https").content.decode()
    assert html.count(url) >= 2


def test_a_host_that_is_not_ours_is_not_filled_in(support, gateway) -> None:
    assert support.get(page_of(gateway), headers={"host": "evil.example"}).status_code == 400


def test_the_page_for_a_new_gateway_is_a_form_only(administrator, gateway) -> None:
    text = read(administrator, f"{LIST}add/").text
    assert "Signing token" in text and "Connect it" not in text


def test_billing_sees_no_gateway(gateway) -> None:
    assert signed_in(person("billing", roles.BILLING)).get(page_of(gateway)).status_code == 403
