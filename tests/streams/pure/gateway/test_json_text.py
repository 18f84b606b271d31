"""Foreign JSON: what is let pass, and what is refused in one sentence."""

import pytest

from streams.pure.gateway.json_text import TEXT_CHARACTERS, NotAnObject, digit_of, object_of, plainly, said, whole


@pytest.mark.parametrize("text", ["", "x", "[]", "7", '"a"', '{"a":', "[" * 5000, "\ud800", " " * (TEXT_CHARACTERS + 1)])
def test_what_is_no_object(text):
    with pytest.raises(NotAnObject, match=r"^The gateway sent .*\.$"):
        object_of(text)


def test_names_by_any_spelling():
    assert plainly({"streamSid": 1, "call_control_id": 2, "FROM": 3}) == {"streamsid": 1, "callcontrolid": 2, "from": 3}
    assert plainly(["streamSid"]) == plainly(None) == {}


def test_the_first_name_that_says_something():
    fields = {"a": "", "b": None, "c": True, "d": {"x": 1}, "e": " text ", "f": 7}
    assert (said(fields, "a", "b", "c", "d", "e", "f"), said(fields, "f"), said(fields, "g")) == ("text", "7", "")


@pytest.mark.parametrize(("value", "number"), [("8000", 8000), (8000, 8000), ("-1", None), (8000.5, None), ("٨", None), ("9" * 20, None)])
def test_whole_numbers(value, number):
    assert whole(value, 1, 100_000) == number


@pytest.mark.parametrize(
    ("message", "digit"),
    [
        ({"dtmf": "5"}, "5"),
        ({"dtmf": {"digit": "#"}}, "#"),
        ({"dtmf": {"DIGIT": 0}}, "0"),
        ({"data": {"digit": "a"}}, "A"),
        ({"digit": "*"}, "*"),
        ({"dtmf": "12"}, ""),
        ({"dtmf": True}, ""),
        ({}, ""),
    ],
)
def test_digits(message, digit):
    assert digit_of(message) == digit
