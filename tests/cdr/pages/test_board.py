"""The figures of the first page."""

from datetime import timedelta

import pytest

from cdr.pages import board
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import KINDS, closed_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=20)


def counts(now=NOW) -> list[str]:
    return [figure.count for figure in board.board(now)]


def test_an_empty_platform() -> None:
    assert counts() == ["0"] * 5
    assert not any(figure.bad for figure in board.board(NOW))


def test_what_is_live_and_what_went_wrong_of_late(django_assert_num_queries) -> None:
    gateway = make_gateway()
    for kind in KINDS:
        kind(gateway)
    with django_assert_num_queries(5):
        assert counts() == ["1", "2", "4", "1", "2"]
    assert [figure.bad for figure in board.board(NOW)] == [False, False, True, True, False]
    assert counts(NOW + timedelta(hours=1)) == ["1", "2", "0", "0", "2"]


def test_counts_are_capped(monkeypatch) -> None:
    monkeypatch.setattr(board, "COUNTED_TO", 2)
    gateway = make_gateway()
    for _ in range(4):
        closed_call(gateway)
    assert counts()[2] == "over 2"
