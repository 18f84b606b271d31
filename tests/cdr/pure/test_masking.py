"""Numbers hidden from those who may not see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.masking import masked, masking


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+14155550123", "+•••••••0123"),
        ("14155550123", "•••••••0123"),
        ("(415) 555-0123", "(•••) •••-0123"),
        ("sip:+14155550123@pbx.example.com", "sip:+•••••••0123@pbx.example.com"),
        ("sip:alice@pbx.example.com", "sip:•••@pbx.example.com"),
        ("alice", "•••"),
        ("Alice <14155550123>", "•••"),
        ("12345", "•2345"),
        ("101", "101"),
        ("sip:101@pbx", "sip:101@pbx"),
        ("", ""),
        ("sip:", "sip:"),
        ("a@b@c", "•••@b@c"),
        ("+١٢٣٤٥٦٧", "+•••٤٥٦٧"),
    ],
)
def test_what_is_shown_of_a_number(number, shown) -> None:
    assert masked(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The call came in: +14155550123 to 101", "The call came in: +•••••••0123 to 101"),
        ("From=14155550123", "From=•••••••0123"),
        ("https://a.example/?From=%2B14155550123&x=1", "https://a.example/?From=%2B•••••••0123&x=1"),
        ("https://a.example/?From=%2014155550123", "https://a.example/?From=%20•••••••0123"),
        ("WebSocket close code 1011", "WebSocket close code 1011"),
        ("14155550124", "14155550124"),
    ],
)
def test_a_number_is_hidden_wherever_it_stands(text, shown) -> None:
    assert masking(["+14155550123", "101", ""])(text) == shown


def test_names_and_addresses_are_hidden_and_words_are_not() -> None:
    hide = masking(["sip:alice@pbx.example.com", "sip:a@pbx.example.com"])
    assert hide("sip:alice@pbx.example.com was a caller; alice@pbx called") == "sip:•••@pbx.example.com was a caller; •••@pbx called"
    assert hide("sip:a@pbx.example.com was malice") == "sip:•••@pbx.example.com was malice"


@given(st.text(max_size=40) | st.from_regex(r"(sip:)?\+?[0-9() -]{1,15}(@x)?", fullmatch=True), st.text(max_size=40))
def test_nothing_raises_and_a_masked_text_stays_as_it_is(number, text) -> None:
    hide = masking([number])
    assert isinstance(hide(text + number), str)
    assert masked(masked(number)) == masked(number)


@given(st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True), st.text(max_size=20), st.text(max_size=20))
def test_no_long_number_is_left_in_any_text(number, before, after) -> None:
    assert number.lstrip("+") not in masking([number])(f"{before}{number}{after}")


@pytest.mark.parametrize(
    "hostile", ["1" * 200_000 + "x", "(1" * 100_000 + "x", "+" * 200_000, "1 " * 100_000 + "@" * 1000, "sip:" * 50_000]
)
def test_a_long_text_takes_a_time_that_grows_with_its_length(hostile) -> None:
    """With a time that grew with the square of it, each of these would take minutes."""
    assert isinstance(masked(hostile), str)
    assert isinstance(masking([hostile[:1000], "+14155550123"])(hostile), str)
