"""What a search finds among calls and among streams."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cdr.exports import SELECTORS
from cdr.models import Export
from streams.models import Account, Call, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import listed, read, undrawn
from tests.cdr.call_script import STARTED, make_gateway
from tests.rows_again import made_once

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


@made_once
def three_calls() -> None:
    gateway = make_gateway()
    factories.good_call(gateway, caller="+442079460000", called="+18005550199")
    factories.good_call(gateway, caller="", called="sip:desk@pbx.example.com")
    factories.good_call(gateway, STARTED - timedelta(days=1), caller="+14155550123", called="+18005550100")


@pytest.fixture
def wanted(db) -> Call:
    """The call to be found; others stand around it."""
    three_calls()
    return Call.objects.earliest("started_at")


def found(client, path: str, text: str) -> list[str]:
    """The time of each row that was found: it tells the wanted call from the others."""
    began = "started_at" if path == CALLS else "call_started_at"
    return [f"{getattr(row, began):%Y-%m-%d}" for row in listed(client, f"{path}?q={text}").result_list]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_the_uuid_of_the_call_or_of_its_stream(support, wanted, path) -> None:
    for uuid in (wanted.uuid, wanted.streams.get().uuid):
        for text in (str(uuid), uuid.hex, str(uuid).upper(), uuid.hex[:9], str(uuid)[:13], f"%22{uuid}%22", f"StreamID:+{uuid}"):
            assert found(support, path, text) == ["2024-11-22"], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_a_number_in_any_form(operator, wanted, path) -> None:
    for text in ("%2B14155550123", "14155550123", "%2B1+(415)+555-0123", "415-555-0123", "4155550", "0014155550123", "18005550100"):
        assert found(operator, path, text) == ["2024-11-22"], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_the_calls_of_a_number_are_asked_for_by_their_keys_unless_they_are_many(operator, wanted, path, monkeypatch) -> None:
    """A number that nobody has would be looked for in all calls, newest first: 14 s among ten million."""

    def asked_by_number(text: str) -> list[bool]:
        with CaptureQueriesContext(connection) as captured:
            assert found(operator, path, text) == (["2024-11-22"] if text == "4155550123" else [])
        return [bool(re.search(r"WHERE.*from_key", query["sql"])) for query in captured if re.search("ORDER BY.*LIMIT 51$", query["sql"])]

    assert asked_by_number("4155550123") == [False] and not any(asked_by_number("%2B49301234567"))
    monkeypatch.setattr("cdr.number_lookup.MOST_CALLS", 0)
    assert asked_by_number("4155550123") == [True]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_a_sip_address(operator, wanted, path) -> None:
    assert found(operator, path, "desk@pbx") == found(operator, path, "sip:DESK") == ["2024-11-23"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_national_number_by_the_countries_of_the_accounts_or_by_what_a_number_ends_with(operator, wanted, path) -> None:
    assert found(operator, path, "020+7946+0000") == ["2024-11-23"] and found(operator, path, "020+7946") == []
    Account.objects.update(country="GB")
    assert found(operator, path, "020+7946+0000") == found(operator, path, "020+7946") == ["2024-11-23"]


# Who may not see numbers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_masked_number_is_found_whole_and_by_the_digits_that_are_shown(support, wanted, path) -> None:
    for text in ("%2B14155550123", "1+(415)+555-0123", "415+555+0123", "0123", "%2B%E2%80%A2%E2%80%A2%E2%80%A20123"):
        assert found(support, path, text) == ["2024-11-22"], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_masked_number_is_never_narrowed_down(support, operator, wanted, path) -> None:
    for text in ("1415", "%2B1415555012", "50123", "4155550", "141", "desk@pbx", "sip:desk", "%E2%80%A250123"):
        assert found(support, path, text) == [], text
        assert found(operator, path, text) != [], f"there is something to be found by {text}"


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_hidden_address_is_found_whole(support, wanted, path) -> None:
    assert found(support, path, "SIP:desk@pbx.example.com") == ["2024-11-23"]


def test_an_export_finds_what_its_owner_finds_in_the_list(support, operator, wanted) -> None:
    """It is read later, without a browser."""
    user = User.objects.get(username="support")
    user.user_permissions.add(Permission.objects.get(codename="add_export"))
    for query, rows in (("q=1415", 0), ("q=0123", 1)):
        export = Export(owner=User.objects.get(pk=user.pk), section="cdr_calldetail", query=query)
        assert SELECTORS["cdr_calldetail"](export).rows.count() == rows


HOSTS = ["other.example.net", "OTHER.example.net:8443", "wss://other.example.net/in", "wss://other.example.net:8443", "other.exam"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_the_host_of_the_service(support, wanted, path) -> None:
    Stream.objects.filter(call=wanted).update(service_url="wss://other.example.net:8443/in", service_host="other.example.net")
    for text in HOSTS:
        assert found(support, path, text) == ["2024-11-22"], text
        assert found(support, path, text + "&reason=Call+hangup") == ["2024-11-22"], text
        assert found(support, path, text + "&reason=Connection+error") == [], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_another_port_of_the_host_is_not_found(support, wanted, path) -> None:
    Stream.objects.filter(call=wanted).update(service_url="wss://other.example.net:8443/in", service_host="other.example.net")
    assert found(support, path, "other.example.net:9443") == []


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_digits_that_begin_a_uuid_and_a_number(operator, wanted, path) -> None:
    """Either may be meant, so both are found."""
    Stream.objects.filter(call__from_number="+442079460000").update(uuid="14155550-0000-4000-8000-000000000000")
    assert found(operator, path, "14155550") == ["2024-11-23", "2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_what_is_not_there_is_not_found(support, wanted, path) -> None:
    for text in ("26b95870-2b2f-45be-88dc-aedd0fcccec6", "+19995550000", "nobody", "%27;--", "%25", "_"):
        assert found(support, path, text) == [], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_an_empty_search_finds_everything(support, wanted, path) -> None:
    assert len(found(support, path, "++")) == 3


def test_search_and_filters_work_together(operator, wanted) -> None:
    assert found(operator, CALLS, "415&reason=Call+hangup") == ["2024-11-22"]
    assert found(operator, CALLS, "415&reason=Connection+error") == []


# With a time ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def at_five(db) -> Iterator[None]:
    """It is 17:00 of the day of the calls; the wanted one began at 14:01:37 of the day before, as the others of this day."""
    with time_machine.travel(STARTED.replace(hour=17), tick=False):
        yield


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.usefixtures("wanted", "at_five")
def test_the_last_digits_and_a_time(support, path) -> None:
    for text, times in (
        ("0123 yesterday 14:02", ["2024-11-22"]),
        ("0123 2024-11-22 13:58", ["2024-11-22"]),
        ("0123 2024-11-22", ["2024-11-22"]),
        ("0123 14:02", []),
        ("0123 yesterday 15:02", []),
        ("14:02", ["2024-11-23", "2024-11-23"]),
        ("yesterday", ["2024-11-22"]),
        ("bot.example.com yesterday 14:02", ["2024-11-22"]),
    ):
        assert found(support, path, text) == times, text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_what_was_going_on_then_is_found_as_well(support, wanted, at_five, path) -> None:
    """Of a call the whole, of a stream itself; what had ended is not."""
    Call.objects.filter(pk=wanted.pk).update(ended_at=wanted.started_at + timedelta(hours=2))
    Stream.objects.filter(call=wanted).update(ended_at=wanted.started_at + timedelta(hours=2))
    assert found(support, path, "0123 yesterday 15:30") == ["2024-11-22"] and found(support, path, "0123 yesterday 16:30") == []
    Call.objects.filter(pk=wanted.pk).update(ended_at=None)
    Stream.objects.filter(call=wanted).update(ended_at=None)
    assert found(support, path, "0123 yesterday 19:00") == ["2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_time_that_is_none_shows_no_row_and_says_so(support, wanted, path) -> None:
    for text in ("0123 25:70", "0123 2024-13-01"):
        listed = undrawn(support, f"{path}?q={text}", 400)["cl"]
        assert "Write 14:02" in " ".join(listed.problems) and not list(listed.result_list), text
    page = read(support, f"{path}?q=0123 14:02 15:02", status=400)
    assert "Write 14:02" in page.text and "No row is shown" in page.text


# By name -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_the_name_of_account_gateway_and_application(support, wanted, path) -> None:
    gateway = make_gateway("pbx-2", "Globex Telephony")
    gateway.application.name = "sales line"
    gateway.application.save()
    factories.good_call(gateway, STARTED - timedelta(days=3))
    for text in ("globex", "Globex Tele", "PBX-2", "sales"):
        assert found(support, path, text) == ["2024-11-20"], text
        assert found(support, path, f"{text} 2024-11-20 14:02") == ["2024-11-20"], text
        assert found(support, path, f"{text} 2024-11-21") == [], text


def test_what_is_named_so_is_one_step_away(support, wanted) -> None:
    account = Account.objects.get()
    page = read(support, f"{CALLS}?q=acme")
    assert "what belongs to the account Acme Robotics" in page.text
    assert f"/admin/streams/account/{account.pk}/change/" in page.links


def test_the_exact_name_comes_before_what_begins_so(support, wanted) -> None:
    for name, days in (("Acme", 5), ("Acme Robotics 2", 6)):
        factories.good_call(make_gateway(name.lower().replace(" ", "-"), name), STARTED - timedelta(days=days))
    assert found(support, STREAMS, "ACME") == ["2024-11-18"]


def test_who_calls_under_a_name_comes_before_what_has_it(operator, wanted) -> None:
    Call.objects.filter(pk=wanted.pk).update(from_key="acmebank", from_number="acmebank")
    assert found(operator, CALLS, "acme") == ["2024-11-22"]
    assert "Account Acme Robotics" in read(operator, f"{CALLS}?q=acme").text


def test_a_name_is_text_and_no_pattern(support, wanted) -> None:
    Account.objects.update(name="\u202e<b>100%</b>")
    page = read(support, f"{CALLS}?q=\u202e<b>")
    assert "<b>100" not in page.html and not page.inline
    assert found(support, CALLS, "a%25c") == []


# Nothing matches -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4711", "numbers that end with 4711"),
        ("dead", "UUIDs that begin with “dead”"),
        ("nobody", "numbers, names and addresses that begin with nobody"),
        ("4711 2024-11-20 14:02", "begun from 13:57 to 14:08 UTC on 2024-11-20, or going on at 14:02"),
    ],
)
def test_nothing_matches_says_how_it_was_searched(operator, wanted, text, words) -> None:
    for path in (CALLS, STREAMS):
        assert words in read(operator, f"{path}?q={text}").text


def test_nothing_matches_tells_who_may_not_see_numbers_what_he_can_look_for(support, wanted) -> None:
    page = read(support, f"{CALLS}?q=4711").text
    assert "“4711” as a whole number, name or address or a number's last four digits" in page
    assert "that begin with" not in page


def test_a_name_in_a_filter_that_nothing_has_is_said(support, wanted) -> None:
    assert "No gateway has a name that is “nowhere” or begins so." in read(support, f"{CALLS}?gateway=nowhere").text


def test_other_lists_say_where_they_looked(support, wanted) -> None:
    assert "Looked at: Stream or call UUID, or message id." in read(support, "/admin/streams/callback/?q=nothing").text
