"""The figures and panels of the first page."""

from datetime import timedelta

import pytest

from cdr.pages import board, callback_hosts
from cdr.pages.minutes import MinuteCounts, last_minutes
from streams.gateways import traffic
from streams.models import Callback
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import KINDS, closed_call, good_call, live_call, refused_call, tried

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=20)
SINCE = NOW - timedelta(days=1)


def counts(now=NOW) -> list[str]:
    return [figure.count for figure in board.figures(now, last_minutes(now))]


def outcomes(since=SINCE) -> dict[str, tuple[str, str]]:
    return {outcome.badge.word: (outcome.count, outcome.share) for outcome in board.outcomes(since)}


def test_an_empty_platform(django_assert_num_queries) -> None:
    with django_assert_num_queries(17):
        page = board.board(NOW, 20)
    assert counts() == ["0"] * 5
    assert not any(figure.bad for figure in page.figures)
    assert all(bar.height == 0 for bar in page.started.bars)
    assert outcomes()["Connection error"] == ("0", "–")
    assert page.hosts == [] and page.gateways == []


def test_what_is_live_and_what_went_wrong_of_late(django_assert_num_queries) -> None:
    gateway = make_gateway()
    for kind in KINDS:
        kind(gateway)
    with django_assert_num_queries(19):
        page = board.board(NOW, 20)
    assert [figure.count for figure in page.figures] == ["1", "2", "4", "1", "2"]
    assert [figure.bad for figure in page.figures] == [False, False, True, True, False]
    assert counts(NOW + timedelta(hours=1)) == ["1", "2", "0", "1", "2"]
    assert counts(NOW + timedelta(days=1)) == ["1", "2", "0", "0", "2"]


def test_counts_are_capped(monkeypatch) -> None:
    monkeypatch.setattr(board, "COUNTED_TO", 2)
    gateway = make_gateway()
    for _ in range(4):
        closed_call(gateway)
    assert counts()[2] == "over 2"


def test_calls_are_counted_by_the_minute_they_started_in() -> None:
    gateway = make_gateway()
    for seconds in (0, 10, 61, -3600, 24 * 3600):
        good_call(gateway, STARTED + timedelta(seconds=seconds))
    page = board.started(last_minutes(STARTED + timedelta(minutes=2)))
    assert [bar.label for bar in page.bars if bar.height] == ["14:01: 2 calls", "14:02: 1 call"]
    assert page.bars[-1].label == "14:03: 0 calls"
    assert page.summary == "3 calls in 60 minutes, at most 2 a minute, 1 in the last full one"


def test_figures_have_their_last_minutes_as_a_drawing_and_in_words() -> None:
    closed_call(make_gateway())
    now = STARTED + timedelta(minutes=2)
    calls, streams, errors, given_up, waiting = board.figures(now, last_minutes(now))
    assert calls.drawn == streams.drawn == errors.drawn == "M570 0h8V48h-8z"
    assert calls.drawn_words == "1 call started in 60 minutes, at most 1 a minute, 0 in the last full one"
    assert errors.drawn_words.startswith("1 connection error in") and waiting.drawn_words.startswith("0 callbacks that wait in")
    assert given_up.drawn_words == ""
    many = MinuteCounts([0, 3, 4], 6)
    assert (
        "over 6 streams asked for in 60 minutes, of which the newest are drawn"
        in board._drawn(streams, many, "stream asked for", "streams asked for").drawn_words
    )


def test_how_streams_ended_with_shares_of_those_that_ended() -> None:
    gateway = make_gateway()
    for kind in KINDS:
        kind(gateway)
    assert outcomes() == {
        "API request": ("1", "14.3 %"),
        "Call hangup": ("1", "14.3 %"),
        "Connection error": ("4", "57.1 %"),
        "Stream timeout": ("1", "14.3 %"),
        "degraded": ("1", "14.3 %"),
        "never started": ("1", "14.3 %"),
    }
    assert outcomes(STARTED + timedelta(hours=1))["Connection error"] == ("0", "–")


def test_a_share_of_a_count_that_was_capped_is_not_told(monkeypatch) -> None:
    monkeypatch.setattr(board, "DAY_COUNTED_TO", 1)
    gateway = make_gateway()
    good_call(gateway), good_call(gateway), closed_call(gateway)
    assert outcomes()["Call hangup"] == ("over 1", "") and outcomes()["Connection error"] == ("1", "")


def test_hosts_by_their_latest_tries(monkeypatch) -> None:
    gateway = make_gateway()
    closed_call(gateway)
    refused_call(gateway)
    Callback.objects.filter(event="DroppedStream").update(host="hooks.example.org:443")
    busy, other = callback_hosts.host_rows(SINCE)
    assert (busy.host, busy.tries, busy.delivered, busy.p95, busy.bad) == ("hooks.example.org:443", 10, "10.0 %", "31 ms", True)
    assert (other.host, other.tries, other.delivered, other.bad) == ("hooks.example.com:443", 1, "100 %", False)
    assert busy.query == "host=hooks.example.org%3A443&when=day"
    monkeypatch.setattr(callback_hosts, "LATEST_TRIES", 3)
    assert [row.tries for row in callback_hosts.host_rows(SINCE)] == [3]


def test_tries_before_the_day_are_not_counted() -> None:
    tried(Callback.objects.filter(stream__call=closed_call(make_gateway())).first(), 90_000, 5)
    assert [row.tries for row in callback_hosts.host_rows(STARTED + timedelta(hours=1))] == [1]


def test_gateways_with_live_calls_the_busiest_first() -> None:
    for name, calls in (("quiet", 0), ("pbx-1", 1), ("pbx-2", 2)):
        gateway = make_gateway(name)
        good_call(gateway)
        for _ in range(calls):
            live_call(gateway)
    traffic.write("one process", {make_gateway("pbx-2").pk: 74.9})
    traffic.write("another", {make_gateway("pbx-2").pk: 25.0})
    assert [(row.name, row.live_calls, row.frames_per_second, row.query) for row in board.gateways(20)] == [
        ("pbx-2", 2, 100, "gateway=pbx-2&state=live"),
        ("pbx-1", 1, 0, "gateway=pbx-1&state=live"),
    ]
