"""The lists say how many rows a page has, and are sorted one way."""

import pytest

from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

LIST = "/admin/cdr/calldetail/"


@pytest.fixture
def four_calls(db) -> None:
    gateway = make_gateway()
    for _ in range(4):
        good_call(gateway)


def test_the_list_says_how_many_there_are(support, four_calls) -> None:
    assert "4 calls" in read(support, LIST).text


def test_there_is_no_way_to_show_all_or_to_sort(support, four_calls) -> None:
    links = read(support, LIST).links
    assert not [link for link in links if "all=" in link or "o=" in link.partition("?")[2]]
