"""Counts of lists stop at 10,000."""

import pytest

from cdr.admin import records
from streams.models import Call
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

LIST = "/admin/cdr/calldetail/"


@pytest.fixture
def four_calls(db) -> None:
    gateway = make_gateway()
    for _ in range(4):
        good_call(gateway)


def test_a_count_stops_one_past_the_cap(four_calls, monkeypatch) -> None:
    monkeypatch.setattr(records, "COUNTED_TO", 2)
    assert records.CappedPaginator(Call.objects.order_by("pk"), 50).count == 3


def test_the_list_says_that_there_are_more(support, four_calls, monkeypatch) -> None:
    monkeypatch.setattr(records, "COUNTED_TO", 2)
    assert "over 2" in read(support, LIST).text


def test_the_list_says_how_many_there_are(support, four_calls) -> None:
    assert "4 calls" in read(support, LIST).text


def test_there_is_no_way_to_show_all_or_to_sort(support, four_calls) -> None:
    links = read(support, LIST).links
    assert not [link for link in links if "all=" in link or "o=" in link.partition("?")[2]]
