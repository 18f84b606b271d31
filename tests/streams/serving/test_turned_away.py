"""A storm is a line when it begins, and one a minute; when it is over there is none."""

from typing import Any

import pytest

from streams.process_troubles import storm
from streams.serving.turned_away import TurnedAway


def test_a_thousand_refusals_are_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    later: list[Any] = []
    turned_away = TurnedAway(lambda seconds, function: later.append(function))
    for number in range(1000):
        turned_away.refuse("203.0.113.7" if number % 4 else "198.51.100.1")
    turned_away.send_away("203.0.113.7")
    trouble = storm()
    assert trouble is not None and "1000 requests were answered 503" in trouble.what
    later.pop()()
    assert [record.getMessage().partition(".")[0] for record in caplog.records][0] == "More comes than this process takes, first from 198"
    assert caplog.records[1].getMessage().startswith("In a minute 1000 requests too many were answered 503, and 1 connections")
    assert caplog.records[1].getMessage().endswith("751 of them for 203.0.113.7.")
    later.pop()()
    assert len(caplog.records) == 2 and not later and storm() is None
    assert (turned_away.refused, turned_away.sent_away) == (1000, 1)
