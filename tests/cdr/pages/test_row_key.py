"""How an address names a row."""

from uuid import UUID

import pytest

from cdr.pages.row_key import key_of

WHOLE = "26b95870-2b2f-45be-88dc-aedd0fcccec6"


def test_a_uuid_with_or_without_hyphens() -> None:
    assert key_of(WHOLE) == key_of(WHOLE.replace("-", "")) == {"uuid": UUID(WHOLE)}


def test_a_number_of_the_table() -> None:
    assert key_of("17") == {"pk": 17}


@pytest.mark.parametrize("text", ["", "0x17", "-1", "9" * 19, "٣", WHOLE[:-1], "../../etc"])
def test_anything_else_names_nothing(text) -> None:
    assert key_of(text) is None
