"""What a search text may mean."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.lookup import number_ranges, uuid_range

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
    return any(low <= stored < high for low, high in number_ranges(text))


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
    assert number_ranges(text) == []


@given(st.text(max_size=60))
def test_any_text_can_be_looked_up(text) -> None:
    found = uuid_range(text)
    assert found is None or found.low <= found.high
    assert all(low < high for low, high in number_ranges(text))
