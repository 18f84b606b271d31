"""The list of dialects, and whose call a connection brings."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.gateway.asterisk import Asterisk
from streams.pure.gateway.dialects import DIALECTS, dialect, identity
from streams.pure.messages import Clear, HangUp, Mark, Play, Started

CALL = UUID("7aea0680-1f8c-46c2-a04f-990e2e0d52eb")
OTHER = UUID("26b95870-2b2f-45be-88dc-aedd0fcccec6")


def test_a_dialect_is_fresh_for_each_connection():
    first, second = dialect("asterisk", {}), dialect("asterisk", {})
    assert isinstance(first, Asterisk)
    assert first is not second
    assert first.subprotocols == ("media",)


def test_an_unknown_dialect_says_which_there_are():
    with pytest.raises(LookupError, match="no gateway dialect 'sip'; there is asterisk, audio_stream, audio_fork, twilio"):
        dialect("sip", {})


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


# What every dialect has to bear --------------------------------------------------------------------------------------------------
WORDS = st.sampled_from("event type start media dtmf mark stop data payload name rate mix mono 8000 AAAA".split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from(("connected", "start", "media", "dtmf", "mark", "stop", "error", "MEDIA_START", "nonsense"))},
    optional={"start": JSON, "media": JSON, "dtmf": JSON, "mark": JSON, "stop": JSON, "streamSid": JSON, "format": st.just("slin")},
)
TEXTS = st.text() | (JSON | EVENTS).map(json.dumps)
SPOKEN = st.lists(TEXTS | st.binary(max_size=700) | st.sampled_from((Play(b"ab" * 200), Mark("m1"), Clear(), HangUp())), max_size=12)
QUERY = st.dictionaries(st.sampled_from(("rate", "mix", "fork", "media", "bidirectional")), st.text(max_size=8) | WORDS, max_size=3)


@pytest.mark.parametrize("name", DIALECTS)
@given(query=QUERY, spoken=SPOKEN)
def test_whatever_is_said_in_whatever_order_gives_messages_and_never_raises(name, query, spoken):
    spoken_by = dialect(name, query)
    heard: list[Any] = []
    for word in spoken:
        if isinstance(word, str):
            heard += spoken_by.decode_text(word)
        elif isinstance(word, bytes):
            heard += spoken_by.decode_binary(word)
        else:
            assert all(isinstance(message, str | bytes) for message in spoken_by.encode(word))
    kinds = [type(message).__name__ for message in heard]
    assert kinds.count("Started") <= 1
    assert "Audio" not in kinds[: kinds.index("Started")] if "Started" in kinds else "Audio" not in kinds
    assert all(message.problem.endswith(".") and len(message.problem) < 600 for message in heard if hasattr(message, "problem"))
    assert spoken_by.closed(1006, by_us=False).lost


@pytest.mark.parametrize("name", DIALECTS)
@given(metadata=st.dictionaries(st.text(max_size=10) | WORDS, JSON, max_size=5))
def test_what_started_says_can_be_kept_in_a_row(name, metadata):
    spoken_by = dialect(name, {})
    text = json.dumps({"event": "start", "start": metadata} if name == "twilio" else metadata)
    for message in spoken_by.decode_text(text):
        if isinstance(message, Started):
            assert all(len(str(fact)) <= 500 for fact in message.facts.values())
            assert len(message.gateway_call_id) <= 200
            identity({}, message.variables)
