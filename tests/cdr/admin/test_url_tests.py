"""Asking for a test of a service URL: what is filled in, what is refused, and how its page reads."""

import pytest
from django.contrib.auth.models import Permission

from cdr import roles
from cdr.models import AuditEntry, UrlTest, UrlTestState
from cdr.tasks import run_url_tests
from streams.models import Account, Application, Gateway, Stream
from streams.pure.customer.connection import Failure
from streams.pure.customer.url_report import UrlReport
from streams.pure.scrubbing import scrubbed
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

ASK, LIST = "/admin/cdr/urltest/ask/", "/admin/cdr/urltest/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


@pytest.fixture
def stream(gateway) -> Stream:
    stream = good_call(gateway).streams.get()
    Stream.objects.filter(pk=stream.pk).update(service_url="wss://bot.example.com/in?from=%2B14155550123")
    stream.refresh_from_db()
    return stream


def form(account: Account, url: str = "ws://127.0.0.1:1029/in", **more: str) -> dict[str, object]:
    return {"url": url, "account": account.pk, "content_type": "audio/x-mulaw;rate=8000", **more}


def initial(client, query: str) -> dict[str, object]:
    return client.get(f"{ASK}?{query}").context_data["form"].initial


def test_it_says_first_what_the_customers_service_will_see(operator, gateway) -> None:
    text = read(operator, ASK).text
    assert "00000000-7e57-4" in text and "two seconds of a 440 Hz tone" in text and "Nothing is billed" in text
    assert not UrlTest.objects.exists()


def test_a_refused_connection_is_reported_on_the_page_that_follows(operator, gateway) -> None:
    answer = operator.post(ASK, form(gateway.account))
    page = answer.headers["Location"]
    waiting = operator.get(page)
    assert "not over yet" in read(operator, LIST).text
    assert waiting.headers["Refresh"] == "1" and "waits for a worker" in waiting.content.decode()
    run_url_tests()
    response = operator.get(page)
    assert "Refresh" not in response.headers
    text = read(operator, page).text
    assert "A stream would not begin. Connection refused" in text and "127.0.0.1" in text
    listed = read(operator, LIST)
    assert listed.rows[1][1:5] == ["✕ fails", "127.0.0.1:1029", "Acme Robotics", "maria"] and page in " ".join(listed.links)


@pytest.mark.parametrize("url", ["http://bot.example.com", "ws://a b", "wss://user:password@bot.example.com", ""])
def test_only_what_a_customer_could_name_is_tested(operator, gateway, url) -> None:
    response = operator.post(ASK, form(gateway.account, url))
    assert response.status_code == 200 and response.context_data["form"].errors["url"] and not UrlTest.objects.exists()


def test_who_asks_twice_is_told_to_wait(operator, gateway) -> None:
    operator.post(ASK, form(gateway.account))
    response = operator.post(ASK, form(gateway.account))
    assert "One at a time" in response.content.decode() and UrlTest.objects.count() == 1


def test_account_and_application_fill_the_form_in(operator, gateway) -> None:
    account = gateway.account
    xml = '<Response><Stream contentType="audio/x-mulaw;rate=8000">wss://bot.example.com/xml</Stream></Response>'
    application = Application.objects.create(account=account, name="xml", answer_xml=xml)
    fetched = Application.objects.create(account=account, name="url", answer_url="https://a.example/answer")
    assert initial(operator, f"account={account.pk}") == {"account": account}
    filled = {"account": account.pk, "url": "wss://bot.example.com/xml", "content_type": "audio/x-mulaw;rate=8000"}
    assert initial(operator, f"application={application.pk}") == filled
    assert initial(operator, f"application={fetched.pk}") == {"account": account.pk}
    assert initial(operator, "application=0&account=x&stream=y") == {"account": None}


def test_a_streams_page_leads_here_with_its_url(operator, stream) -> None:
    links = read(operator, f"/admin/cdr/streamdetail/{stream.uuid}/change/").links
    assert any(link.endswith(f"{ASK}?stream={stream.uuid}") for link in links)
    assert initial(operator, f"stream={stream.uuid}")["url"] == scrubbed(stream.service_url)
    administrator = signed_in(person("anna", roles.ADMINISTRATOR))
    assert initial(administrator, f"stream={stream.uuid}")["url"] == stream.service_url


def test_a_hidden_value_of_a_streams_url_is_tested_as_it_is_and_not_shown(operator, gateway, stream) -> None:
    Stream.objects.filter(pk=stream.pk).update(service_url="ws://127.0.0.1:9/?token=s3cret")
    shown = initial(operator, f"stream={stream.uuid}")["url"]
    assert shown == "ws://127.0.0.1:9/?token=***"
    operator.post(ASK, form(gateway.account, shown, stream=str(stream.uuid)))
    test = UrlTest.objects.get()
    assert test.url == "ws://127.0.0.1:9/?token=s3cret"
    page = operator.get(f"{LIST}{test.pk}/change/").content.decode()
    assert "token=***" in page and "s3cret" not in page + str(AuditEntry.objects.get().details)


def test_a_hidden_value_goes_to_no_other_account_s_token(operator, stream) -> None:
    """The account of the form could be one whose service listens for what is sent."""
    Stream.objects.filter(pk=stream.pk).update(service_url="ws://127.0.0.1:9/?token=s3cret")
    other = make_gateway("pbx-2", "Globex").account
    operator.post(ASK, form(other, "ws://127.0.0.1:9/?token=***", stream=str(stream.uuid)))
    assert UrlTest.objects.get().account == stream.account


def test_a_number_in_a_streams_url_is_for_those_who_may_see_it(operator, gateway, stream) -> None:
    operator.post(ASK, form(gateway.account, stream.service_url, stream=str(stream.uuid)))
    page = f"{LIST}{UrlTest.objects.get().pk}/change/"
    administrator = signed_in(person("anna", roles.ADMINISTRATOR))
    assert "14155550123" in read(administrator, page).text and "14155550123" not in read(operator, page).text
    blind = person("blind", "Support")
    blind.user_permissions.add(Permission.objects.get(codename="test_service_url"))
    client = signed_in(blind)
    assert initial(client, f"stream={stream.uuid}")["url"] == ""
    assert "14155550123" not in client.get(page).content.decode()


def test_what_a_service_said_is_cleaned_and_escaped(operator, gateway) -> None:
    operator.post(ASK, form(gateway.account))
    report = UrlReport()
    report.failed(Failure("<script>alert(1)</script>", 1))
    UrlTest.objects.update(state=UrlTestState.DONE, report=report.as_json())
    assert "<script>alert" not in operator.get(f"{LIST}{UrlTest.objects.get().pk}/change/").content.decode()


def test_it_takes_the_permission(support, gateway, stream) -> None:
    assert support.get(ASK).status_code == support.post(ASK, form(gateway.account)).status_code == support.get(LIST).status_code == 403
    assert ASK not in " ".join(read(support, f"/admin/cdr/streamdetail/{stream.uuid}/change/").links)
    assert not UrlTest.objects.exists()


def test_pages_take_few_queries(operator, gateway, django_assert_max_num_queries) -> None:
    operator.post(ASK, form(gateway.account))
    with django_assert_max_num_queries(6):
        read(operator, f"{LIST}{UrlTest.objects.get().pk}/change/")
