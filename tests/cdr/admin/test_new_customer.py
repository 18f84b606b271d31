"""A new customer on one page: all of it or nothing, the secrets once, and what is wrong with the form."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from cdr.admin.new_customer import stream_xml
from cdr.models import AuditEntry
from streams.models import Account, Application, AuthToken, Gateway, Rate
from streams.pure.customer.answer_xml import parse
from tests.cdr.admin.conftest import signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway

PAGE = "/admin/streams/account/new-customer/"
pytestmark = pytest.mark.django_db


def filled(**changes: Any) -> dict[str, Any]:
    given = {"name": "Wonka & Sons", "service_url": "wss://bot.example.com/x?a=1&b=2", "talks": "on", "dialect": "asterisk"}
    return {**given, "amount": "0.004", "interval_seconds": "60", "currency": "EUR", **changes}


def shown(html: str, name: str) -> str:
    found = re.search(rf'id="secret-{name}">([^<]+)<', html)
    assert found, name
    return unescape(found[1])


def test_all_of_it_is_made_and_its_secrets_are_shown_once(administrator) -> None:
    assert PAGE in read(administrator, "/admin/streams/account/").links
    answer = administrator.post(PAGE, filled(status_url="https://hooks.example.com/a"))
    html = answer.content.decode()
    account, application, gateway, rate = (model.objects.get() for model in (Account, Application, Gateway, Rate))
    assert (account.name, application.account, gateway.application, gateway.name) == ("Wonka & Sons", account, application, "wonka-sons")
    assert (str(rate.amount), rate.currency, rate.interval_seconds) == ("0.00400", "EUR", 60)
    (stream,) = parse(application.answer_xml.encode()).streams
    assert (stream.service_url, stream.bidirectional) == ("wss://bot.example.com/x?a=1&b=2", True)
    password, token = shown(html, "password"), shown(html, "token")
    assert gateway.check_password(password) and AuthToken.objects.get().secret == token and shown(html, "id") == account.auth_id
    assert "no-store" in answer.headers["Cache-Control"] and f"password = {password}" in html
    assert f'action="/admin/streams/gateway/{gateway.pk}/test-call/"' in html
    acts = [(entry.act, entry.kind) for entry in AuditEntry.objects.order_by("pk")]
    assert acts == [("add", "account"), ("add", "application"), ("add", "gateway"), ("make a token", "account")]
    for address in ("account", "application", "gateway"):
        later = administrator.get(f"/admin/streams/{address}/1/change/").content.decode()
        assert password not in later and token not in later
    assert password not in str(list(AuditEntry.objects.values())) and token not in str(list(AuditEntry.objects.values()))


def test_a_reload_makes_nothing(administrator) -> None:
    administrator.post(PAGE, filled())
    again = administrator.post(PAGE, filled()).content.decode()
    assert "There is an account of this name" in again and 'id="secret-password"' not in again
    assert Account.objects.count() == Gateway.objects.count() == AuthToken.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "required"),
        ({"service_url": ""}, "either a service URL or an answer URL"),
        ({"answer_url": "https://a.example.com/"}, "either a service URL or an answer URL"),
        ({"service_url": "https://bot.example.com/"}, "begins with wss:// or ws://"),
        ({"service_url": "wss://10.0.0.1/"}, "10.0.0.1"),
        ({"service_url": "wss://bot.example.com:25/"}, "25"),
        ({"status_url": "ftp://a.example.com/"}, "begins with https:// or http://"),
        ({"status_url": "http://169.254.169.254/latest"}, "169.254.169.254"),
        ({"service_url": "", "answer_url": "https://a.example.com/", "status_url": "https://b.example.com/"}, "With an answer URL"),
        ({"gateway_name": "Not A Name"}, "small letters"),
        ({"gateway_name": "pbx-1"}, "There is a gateway of this name"),
        ({"dialect": "carrier pigeon"}, "carrier pigeon"),
        ({"currency": "XXQ"}, "currency"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"interval_seconds": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_where_it_was_entered_and_nothing_is_made(administrator, changes, words) -> None:
    make_gateway("pbx-1")
    before = [model.objects.count() for model in (Account, Application, Gateway, AuthToken, AuditEntry)]
    answer = administrator.post(PAGE, filled(**changes))
    assert answer.status_code == 200 and words.lower() in unescape(answer.content.decode()).lower()
    assert [model.objects.count() for model in (Account, Application, Gateway, AuthToken, AuditEntry)] == before


def test_by_an_answer_url_and_with_a_name_that_is_taken_or_none(administrator) -> None:
    make_gateway("wonka-sons")
    html = administrator.post(PAGE, filled(service_url="", answer_url="https://a.example.com/?key=s3cr3t")).content.decode()
    application = Application.objects.latest("pk")
    assert (application.answer_url, application.answer_xml) == ("https://a.example.com/?key=s3cr3t", "")
    assert re.fullmatch(r"wonka-sons-[0-9a-f]{6}", Gateway.objects.latest("pk").name) and 'id="secret-password"' in html
    assert "s3cr3t" not in str(list(AuditEntry.objects.values("details")))
    administrator.post(PAGE, filled(name="ウォンカ"))
    assert Gateway.objects.latest("pk").name.startswith("gateway-")


@pytest.mark.parametrize("missing", ["add_account", "add_application", "add_gateway", "rotate_token"])
def test_who_may_not_add_each_of_it_adds_none(db, missing) -> None:
    user = User.objects.create_user("clerk", is_staff=True)
    names = {"view_account", "add_account", "add_application", "add_gateway", "rotate_token"} - {missing}
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = signed_in(user)
    assert client.get(PAGE).status_code == client.post(PAGE, filled()).status_code == 403 and not Account.objects.exists()
    assert PAGE not in read(client, "/admin/streams/account/").links


def test_whatever_is_typed_stays_a_url_in_the_xml() -> None:
    nasty = "wss://bot.example.com/?a=<b>&c=\"'>"
    document = stream_xml({"service_url": nasty, "status_url": "https://h.example.com/?q=\"'<&", "talks": False})
    (stream,) = parse(document.encode()).streams
    assert (stream.service_url, stream.status_callback_url) == (nasty, "https://h.example.com/?q=\"'<&")
