"""Setting up accounts, applications and gateways; secrets stay where they belong."""

from html import unescape

import pytest
from django.utils.safestring import SafeString

from streams.models import Account, Gateway, Rate
from streams.pure.callback.signature import standard_webhook_secret
from streams.pure.price import BEGINNING
from tests.cdr.admin.reading import read
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call
from tests.streams.rows import main_token

ACCOUNT, APPLICATION = "/admin/streams/account/", "/admin/streams/application/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def test_no_token_is_on_any_page_of_the_account_whoever_reads(administrator, support, gateway) -> None:
    account, secret = gateway.account, main_token(gateway.account)
    for client in (administrator, support):
        page = client.get(f"{ACCOUNT}{account.pk}/change/").content.decode()
        assert account.auth_id in page and "counts until it is revoked; signs V2" in unescape(page)
        for address in (page, client.get(ACCOUNT).content.decode(), client.get(f"{ACCOUNT}{account.pk}/history/").content.decode()):
            assert secret not in address and standard_webhook_secret(secret) not in address


def test_an_account_is_made(administrator) -> None:
    values = {
        "name": "New",
        "auth_id": "MA" + "A" * 18,
        "amount": "0.005",
        "interval_seconds": 1,
        "rate_currency": "EUR",
        "time_zone": "Europe/Berlin",
        "spending_currency": "USD",
        "concurrent_calls_limit": 5,
        "concurrent_streams_limit": 5,
        "stream_starts_per_second": 2,
        "goodbye_seconds": 5,
        "callback_style": "B",
    }
    assert administrator.post(f"{ACCOUNT}add/", values).status_code == 302
    assert read(administrator, ACCOUNT).rows[1][1:4] == ["New", "MA" + "A" * 18, "0.005 EUR per 1 s"]
    assert Rate.objects.get().valid_from == BEGINNING


def test_an_accounts_page_shows_its_limits_and_what_is_in_use(administrator, gateway) -> None:
    Account.objects.filter(pk=gateway.account_id).update(concurrent_calls_limit=7, concurrent_streams_limit=9)
    script = CallScript(gateway).answered()
    script.streaming()
    script.save()
    good_call(gateway)
    text = read(administrator, f"{ACCOUNT}{gateway.account_id}/change/").text
    assert "1 of 7 calls at once" in text and "1 of 9 streams at once" in text


def test_a_country_is_one_that_telephone_numbers_have(administrator, gateway) -> None:
    page, before = f"{ACCOUNT}{gateway.account_id}/change/", Account.objects.get(pk=gateway.account_id)
    values = {name: getattr(before, name) for name in ("name", "auth_id", "time_zone", "spending_currency", "callback_style")}
    numbers = (
        "concurrent_calls_limit",
        "concurrent_streams_limit",
        "stream_starts_per_second",
        "goodbye_seconds",
    )
    values |= {name: getattr(before, name) for name in numbers}
    assert "two capital letters" in administrator.post(page, values | {"country": "UK"}).content.decode()
    assert administrator.post(page, values | {"country": "GB"}).status_code == 302
    assert Account.objects.get(pk=gateway.account_id).country == "GB"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"answer_url": "ftp://app.example.com"}, "An answer URL begins with https:// or http://."),
        ({"answer_url": "https://app.example.com:25"}, "Port 25 may not be dialled, only 80, 443 and 1024 to 65535."),
        ({"answer_url": "https://10.0.0.1/"}, "10.0.0.1 may not be dialled: a private network."),
        ({"answer_xml": "<Response><Stream>ws://a.example:22/</Stream></Response>"}, "ws://a.example:22/: Port 22 may not be dialled"),
        ({}, "Give either an answer URL or the answer XML, not both and not neither."),
        ({"answer_url": "https://a.example", "answer_xml": "<Response/>"}, "not both and not neither"),
    ],
)
def test_an_application_answers_in_exactly_one_way(administrator, gateway, values, problem) -> None:
    base = {"account": gateway.account_id, "name": "another", "answer_url": "", "answer_method": "POST", "answer_xml": ""}
    assert problem in administrator.post(f"{APPLICATION}add/", base | values).content.decode()


@pytest.mark.parametrize(
    ("document", "problem"),
    [("<html></html>", "HTML"), ("<Response><Stream>", "line 1"), ("<Response><Stream>http://no.example</Stream></Response>", "ws")],
)
def test_answer_xml_is_read_as_a_call_would_read_it(administrator, gateway, document, problem) -> None:
    values = {"account": gateway.account_id, "name": "another", "answer_url": "", "answer_method": "POST", "answer_xml": document}
    response = administrator.post(f"{APPLICATION}add/", values)
    assert response.status_code == 200 and problem in response.content.decode()
    assert "not both and not neither" not in response.content.decode(), "one fault, one sentence"
    values["answer_xml"] = "<Response><Stream>wss://bot.example.com/in</Stream></Response>"
    assert administrator.post(f"{APPLICATION}add/", values).status_code == 302


def test_lists_of_tenants_take_the_same_queries_for_many_rows(administrator, gateway, django_assert_max_num_queries) -> None:
    for index in range(20):
        make_gateway(f"more-{index}", f"Account {index}")
    for page in (ACCOUNT, APPLICATION):
        with django_assert_max_num_queries(8):
            read(administrator, page)


def test_an_account_with_calls_cannot_be_deleted(administrator, gateway) -> None:
    good_call(gateway)
    administrator.post(f"{ACCOUNT}{gateway.account_id}/delete/", {"post": "yes"})
    assert Account.objects.filter(pk=gateway.account_id).exists()


def test_no_help_text_is_eaten_as_html(administrator, gateway) -> None:
    """Django's forms print them as they are."""
    for page in ("account", "application", "gateway"):
        form = administrator.get(f"/admin/streams/{page}/add/").context_data["adminform"].form
        texts = {name: field.help_text for name, field in form.fields.items() if field.help_text}
        assert texts and not {name: text for name, text in texts.items() if "<" in text and not isinstance(text, SafeString)}


def test_nothing_is_recorded_unless_callers_consent(administrator, gateway) -> None:
    application = gateway.application
    page = f"{APPLICATION}{application.pk}/change/"
    values = {"account": application.account_id, "name": application.name, "answer_url": application.answer_url, "answer_method": "POST"}
    values |= {"answer_xml": application.answer_xml, "record": "last", "record_seconds": 30}
    refused = administrator.post(page, values)
    assert refused.status_code == 200 and "Streams are recorded only where callers consent" in refused.content.decode()
    assert "121" in administrator.post(page, values | {"callers_consent": "on", "record_seconds": 121}).content.decode()
    application.refresh_from_db()
    assert (application.record, application.record_seconds) == ("off", 60)
    assert administrator.post(page, values | {"callers_consent": "on"}).status_code == 302
    assert "the last 30 s; callers consent" in administrator.get(page).content.decode()
