"""What a search text may mean."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.lookup import number_beginnings, service_host, sip_beginnings, uuid_range

WHOLE = "26b95870-2b2f-45be-88dc-aedd0fcccec6"


@pytest.mark.parametrize(
    "text", [WHOLE, WHOLE.upper(), WHOLE.replace("-", ""), f"  {WHOLE} ", f'"{WHOLE}"', f"StreamID: {WHOLE}", f"urn:uuid:{WHOLE}"]
)
def test_a_whole_uuid_however_it_was_copied(text) -> None:
    assert uuid_range(text) == (UUID(WHOLE), UUID(WHOLE))


@pytest.mark.parametrize("text", ["26b9", "26B95870", "26b95870-2b2f", "26b958702b2f45be"])
def test_the_beginning_of_a_uuid(text) -> None:
    found = uuid_range(text)
    assert found is not None and found.low <= UUID(WHOLE) <= found.high
    assert found.low.hex.startswith(text.replace("-", "").lower()) and found.high.hex.startswith(text.replace("-", "").lower())


@pytest.mark.parametrize("text", ["", "-", "26b", "1415555", "+14155550123", "bot.example.com", "zzzz", WHOLE + "0", "26b9 5870"])
def test_what_begins_no_uuid(text) -> None:
    assert uuid_range(text) is None


def matches(text: str, stored: str) -> bool:
    return any(stored.startswith(begun) for begun in number_beginnings(text))


@pytest.mark.parametrize(
    "text",
    [
        "+14155550123",
        "14155550123",
        "+1 415 555 0123",
        "+1 (415) 555-0123",
        "415-555-0123",
        "(415) 555 01",
        "0014155550123",
        "011 1 415 555 0123",
        "415",
    ],
)
@pytest.mark.parametrize("stored", ["+14155550123", "14155550123", "sip:+14155550123@pbx.example.com", "tel:+14155550123"])
def test_a_number_is_found_however_it_is_written_and_stored(text, stored) -> None:
    assert matches(text, stored)


def test_a_national_number_without_country_code_is_found_as_it_is_stored() -> None:
    assert matches("415-555", "4155550123")
    assert matches("020 7946", "02079460000")


@pytest.mark.parametrize(
    ("text", "stored"), [("+1415", "+14165550123"), ("+4155", "+14155550123"), ("1415", "+4415"), ("+1 415 555", "+1415554")]
)
def test_other_numbers_are_not_found(text, stored) -> None:
    assert not matches(text, stored)


@pytest.mark.parametrize("text", ["", "12", "alice", "sip:alice@pbx", "1" * 21, WHOLE])
def test_what_is_no_number(text) -> None:
    assert number_beginnings(text) == []


@pytest.mark.parametrize("text", ["sip:Alice@pbx", "Alice@pbx", " sips:Alice@pbx "])
def test_a_sip_address_begins_with_or_without_its_scheme_as_typed_or_in_small_letters(text) -> None:
    assert {"sip:Alice@pbx", "sip:alice@pbx", "sips:alice@pbx", "Alice@pbx", "alice@pbx"} <= set(sip_beginnings(text))


def test_nothing_begins_no_address() -> None:
    assert sip_beginnings(" ") == []


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("bot.example.com", ("bot.example.com", "")),
        (" BOT.Example.com ", ("bot.example.com", "")),
        ("bot.exam", ("bot.exam", "")),
        ("bot.example.com:8443", ("bot.example.com", "8443")),
        ("wss://bot.example.com:8443/in?a=1", ("bot.example.com", "8443")),
        ("ws://bot", ("bot", "")),
        ("localhost", ("localhost", "")),
        ("203.0.113.9", ("203.0.113.9", "")),
        ("203.0.113.9:80", ("203.0.113.9", "80")),
    ],
)
def test_a_host_with_and_without_scheme_port_and_path(text, host) -> None:
    assert service_host(text) == host


@pytest.mark.parametrize("text", ["", "alice", "alice@pbx.example.com", "sip:al", "415.555.0123", "+1.415.5", "26b95870", WHOLE, "a b.c"])
def test_what_is_no_host(text) -> None:
    assert service_host(text) is None


@given(st.text(max_size=60))
def test_any_text_can_be_looked_up(text) -> None:
    found = uuid_range(text)
    assert found is None or found.low <= found.high
    assert all(begun[-1].isdigit() for begun in number_beginnings(text))
    assert all(sip_beginnings(text)) and (service_host(text) is None or service_host(text).name)
