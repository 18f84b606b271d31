"""An account's calls: read, listed with every filter and page by page, and hung up."""

import base64
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from streams.models import Call, ControlRequest
from tests.cdr.api.customers import Customer, taken
from tests.cdr.factories import bad_answer_call, good_call


# Get -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slash", ["/", ""])
def test_get_shows_the_documented_fields(acme: Customer, slash: str) -> None:
    call = acme.ended_call()
    answer = acme.get(f"Call/{call.uuid}{slash}", {"call_uuid": "stray"})
    assert answer.status_code == 200
    body = answer.json()
    assert UUID(body.pop("api_id"))
    started = f"{call.started_at:%Y-%m-%d %H:%M:%S}+00:00"
    assert call.ended_at
    assert body == {
        "call_uuid": str(call.uuid),
        "parent_call_uuid": None,
        "resource_uri": f"{acme.base}Call/{call.uuid}/",
        "call_direction": "inbound",
        "call_state": "ANSWER",
        "from_number": "14155550123",
        "to_number": "18005550100",
        "initiation_time": started,
        "answer_time": started,
        "end_time": f"{call.ended_at:%Y-%m-%d %H:%M:%S}+00:00",
        "call_duration": 42,
        "bill_duration": 42,
        "billed_duration": 60,
        "total_amount": "0.00300",
        "total_rate": "0.00300",
        "hangup_cause_code": 4000,
        "hangup_cause_name": "Normal Hangup",
        "hangup_source": "Unknown",
        "stir_verification": "Not Applicable",
        "stir_attestation": None,
        "source_ip": None,
        "voice_network_group": None,
        "cnam_lookup": None,
        "conference_uuid": None,
    }


@pytest.mark.parametrize("slash", ["/", ""])
def test_get_of_a_live_call(acme: Customer, slash: str) -> None:
    call = acme.live_call()
    body = acme.get(f"Call/{call.uuid}{slash}", {"status": "live"}).json()
    assert UUID(body.pop("api_id"))
    assert body == {
        "call_uuid": str(call.uuid),
        "call_status": "in-progress",
        "direction": "inbound",
        "from": "14155550123",
        "to": "18005550100",
        "caller_name": "14155550123",
        "request_uuid": str(call.uuid),
        "parent_call_uuid": None,
        "session_start": f"{call.started_at:%Y-%m-%d %H:%M:%S.%f}",
    }
    record = acme.get(f"Call/{call.uuid}/").json()
    assert (record["end_time"], record["call_duration"], record["hangup_cause_code"]) == (None, 0, None)


def test_live_and_queued_are_404_when_they_are_not(acme: Customer) -> None:
    assert acme.get(f"Call/{acme.ended_call().uuid}/", {"status": "live"}).status_code == 404
    assert acme.get(f"Call/{acme.live_call().uuid}/", {"status": "queued"}).status_code == 404
    assert acme.get(f"Call/{acme.live_call().uuid}/", {"status": "odd"}).status_code == 400
    assert acme.get(f"Call/{uuid4()}/").status_code == 404
    assert acme.get("Call/none/").status_code == 404


# Live and queued ids -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slash", ["/", ""])
def test_ids_of_live_and_queued_calls(acme: Customer, globex: Customer, slash: str) -> None:
    acme.ended_call()
    globex.live_call()
    live = [acme.live_call() for _ in range(3)]
    newest_first = [str(call.uuid) for call in reversed(live)]
    body = acme.get(f"Call{slash}", {"status": "live"}).json()
    assert (set(body), body["calls"]) == ({"api_id", "calls"}, newest_first)
    assert acme.get("Call/", {"status": "live", "limit": "2", "offset": "1"}).json()["calls"] == newest_first[1:]
    assert acme.get("Call/", {"status": "live", "from_number": "9"}).json()["calls"] == []
    assert acme.get("Call/", {"status": "queued"}).json()["calls"] == []


# Hang up -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slash", ["/", ""])
def test_hang_up_asks_the_process_that_holds_the_call(acme: Customer, slash: str) -> None:
    call = acme.live_call()
    answer = acme.delete(f"Call/{call.uuid}{slash}", {"call_uuid": str(call.uuid)})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [(asked.kind, asked.call.call_id, asked.by) for asked in taken()] == [("hang_up", call.uuid, "API")]


def test_hang_up_of_a_call_that_is_over_or_was_never(acme: Customer) -> None:
    assert acme.delete(f"Call/{acme.ended_call().uuid}/").status_code == 404
    assert acme.delete(f"Call/{uuid4()}/").status_code == 404
    assert not ControlRequest.objects.exists()


# List ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slash", ["/", ""])
def test_list_holds_ended_calls_of_the_last_week(acme: Customer, globex: Customer, slash: str) -> None:
    recent = acme.ended_call()
    acme.live_call()
    globex.ended_call()
    good_call(acme.gateway, timezone.now() - timedelta(days=8))
    listed = acme.get(f"Call{slash}").json()
    assert [call["call_uuid"] for call in listed["objects"]] == [str(recent.uuid)]
    assert listed["meta"] == {"limit": 20, "offset": 0, "next": None, "previous": None, "total_count": 1, "count": 1}
    assert (listed["objects"][0]["total_amount"], listed["objects"][0]["billed_duration"]) == ("0.00300", 60)


START = datetime(2026, 11, 2, 10, 0, tzinfo=timezone.get_default_timezone())
DAYS = timedelta(days=1)


@pytest.fixture
def calls(acme: Customer) -> list[Call]:
    """Of 10, 61.5 and 120 s, one a day; then one that ended with an error after 0.2 s."""
    numbers = ({"caller": "+14155550111"}, {"caller": "+442079460000"}, {"called": "sip:desk@pbx.example.com"})
    made = [good_call(acme.gateway, START + index * DAYS, seconds, **numbers[index]) for index, seconds in enumerate((10, 61.5, 120))]
    Call.objects.filter(pk=made[1].pk).update(direction="outbound")
    return [*made, bad_answer_call(acme.gateway, START + 3 * DAYS)]


ALL = {"end_time__gte": "2026-11-01 00:00", "end_time__lt": "2026-11-30 00:00"}


FILTERS: list[tuple[dict[str, str], set[int]]] = [
    ({}, {0, 1, 2, 3}),
    ({"call_direction": "outbound"}, {1}),
    ({"from_number": "14155550111"}, {0}),
    ({"from_number": "+1415555"}, {0, 2, 3}),
    ({"from_number": " 44"}, {1}),
    ({"to_number": "sip:desk"}, {2}),
    ({"to_number": "80055"}, set()),
    ({"from_number": "+1 415 555 0111"}, {0}),
    ({"from_number": "0044 (0)20 7946 0000"}, {1}),
    ({"from_number": "020 7946 0000"}, {1}),
    ({"from_number": "\u20681-415\u2011555\u20110111\u2069 ext. 5"}, {0}),
    ({"to_number": "Desk@PBX.example.com"}, {2}),
    ({"to_number": "sip:+18005550100@pbx.example.com"}, {0, 1, 3}),
    ({"from_number": "+"}, set()),
    ({"hangup_cause_code": "8011"}, {3}),
    ({"hangup_source": "Error"}, {3}),
    ({"parent_call_uuid": str(uuid4())}, set()),
    ({"subaccount": "SA1"}, set()),
    ({"bill_duration": "62"}, {1}),
    ({"bill_duration": "61"}, set()),
    ({"bill_duration": "1"}, {3}),
    ({"bill_duration__gt": "62"}, {2}),
    ({"bill_duration__gte": "62"}, {1, 2}),
    ({"bill_duration__lt": "62"}, {0, 3}),
    ({"bill_duration__lte": "62"}, {0, 1, 3}),
    ({"bill_duration__gt": "0", "bill_duration__lt": "11"}, {0, 3}),
    ({"bill_duration__lt": "0"}, set()),
    ({"end_time": "2026-11-02 10:00:10"}, {0}),
    ({"end_time": "2026-11-03 10:01:01.500000"}, {1}),
    ({"end_time__gt": "2026-11-02 10:00:10"}, {1, 2, 3}),
    ({"end_time__gte": "2026-11-02 10:00:10"}, {0, 1, 2, 3}),
    ({"end_time__lt": "2026-11-02 10:00:10"}, set()),
    ({"end_time__lte": "2026-11-02 10:00:10", "end_time__gte": ""}, {0}),
    ({"end_time__lte": "2026-11-04T11:00:00+01:00"}, {0, 1}),
    ({"unknown": "x", "callback_url": "https://x.example"}, {0, 1, 2, 3}),
]


def test_list_by_every_filter(acme: Customer, calls: list[Call]) -> None:
    uuids = [str(call.uuid) for call in calls]
    for filters, found in FILTERS:
        answer = acme.get("Call/", ALL | filters)
        assert answer.status_code == 200, (filters, answer.json())
        assert {uuids.index(call["call_uuid"]) for call in answer.json()["objects"]} == found, filters
        assert answer.json()["meta"]["total_count"] == len(found), filters


def test_one_side_of_time_opens_thirty_days(acme: Customer, calls: list[Call]) -> None:
    def found(**query: str) -> int:
        return len(acme.get("Call/", query).json()["objects"])

    assert found(end_time__gte="2026-10-10 00:00") == 4
    assert found(end_time__gte="2026-09-01 00:00") == 0
    assert found(end_time__lt="2026-11-20 00:00") == 4
    assert found(end_time__lt="2027-01-20 00:00") == 0


CANNOT_BE = [
    {"status": "ended"},
    {"call_direction": "sideways"},
    {"limit": "21"},
    {"offset": "-1"},
    {"cursor": "nonsense"},
    {"cursor": "MHwyMDI2LTAxLTAxfDk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"},
    {"bill_duration__gt": "soon"},
    {"bill_duration": "99999999999999999999"},
    {"end_time": "yesterday"},
    {"end_time__gt": "0001-01-01 00:00"},
    {"end_time__lt": "9999-12-31 23:59"},
    {"hangup_cause_code": "-1"},
    {"from_number": "1\x00"},
    {"to_number": "1" * 101},
]


def test_filters_that_cannot_be_are_named(acme: Customer) -> None:
    for query in CANNOT_BE:
        answer = acme.get("Call/", query)
        assert answer.status_code == 400, query
        assert answer.json()["error"].startswith(f"{next(iter(query))}: "), query


# Pages ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def seven(acme: Customer) -> list[str]:
    """The uuids of seven calls, the last ended first; two of them ended at the same moment."""
    moments = [timezone.now() - timedelta(hours=1, minutes=max(index, 1)) for index in range(7)]
    moments[1] = moments[0]
    calls = [good_call(acme.gateway, at) for at in moments]
    return [str(call.uuid) for call in sorted(calls, key=lambda call: (call.ended_at, call.pk), reverse=True)]


def without_cursor(url: str) -> str:
    return url.split("&cursor=", maxsplit=1)[0]


def without_offset(url: str) -> str:
    return url.replace("&offset=3", "").replace("&offset=6", "")


def test_next_leads_through_all_pages(acme: Customer, seven: list[str]) -> None:
    for form in (str, without_cursor, without_offset):
        url, pages, offsets = "Call/?limit=3&call_direction=inbound", [], []
        while url:
            listed = acme.get(url).json()
            pages.append([call["call_uuid"] for call in listed["objects"]])
            offsets.append(listed["meta"]["offset"])
            url = form(listed["meta"]["next"]) if listed["meta"]["next"] else ""
            assert listed["meta"]["total_count"] == 7
        assert pages == [seven[:3], seven[3:6], seven[6:]], form
        assert offsets == [0, 3, 6], form
        previous = acme.get(listed["meta"]["previous"]).json()
        assert [call["call_uuid"] for call in previous["objects"]] == seven[3:6], form


def test_next_is_a_relative_url_that_keeps_the_filters(acme: Customer, seven: list[str]) -> None:
    following = acme.get("Call/?limit=3&call_direction=inbound").json()["meta"]["next"]
    before, _, cursor = following.partition("&cursor=")
    assert before == f"{acme.base}Call/?call_direction=inbound&limit=3&offset=3"
    # What is in it is the customer's: no number of a table, which would count the calls of all.
    assert base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().endswith(f"_{seven[2]}")


def test_a_cursor_does_not_repeat_calls_when_others_end_meanwhile(acme: Customer, seven: list[str]) -> None:
    following = acme.get("Call/?limit=3").json()["meta"]["next"]
    good_call(acme.gateway, timezone.now() - timedelta(minutes=5))
    assert [call["call_uuid"] for call in acme.get(following).json()["objects"]] == seven[3:6]


def test_the_list_takes_the_same_queries_however_many_calls(
    acme: Customer, seven: list[str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    acme.get("")  # which writes that the token was used
    for limit in (1, 7):
        with django_assert_num_queries(4):
            assert len(acme.get(f"Call/?limit={limit}").json()["objects"]) == limit
