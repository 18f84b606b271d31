"""The list of dialects, and whose call a connection brings."""

from uuid import UUID

import pytest

from streams.pure.gateway import dialect, identity
from streams.pure.gateway.asterisk import Asterisk

CALL = UUID("7aea0680-1f8c-46c2-a04f-990e2e0d52eb")
OTHER = UUID("26b95870-2b2f-45be-88dc-aedd0fcccec6")


def test_a_dialect_is_fresh_for_each_connection():
    first, second = dialect("asterisk"), dialect("asterisk")
    assert isinstance(first, Asterisk)
    assert first is not second
    assert first.subprotocols == ("media",)


def test_an_unknown_dialect_says_which_there_are():
    with pytest.raises(LookupError, match="no gateway dialect 'sip'; there is asterisk"):
        dialect("sip")


@pytest.mark.parametrize(
    "names",
    [
        ("call_uuid", "from", "to", "direction"),
        ("CALL_UUID", "CALL_FROM", "CALL_TO", "CALL_DIRECTION"),
        ("__CALL_UUID", "__CALL_FROM", "_CALL_TO", "__CALL_DIRECTION"),
    ],
)
@pytest.mark.parametrize("in_query", [True, False])
def test_names_by_any_spelling(names, in_query):
    values = dict(zip(names, (str(CALL), "18005550199", "18005550100", "outbound"), strict=True))
    found = identity(values, {}) if in_query else identity({}, values)
    assert found == (CALL, "18005550199", "18005550100", "outbound", "")


def test_the_query_wins_over_the_variables_where_it_says_something():
    found = identity({"call_uuid": str(CALL), "from": ""}, {"__CALL_UUID": str(OTHER), "__CALL_FROM": "18005550199"})
    assert (found.call_uuid, found.from_number) == (CALL, "18005550199")


def test_nothing_said_is_an_inbound_call_of_no_known_uuid():
    assert identity({}, {}) == (None, "", "", "inbound", "")


def test_an_unreadable_uuid_is_a_problem_in_words():
    found = identity({"call_uuid": "12"}, {})
    assert found.call_uuid is None
    assert found.problem == "call_uuid is '12', which is no UUID; the call was given a fresh one."


def test_an_unknown_direction_is_inbound_and_said():
    found = identity({"direction": "sideways", "call_uuid": str(CALL)}, {})
    assert (found.direction, found.call_uuid) == ("inbound", CALL)
    assert "inbound or outbound" in found.problem


def test_hostile_text_is_cleaned_and_cut():
    found = identity({"from": "\x1b[31m" + "9" * 200, "to": " 18005550100 "}, {})
    assert found.from_number.startswith("\ufffd[31m999")
    assert len(found.from_number) == 100
    assert found.to_number == "18005550100"
