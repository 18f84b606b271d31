"""A stream's debug log by API: what a customer reads of it, in pages, and followed while it is written."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from streams import journal
from streams.calls.control_acts import act_of
from streams.control import ClaimedRequest
from streams.models import Call, ControlRequest, Stream, StreamEvent
from streams.pure.call.notes import CallKey
from streams.pure.lifecycle import EventKind as K
from streams.pure.lifecycle import Level
from tests.cdr.api.customers import OWNER, SERVICE_URL, Customer, streams_path
from tests.cdr.call_script import CallScript
from tests.cdr.factories import closed_call
from tests.streams.pure.call.driven import Driven

KEYS = {"number", "time", "kind", "level", "source", "message", "details"}


def log_path(call: Call, stream: UUID | str | None = None) -> str:
    return f"{streams_path(call)}{stream or call.streams.order_by('pk')[0].uuid}/Events/"


def read(customer: Customer, path: str, **asked: object) -> dict[str, Any]:
    answer = customer.get(path, asked)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def numbers(body: dict[str, Any]) -> list[int]:
    return [line["number"] for line in body["objects"]]


def more_events(call: Call, stream: Stream | None, count: int, **values: Any) -> None:
    made = {"kind": K.DTMF_FORWARDED, "at": call.started_at, "details": {"digit": "5"}, **values}
    StreamEvent.objects.bulk_create(StreamEvent(call=call, stream=stream, **made) for _ in range(count))


def test_a_log_is_what_happened_in_words(acme: Customer) -> None:
    call = closed_call(acme.gateway)
    body = read(acme, log_path(call), limit=100)
    events = StreamEvent.objects.filter(call=call).order_by("pk")
    assert numbers(body) == list(range(1, events.count() + 1))
    assert [line["kind"] for line in body["objects"]] == [event.kind for event in events]
    assert all(line.keys() == KEYS for line in body["objects"])
    first = body["objects"][0]
    assert (first["time"], first["source"], first["level"]) == ("2024-11-23 14:01:37.250000+00:00", "call", "info")
    assert first["message"] == f"The call came in through gateway {acme.gateway.name} (asterisk): +14155550123 to +18005550100, inbound."
    ended = next(line for line in body["objects"] if line["kind"] == K.STREAM_ENDED)
    assert "1011 (internal error)" in ended["message"] and ended["details"]["close_code"].startswith("1011")
    assert (body["next"], body["ended"], body["call_ended"]) == (events.count(), True, True)


def test_pages_follow_each_other(acme: Customer) -> None:
    call = closed_call(acme.gateway)
    path, seen = log_path(call) + "?limit=5", []
    while path:
        body = read(acme, path)
        seen += numbers(body)
        path = body["meta"]["next"]
    assert seen == list(range(1, body["meta"]["total_count"] + 1)) and len(seen) > 10
    assert numbers(read(acme, body["meta"]["previous"])) == list(range(6, 11))
    assert numbers(read(acme, log_path(call), after=4, offset=9, limit=2)) == [5, 6]
    assert "after" not in read(acme, log_path(call), after=4, limit=2)["meta"]["next"]


def test_a_live_log_is_followed_while_its_notes_are_written(acme: Customer) -> None:
    script = CallScript(acme.gateway).answered()
    stream = script.streaming()
    call = script.save()
    path, known, seen = log_path(call, stream), 0, []

    def follow() -> dict[str, Any]:
        nonlocal known
        body = read(acme, path, after=known, limit=100)
        known = body["next"]
        seen.extend(numbers(body))
        return body

    assert len(follow()["objects"]) == len(script.notes)
    body = follow()
    assert (body["objects"], body["next"], body["ended"], body["call_ended"]) == ([], len(script.notes), False, False)
    script.add(K.DTMF_FORWARDED, 5, stream, digit="7")
    script.record()
    assert [line["message"] for line in follow()["objects"]] == ["Digit 7 was forwarded to the customer."]
    script.stream_ended(stream, 9, "call_ended", "The gateway hung up.")
    script.call_ended(9)
    script.record()
    body = follow()
    assert (body["ended"], body["call_ended"], len(body["objects"])) == (True, True, 2)
    assert follow()["objects"] == [] and seen == list(range(1, len(script.notes) + 1))


def test_what_is_written_late_is_missed_by_nobody(acme: Customer) -> None:
    """Its time is earlier and its number in the call lower; the lines before it keep their numbers."""
    call = acme.live_call()
    stream = call.streams.get(state="streaming")
    path = log_path(call, stream.uuid)
    before = read(acme, path, limit=100)
    StreamEvent.objects.create(call=call, number=9_001, at=call.started_at + timedelta(hours=1), kind=K.CALL_GATEWAY_ERROR, details={})
    between = read(acme, path, after=before["next"])
    StreamEvent.objects.create(call=call, stream=stream, number=9_000, at=call.started_at - timedelta(hours=1), kind=K.CONNECTED)
    StreamEvent.objects.create(call=call, stream=stream, at=call.started_at, kind=K.SOCKET_CLOSED)
    after = read(acme, path, after=between["next"])
    assert [line["kind"] for line in between["objects"] + after["objects"]] == [K.CALL_GATEWAY_ERROR, K.CONNECTED, K.SOCKET_CLOSED]
    assert read(acme, path, limit=100)["objects"] == before["objects"] + between["objects"] + after["objects"]


def test_nothing_of_the_calls_other_streams_is_in_it(acme: Customer) -> None:
    call = acme.live_call()
    mine, other = call.streams.get(state="streaming"), call.streams.exclude(state="streaming").get()
    before = read(acme, log_path(call, mine.uuid), limit=100)
    more_events(call, other, 3)
    assert read(acme, log_path(call, mine.uuid), limit=100)["objects"] == before["objects"]
    assert read(acme, log_path(call, mine.uuid), after=before["next"])["meta"]["total_count"] == before["meta"]["total_count"]
    assert len(read(acme, log_path(call, other.uuid), limit=100)["objects"]) > 3


def test_a_stream_without_a_row_has_the_log_of_its_call_and_goes_on_from_there(acme: Customer) -> None:
    script = CallScript(acme.gateway).answered()
    call = script.save()
    stream_id = acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"]
    before = read(acme, log_path(call, stream_id))
    assert (len(before["objects"]), before["ended"]) == (len(script.notes), False)
    script.add(K.STREAM_REQUESTED, 30, UUID(stream_id), source="API", request={"service_url": SERVICE_URL})
    journal.record(OWNER, 60, script.facts, script.notes)
    assert [line["kind"] for line in read(acme, log_path(call, stream_id), after=before["next"])["objects"]] == [K.STREAM_REQUESTED]


# Whose it is ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["Events", "Callbacks"])
def test_what_is_anothers_does_not_exist(acme: Customer, globex: Customer, what: str) -> None:
    """Neither by its ids, nor mixed with one's own; the answer is the same byte for byte, but for its own name."""
    theirs, mine = closed_call(globex.gateway), closed_call(acme.gateway)
    their_stream, my_stream = theirs.streams.get().uuid, mine.streams.get().uuid
    ids: list[tuple[object, object]] = [(theirs.uuid, their_stream), (mine.uuid, their_stream), (theirs.uuid, my_stream)]
    ids += [(uuid4(), my_stream), (mine.uuid, uuid4()), ("nonsense", my_stream), (mine.uuid, "nonsense")]
    answers = [acme.get(f"Call/{call}/Stream/{stream}/{what}/") for call, stream in ids]
    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(404, "The requested resource was not found.")}
    assert acme.get(f"{globex.base}{streams_path(theirs)}{their_stream}/{what}/").status_code == 401


def test_the_numbers_tell_nothing_of_what_others_do(acme: Customer, globex: Customer) -> None:
    call = acme.live_call()
    path = log_path(call)
    known = read(acme, path, limit=100)
    closed_call(globex.gateway)
    more_events(call, None, 1, kind=K.CALL_DTMF)
    assert numbers(read(acme, path, after=known["next"])) == [known["next"] + 1]


# What is not told ----------------------------------------------------------------------------------------------------
def test_secrets_and_hostile_characters_are_taken_out_of_lines(acme: Customer) -> None:
    call = acme.live_call()
    stream = call.streams.get(state="streaming")
    path = log_path(call, stream.uuid)
    known = read(acme, path, limit=100)["next"]
    url = "wss://us3r:pa55@bot.example.com/a?token=s3cret&lang=en#fr4gment"
    details = {
        "url": url,
        "problem": f"redirect to {url} \u202egnp.exe\x1b[2J\n",
        "request": {"extra_headers": f"X-Token={acme.auth_token}"},
        "n\u202eame": "\u2066v\x07",
        "deep": {"list": [url, {"more": None}]},
    }
    for kind in (K.CONNECT_FAILED, "k\u202eind\x01"):
        StreamEvent.objects.create(call=call, stream=stream, at=call.started_at, kind=kind, details=details)
    StreamEvent.objects.create(call=call, stream=stream, at=call.started_at, kind=K.CONNECTED, details=["no", "object"])
    answer = acme.get(path, {"after": known})
    text = answer.content.decode() + str(answer.json())
    assert len(answer.json()["objects"]) == 3
    for secret in ("us3r", "pa55", "s3cret", "fr4gment", acme.auth_token):
        assert secret not in text
    assert not {"\u202e", "\u2066", "\x1b", "\x07", "\x01"} & set("".join(_texts(answer.json()["objects"])))
    assert "wss://***@bot.example.com/a?token=***&lang=***" in text


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("by", "told"), [("anna.smith@operator.example", "The operator"), ("API", "API"), ("API.", "The operator")])
def test_who_of_the_operators_people_did_something_is_not_told(acme: Customer, by: str, told: str) -> None:
    """Whatever can be done to a call, by the sessions that do it."""
    driven = Driven()
    stopped, cut = driven.connected(), driven.connected()
    for kind, stream_id, details in (("stop", stopped, {}), ("send_dtmf", None, {"digits": "1"}), ("hang_up", None, {})):
        driven.session.note(K.CALL_CONTROL_REQUESTED, Level.INFO, None, driven.now, kind=kind, by=by)
        asked = ClaimedRequest(kind, CallKey(acme.account.pk, uuid4()), stream_id, details, by, ControlRequest())
        act_of(asked)(driven.session, driven.now)
    driven.collect()
    script = CallScript(acme.gateway)
    script.notes = driven.notes
    script.record()
    call = Call.objects.get(uuid=script.facts.call_id)
    assert sum(by in str(event.details) for event in StreamEvent.objects.filter(call=call)) >= 6
    messages = []
    for stream in (stopped, cut):
        objects = read(acme, log_path(call, stream), limit=100)["objects"]
        assert "anna" not in str(objects) and "smith" not in str(objects)
        messages += [line["message"] for line in objects]
    at_whose = f"at the request of {'API' if told == 'API' else 'the operator'}"
    assert f"{told} asked to stop the stream." in messages
    assert f"{told} asked this call to send digits." in messages
    assert any(f"Stopped {at_whose}" in words for words in messages)
    assert any(f"Hung up {at_whose}" in words for words in messages)


def test_where_the_gateway_stands_is_not_told(acme: Customer) -> None:
    call = closed_call(acme.gateway)
    assert "10.20.0.7" in str(StreamEvent.objects.get(call=call, kind=K.CALL_STARTED).details)
    assert "10.20.0.7" not in str(read(acme, log_path(call), limit=100))
    assert "203.0.113.9:443" in str(read(acme, log_path(call), limit=100))  # the customer's own


# What cannot be asked ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=101", "limit=99999999999999999999", "limit=x", "offset=-1", "after=-1", "after=x", "after=1.5"]
    + ["after=99999999999999999999", "after=e12", "after=%00", "after=0x10", "after=%E2%80%AE1", "after=1%202", "after=None"],
)
def test_what_cannot_be_meant_is_said_at_its_name(acme: Customer, query: str) -> None:
    answer = acme.get(f"{log_path(acme.live_call())}?{query}")
    assert answer.status_code == 400 and answer.json()["error"].startswith(f"{query.partition('=')[0]}: ")


def test_a_number_behind_the_end_leads_back_to_it(acme: Customer) -> None:
    """As when retention took the events meanwhile: who follows is not lost for ever."""
    call = closed_call(acme.gateway)
    count = StreamEvent.objects.filter(call=call).count()
    body = read(acme, log_path(call), after=1_000_000_000)
    assert (body["objects"], body["next"], body["meta"]["next"]) == ([], count, None)
    assert read(acme, log_path(call), offset=1_000_000_000)["next"] == count
    StreamEvent.objects.filter(call=call).delete()
    assert (read(acme, log_path(call), after=count)["next"], read(acme, log_path(call))["objects"]) == (0, [])


# What it costs -------------------------------------------------------------------------------------------------------
def test_a_long_log_is_bounded_and_asked_for_in_as_many_queries(acme: Customer, django_assert_num_queries: Any) -> None:
    call = acme.live_call()
    stream = call.streams.get(state="streaming")
    path = log_path(call, stream.uuid)
    assert acme.get("").status_code == 200  # the token's use is noted
    with django_assert_num_queries(6):
        short = read(acme, path, limit=100)
    more_events(call, stream, 3_000)
    with django_assert_num_queries(6):
        body = read(acme, path, limit=100, after=2_900)
    assert numbers(body) == list(range(2_901, 3_001)) and body["meta"]["total_count"] == 3_000 + len(short["objects"])
    assert len(read(acme, path)["objects"]) == 20
    with django_assert_num_queries(5):
        assert read(acme, path, after=body["meta"]["total_count"])["objects"] == []
