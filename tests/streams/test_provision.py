"""What a file does to the rows: created, changed, left; and with one problem nothing."""

import json
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from streams import tokens
from streams.models import Account, Application, AuthToken, Gateway, Rate, RateCard
from streams.provision import InvalidFile, provision
from streams.pure.price import BEGINNING, DEFAULT, Price
from streams.rate_plans import Change
from streams.rates import price_now
from tests.streams.rows import main_token

pytestmark = pytest.mark.django_db

TOKEN, ANOTHER = "rh72D7weZZIfUbFiuZZCxdvdtLZ3WgMXefOY0iB2", "KLUs0rgmf12IZnxvRUUUqa2Yu_1zViC4fTEBi71"
SIGNING_TOKEN = "5402c3dd954a53e7005d23e00f29154f"
FIRST, SECOND = "quiet-anvil-7-harbour", "second-lantern-44-moss"
XML = "<Response><Stream>wss://bot.example/audio</Stream></Response>"
FILE: dict[str, Any] = {
    "accounts": [
        {
            "name": "Acme",
            "auth_id": "MA0123456789ABCDEFGH",
            "auth_token": TOKEN,
            "rate": "0.0045",
            "billing_interval": 30,
            "currency": "EUR",
            "country": "DE",
            "fill_silence": False,
            "goodbye_seconds": 0,
            "play_failed_messages": False,
            "measure_turns": False,
            "customers_listen": True,
            "retain_recordings_days": 3,
            "applications": [
                {"name": "bot", "answer_xml": XML, "record": "last", "record_seconds": 30, "callers_consent": True},
                {"name": "fetched", "answer_url": "https://acme.example/answer", "answer_method": "get", "conversation_callbacks": True},
            ],
            "gateways": [{"name": "pbx1", "dialect": "asterisk", "password": FIRST, "application": "bot"}],
        }
    ]
}


@pytest.fixture
def file() -> dict[str, Any]:
    return deepcopy(FILE)


def apply(document: dict[str, Any]) -> list[Change]:
    return provision(json.dumps(document).encode()).changes


def complaints(document: dict[str, Any]) -> dict[str, str]:
    """The problems by place; asserts that nothing was written."""
    before = everything()
    with pytest.raises(InvalidFile) as error:
        apply(document)
    assert everything() == before
    return {problem.place: problem.words for problem in error.value.problems}


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Account, Application, Gateway, Rate, RateCard)]


def test_everything_in_the_file_is_created(file):
    assert [(change.action, change.what) for change in apply(file)] == [
        ("created", "account Acme"),
        ("created", "application Acme: bot"),
        ("created", "application Acme: fetched"),
        ("created", "gateway pbx1"),
    ]
    account = Account.objects.get(auth_id="MA0123456789ABCDEFGH")
    assert main_token(account) == TOKEN
    assert price_now(account) == Price(Decimal("0.0045"), 30, "EUR")
    assert account.rates.get().valid_from == BEGINNING
    assert account.country == "DE"
    assert (account.fill_silence, account.goodbye_seconds, account.play_failed_messages) == (False, 0, False)
    assert account.measure_turns is False
    assert dict(account.applications.values_list("name", "conversation_callbacks")) == {"bot": False, "fetched": True}
    assert account.applications.get(name="fetched").answer_method == "GET"
    assert (account.customers_listen, account.retain_recordings_days) == (True, 3)
    recorded = account.applications.order_by("name").values_list("record", "record_seconds", "callers_consent")
    assert list(recorded) == [("last", 30, True), ("off", 60, False)]
    gateway = account.gateways.get()
    assert gateway.application.name == "bot" and gateway.check_password(FIRST) and not gateway.check_password("other")


def test_the_same_file_again_changes_nothing(file):
    apply(file)
    before = everything()
    assert {change.action for change in apply(file)} == {"left"}
    assert everything() == before


def test_what_differs_is_changed_and_named(file):
    apply(file)
    account = file["accounts"][0]
    account["rate"] = 0.005
    account["gateways"][0] |= {"password": SECOND, "application": "fetched"}
    changes = apply(file)
    assert Change("changed", "account Acme", ("rate",)) in changes
    assert Change("changed", "gateway pbx1", ("application", "password")) in changes
    gateway = Gateway.objects.get(name="pbx1")
    assert gateway.check_password(SECOND) and gateway.application.name == "fetched"
    account = Account.objects.get()
    assert price_now(account) == Price(Decimal("0.005"), 30, "EUR") and account.rates.count() == 2


def test_keys_that_are_left_out_stay_as_they_are(file):
    apply(file)
    before = everything()
    apply({"accounts": [{"name": "Acme", "applications": [{"name": "bot"}], "gateways": [{"name": "pbx1"}]}]})
    assert everything() == before


def test_rows_that_the_file_does_not_name_are_left_alone(file):
    apply(file)
    apply({"accounts": [{"name": "Another"}]})
    assert Account.objects.count() == 2 and Gateway.objects.count() == 1


def test_what_is_left_out_of_a_new_account_is_made_but_a_token() -> None:
    """It would have to be shown to somebody."""
    outcome = provision(json.dumps({"accounts": [{"name": "Small"}]}).encode())
    account = Account.objects.get(name="Small")
    assert account.auth_id.startswith("MA") and not account.auth_tokens.exists()
    assert [warning.place for warning in outcome.warnings] == ["accounts[0].auth_token"]
    assert price_now(account) == DEFAULT


def test_a_changed_token_counts_at_once_and_ends_the_one_before_and_no_other(file) -> None:
    apply(file)
    account, now = Account.objects.get(), timezone.now()
    script = tokens.make(account, "script", "anna", now).secret
    file["accounts"][0]["auth_token"] = ANOTHER
    assert Change("changed", "account Acme", ("auth_token",)) in apply(file)
    assert set(tokens.of_account(account, timezone.now())) == {ANOTHER, script}


def test_a_token_that_was_ending_ends_with_the_new_one(file) -> None:
    apply(file)
    tokens.revoke(AuthToken.objects.get(), timedelta(hours=1), timezone.now())
    file["accounts"][0]["auth_token"] = ANOTHER
    with pytest.raises(InvalidFile):
        apply({"accounts": [{**file["accounts"][0], "auth_token": ""}]})
    apply(file)
    assert tokens.of_account(Account.objects.get(), timezone.now()) == (ANOTHER,)


def test_a_file_with_a_token_that_counts_under_another_name_leaves_it(file) -> None:
    apply(file)
    made = tokens.make(Account.objects.get(), "script", "anna", timezone.now())
    file["accounts"][0]["auth_token"] = made.secret
    assert {change.action for change in apply(file)} == {"left"}


@pytest.mark.parametrize("hours", [0, 1])
def test_a_file_with_a_revoked_token_does_not_bring_it_back(file, hours: int) -> None:
    apply(file)
    tokens.revoke(AuthToken.objects.get(), timedelta(hours=hours), timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=hours, seconds=1)):
        assert "was revoked" in complaints(file)["accounts[0].auth_token"]
        del file["accounts"][0]["auth_token"]
        apply(file)
        assert tokens.of_account(Account.objects.get(), timezone.now()) == ()


def test_an_account_is_known_by_its_auth_id_and_may_be_renamed(file):
    apply(file)
    file["accounts"][0]["name"] = "Acme Ltd"
    assert Change("changed", "account Acme Ltd", ("name",)) in apply(file)
    assert Account.objects.get().name == "Acme Ltd"


def test_an_answer_url_replaces_the_xml_and_the_other_way_round(file):
    apply(file)
    one, other = file["accounts"][0]["applications"]
    one.pop("answer_xml")
    one["answer_url"] = "https://acme.example/other"
    other.pop("answer_url")
    other["answer_xml"] = XML
    apply(file)
    assert list(Application.objects.order_by("name").values_list("answer_url", "answer_xml")) == [
        ("https://acme.example/other", ""),
        ("", XML),
    ]


def test_a_gateway_may_go_to_an_application_that_is_there_already(file):
    apply(file)
    apply({"accounts": [{"name": "Acme", "gateways": [{"name": "pbx2", "password": SECOND, "application": "fetched"}]}]})
    assert Gateway.objects.get(name="pbx2").application.name == "fetched"


def test_what_of_an_answer_is_not_carried_out_is_a_warning(file):
    file["accounts"][0]["applications"][0]["answer_xml"] = XML.replace("</Response>", "<Play>x</Play></Response>")
    (warning,) = provision(json.dumps(file).encode()).warnings
    assert warning.place == "accounts[0].applications[0].answer_xml" and "<Play>" in warning.words


def at(document: dict[str, Any], kind: str, **values: Any) -> dict[str, Any]:
    account = document["accounts"][0]
    (account if kind == "account" else account[kind][0]).update(values)
    return document


@pytest.mark.parametrize(
    ("kind", "values", "place", "words"),
    [
        ("account", {"auth_id": "MA1"}, "accounts[0].auth_id", "An auth id is 20 characters"),
        ("account", {"currency": "euro"}, "accounts[0].currency", "three capital letters"),
        ("account", {"goodbye_seconds": 61}, "accounts[0].goodbye_seconds", "less than or equal to 60"),
        ("account", {"goodbye_seconds": -1}, "accounts[0].goodbye_seconds", "greater than or equal to 0"),
        ("account", {"country": "gb"}, "accounts[0].country", "two capital letters"),
        ("account", {"country": "ZZ"}, "accounts[0].country", "two capital letters"),
        ("account", {"rate": -1}, "accounts[0].rate", "greater than or equal to 0"),
        ("account", {"rate": "0.0000001"}, "accounts[0].rate", "no more than 5 decimal places"),
        ("account", {"billing_interval": 0}, "accounts[0].billing_interval", "greater than or equal to 1"),
        ("account", {"name": "x" * 101}, "accounts[0].name", "at most 100 characters"),
        ("applications", {"answer_url": "https://both.example/"}, "accounts[0].applications[0]", "not both"),
        ("applications", {"answer_xml": ""}, "accounts[0].applications[0]", "not neither"),
        ("applications", {"answer_method": "PUT"}, "accounts[0].applications[0].answer_method", "it has to be POST or GET"),
        ("applications", {"answer_xml": "<Response><Stream>"}, "accounts[0].applications[0].answer_xml", "line 1"),
        ("applications", {"answer_xml": XML.replace("wss", "ftp")}, "accounts[0].applications[0].answer_xml", "ws:// or wss://"),
        ("gateways", {"dialect": "asterix"}, "accounts[0].gateways[0].dialect", "Did you mean asterisk?"),
        ("gateways", {"name": "PBX 1"}, "accounts[0].gateways[0].name", "small letters, digits"),
        ("gateways", {"application": "bott"}, "accounts[0].gateways[0].application", "Did you mean bot?"),
        ("gateways", {"application": None}, "accounts[0].gateways[0].application", "is missing"),
        ("gateways", {"password": ""}, "accounts[0].gateways[0].password", "is missing"),
        ("gateways", {"password": None}, "accounts[0].gateways[0].password", "is missing"),
    ],
)
def test_a_value_that_is_not_allowed_is_said_at_its_place(file, kind: str, values: dict[str, Any], place: str, words: str):
    found = complaints(at(file, kind, **values))
    assert list(found) == [place] and words in found[place]


def test_nothing_is_recorded_unless_callers_consent(file):
    bot = file["accounts"][0]["applications"][0]
    del bot["callers_consent"]
    found = complaints(file)
    assert "Streams are recorded only where callers consent" in found["accounts[0].applications[0].callers_consent"]
    bot |= {"record": "all", "callers_consent": True}
    assert complaints(file) == {"accounts[0].applications[0].record": "is 'all'; it has to be off, whole, last."}


def test_an_answer_url_has_to_be_http(file):
    file["accounts"][0]["applications"][1]["answer_url"] = "wss://acme.example/"
    assert "http:// or https://" in complaints(file)["accounts[0].applications[1].answer_url"]


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(file):
    at(file, "account", currency="euro", colour="red")
    at(file, "applications", answer_xml="<html>")
    at(file, "gateways", dialect="sip", password="")
    assert list(complaints(file)) == [
        "accounts[0].applications[0].answer_xml",
        "accounts[0].colour",
        "accounts[0].currency",
        "accounts[0].gateways[0].dialect",
        "accounts[0].gateways[0].password",
    ]


def test_one_bad_account_keeps_a_good_one_from_being_written(file):
    file["accounts"].append({"name": "Bad", "rate": "much"})
    assert list(complaints(file)) == ["accounts[1].rate"]


def test_an_auth_id_does_not_change(file):
    apply(file)
    file["accounts"][0]["auth_id"] = "MA9999999999ABCDEFGH"
    assert "has the auth id MA0123456789ABCDEFGH" in complaints(file)["accounts[0].auth_id"]


def test_a_name_of_another_account_is_taken(file):
    apply(file)
    apply({"accounts": [{"name": "Other", "auth_id": "MA9999999999ABCDEFGH"}]})
    found = complaints({"accounts": [{"name": "Acme", "auth_id": "MA9999999999ABCDEFGH"}]})
    assert list(found) == ["accounts[0].name"] and "already exists" in found["accounts[0].name"]


def test_a_gateway_of_another_account_is_not_taken_over(file):
    apply(file)
    found = complaints({"accounts": [{"name": "Thief", "gateways": [{"name": "pbx1", "password": "mine"}]}]})
    assert "is a gateway of the account 'Acme' already" in found["accounts[0].gateways[0].name"]
    assert Gateway.objects.get().check_password(FIRST)


def test_an_application_of_another_account_cannot_be_used(file):
    apply(file)
    found = complaints({"accounts": [{"name": "Thief", "gateways": [{"name": "pbx9", "password": SECOND, "application": "bot"}]}]})
    assert "is no application of this account" in found["accounts[0].gateways[0].application"]


@pytest.mark.parametrize("dialect", ["asterisk", "audio_stream", "audio_fork", "twilio"])
def test_every_dialect_can_be_provisioned(file, dialect):
    file["accounts"][0]["gateways"][0]["dialect"] = dialect
    apply(file)
    assert Gateway.objects.get(name="pbx1").dialect == dialect


def test_a_gateway_that_signs_needs_no_password(file):
    gateway = {"name": "tw", "dialect": "twilio", "signing_token": SIGNING_TOKEN, "application": "bot"}
    file["accounts"][0]["gateways"].append(gateway)
    apply(file)
    row = Gateway.objects.get(name="tw")
    assert row.signing_token == SIGNING_TOKEN
    assert not row.check_password("")
    assert {change.action for change in apply(file)} == {"left"}
    gateway["signing_token"] = ANOTHER
    changed = [change for change in apply(file) if change.action != "left"]
    assert [(change.what, change.keys) for change in changed] == [("gateway tw", ("signing_token",))]
    assert ANOTHER not in str(changed)


@pytest.mark.parametrize(
    "weak", ["short", "pbx1-pbx1-pbx1-pbx1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnopqrstuvwxyz0123456789"]
)
def test_a_weak_secret_is_refused_and_one_from_before_stays(file, weak):
    apply(file)
    account, gateway = file["accounts"][0], file["accounts"][0]["gateways"][0]
    account |= {"auth_token": weak}
    gateway |= {"password": weak, "signing_token": weak}
    found = complaints(file)
    assert {place.rpartition(".")[2] for place, words in found.items() if words.startswith("is too weak. ")} == {
        *("auth_token", "password", "signing_token")
    }
    assert not any(weak in words for words in found.values())
    AuthToken.objects.all().delete()
    tokens.replace_main(Account.objects.get(), weak, "an older version", timezone.now())
    account["rate"], gateway["password"] = 1, FIRST
    del gateway["signing_token"]
    assert {change.action for change in apply(file)} == {"changed", "left"}
