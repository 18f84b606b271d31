"""Call ids, numbers and direction by their many names, and ids that become UUIDs."""

from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from streams.pure.gateway.call_names import named_call, uuid_of_call

CALL = "7aea0680-1f8c-46c2-a04f-990e2e0d52eb"


@pytest.mark.parametrize("name", ["calluuid", "callsid", "callid", "callcontrolid", "callsessionid", "uuid"])
def test_each_name_of_a_call_id(name):
    assert named_call({name: CALL}) == (CALL, {"call_uuid": CALL})


def test_the_plainest_name_wins():
    assert named_call({"callsid": "CA1", "calluuid": CALL}).variables["call_uuid"] == CALL


def test_what_is_not_said_is_left_out():
    assert named_call({"from": "", "to": None, "direction": ["inbound"], "callsid": {}}) == ("", {})


def test_numbers_may_be_numbers():
    assert named_call({"from": 18005550199, "destinationnumber": " 1001 "}).variables == {"from": "18005550199", "to": "1001"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("CA1",), "call:CA1"),
        (("CA1", "AC1"), "call:AC1:CA1"),
        (("CA1", "AC1", "agent"), "call:AC1:CA1#agent"),
        ((CALL, "", "agent"), f"call:{CALL}#agent"),
    ],
)
def test_how_an_id_becomes_a_uuid_is_documented_and_stays(arguments, words):
    assert uuid_of_call(*arguments) == uuid5(NAMESPACE_URL, words)


def test_a_uuid_stays_what_it_is():
    assert uuid_of_call(CALL.upper(), "AC1") == UUID(CALL)


def test_hostile_ids_are_cleaned_and_cut():
    named = named_call({"callsid": "\x1b" + "9" * 500, "from": "9" * 500})
    assert named.gateway_call_id.startswith("\ufffd9") and len(named.gateway_call_id) == 200
    assert len(named.variables["from"]) == 200
