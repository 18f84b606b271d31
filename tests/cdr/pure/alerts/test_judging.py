"""When an alert opens, stays, is told again and closes; what is caught up on; what is usual for a gateway."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.alerts.judging import (
    HOLD_MINUTES,
    LONGEST_HOLD_MINUTES,
    MOST_CAUGHT_UP,
    OpenAlert,
    Seen,
    Step,
    Subject,
    Terms,
    hold_length,
    is_clear,
    is_over,
    moments,
    next_step,
    pause,
    usual_calls,
)
from cdr.pure.alerts.kinds import AlertKind

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHARE = Terms(AlertKind.CONNECTION_ERROR_SHARE, Decimal(20), least_count=10)
COUNT = Terms(AlertKind.CONNECTION_ERRORS, Decimal(10))


def seen(value: float, whole: int = 100) -> Seen:
    return Seen(Decimal(str(value)), round(whole * value / 100), whole)


def test_at_the_threshold_it_is_over() -> None:
    assert is_over(SHARE, seen(20)) and not is_over(SHARE, seen(19.9))
    assert is_over(COUNT, Seen(Decimal(10))) and not is_over(COUNT, Seen(Decimal(9)))


def test_a_share_of_a_few_is_none() -> None:
    assert not is_over(SHARE, seen(100, whole=9)) and is_over(SHARE, seen(100, whole=10))
    assert not is_over(SHARE._replace(least_count=0), seen(0, whole=0))
    assert is_clear(SHARE, seen(100, whole=9))


def test_what_hovers_about_the_threshold_is_neither_over_nor_clear() -> None:
    assert not is_over(COUNT, Seen(Decimal("9.5"))) and not is_clear(COUNT, Seen(Decimal("9.5")))
    assert is_clear(COUNT, Seen(Decimal("8.9"))) and is_clear(COUNT, None)
    one = COUNT._replace(threshold=Decimal(1))
    assert is_clear(one, Seen(Decimal(0))) and not is_clear(one, Seen(Decimal(1)))


def test_a_silent_gateway_is_not_heard_because_the_night_begins() -> None:
    terms = Terms(AlertKind.GATEWAY_SILENT, Decimal(5))
    assert not is_clear(terms, Seen(Decimal(0))) and is_clear(terms, None)


def step(value: float | None, *, minutes: float = 0, repeat: int = 60, **alert: object) -> Step:
    """Of an alert that was told at NOW, so many minutes later."""
    known = OpenAlert(NOW, **alert)  # type: ignore[arg-type]
    return next_step(COUNT, known, None if value is None else Seen(Decimal(str(value))), NOW + minutes * MINUTE, repeat)


def test_it_is_told_again_after_its_interval_and_not_before() -> None:
    assert step(12, minutes=59) is Step.STAYS and step(12, minutes=60) is Step.REPEATS
    assert step(12, minutes=600, repeat=0) is Step.STAYS
    assert step(12, minutes=600, acknowledged=True) is Step.STAYS


def test_it_closes_when_its_condition_was_gone_for_long_enough() -> None:
    assert step(0) is Step.CLEARS
    assert step(0, minutes=4, clear_since=NOW) is Step.CLEARS and step(0, minutes=5, clear_since=NOW) is Step.CLOSES
    assert step(9.5, minutes=60, clear_since=NOW) is Step.REPEATS  # it hovers: that is no recovery


def test_one_that_comes_again_and_again_is_held_longer_each_time() -> None:
    assert [hold_length(times) / MINUTE for times in range(5)] == [HOLD_MINUTES, 10, 20, 40, LONGEST_HOLD_MINUTES]
    assert hold_length(30_000) == LONGEST_HOLD_MINUTES * MINUTE
    assert step(0, minutes=9, clear_since=NOW, reopened=1) is Step.CLEARS


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200))
def test_whatever_comes_it_closes_only_after_a_calm(values: list[int]) -> None:
    """A look each minute: in the minutes of the hold before it closes it was never over the threshold."""
    clear_since, told_at = None, NOW
    for minute, value in enumerate(values):
        now = NOW + minute * MINUTE
        became = next_step(COUNT, OpenAlert(told_at, clear_since), Seen(Decimal(value)), now, 5)
        if became is Step.CLOSES:
            assert max(values[minute - HOLD_MINUTES : minute + 1]) < 9
            return
        clear_since = (clear_since or now) if became is Step.CLEARS else None
        if became is Step.REPEATS:
            assert now - told_at >= 5 * MINUTE
            told_at = now


# When -------------------------------------------------------------------------------------------------------------------------------
def looked(last_minutes_ago: float | None, window: int = 10, kind: AlertKind = AlertKind.CONNECTION_ERRORS) -> list[float]:
    last = None if last_minutes_ago is None else NOW - last_minutes_ago * MINUTE
    return [(moment - NOW) / MINUTE for moment in moments(kind, window, last, NOW)]


def test_a_rule_is_looked_at_as_of_now() -> None:
    assert looked(None) == looked(1) == looked(11) == [0]


def test_windows_that_nobody_looked_at_are_caught_up_on() -> None:
    assert looked(35) == [-30, -20, -10, 0]
    assert looked(30) == [-20, -10, 0]
    assert len(looked(60 * 24 * 365)) == MOST_CAUGHT_UP + 1


def test_what_is_about_now_catches_up_on_nothing() -> None:
    assert looked(600, 0, AlertKind.PLATFORM) == looked(600, 0, AlertKind.NO_CALLS) == looked(600, 30, AlertKind.GATEWAY_SILENT) == [0]


@given(st.integers(1, 1440), st.integers(1, 3000))
def test_no_minute_is_left_out_between_two_looks(window: int, ago: int) -> None:
    """Unless there were too many windows to catch up on."""
    found = looked(ago, window)
    assert found == sorted(found) and found[-1] == 0
    covered = [-ago, *found]
    gaps = [later - earlier for earlier, later in zip(covered, covered[1:], strict=False)]
    allowed = window + pause(AlertKind.CONNECTION_ERRORS, window) / MINUTE + 0.5
    assert len(found) > MOST_CAUGHT_UP or max(gaps) <= allowed


def test_a_long_window_is_counted_seldom() -> None:
    assert pause(AlertKind.SPEND, 1440) == timedelta(minutes=14, seconds=24)
    assert pause(AlertKind.SPEND, 60) == pause(AlertKind.PLATFORM, 0) == MINUTE


# What is usual ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("counts", "known_days", "usual"),
    [
        ({}, 0, 0),
        ({1: 9, 2: 9, 3: 9}, 2.5, 0),  # two days are too few to know
        ({1: 9, 2: 0, 3: 7}, 4, 7),
        ({1: 0, 2: 0, 3: 50, 7: 12}, 10, 12),  # Monday: the same weekday counts, and not the weekend before
        ({7: 0, 14: 20, 21: 20, 28: 0}, 100, 0),  # half of the weeks had none
        ({7: 20, 14: 0, 21: 20, 28: 21}, 100, 20),  # a holiday
        ({1: 30, 2: 30, 3: 30, 7: 0, 14: 0}, 20, 0),  # Saturday
    ],
)
def test_what_is_usual_at_this_time_of_the_week(counts: dict[int, int], known_days: float, usual: int) -> None:
    assert usual_calls(counts, known_days) == usual


def test_each_subject_has_a_key_of_its_own() -> None:
    subjects = [Subject(), Subject(account_id=1), Subject(gateway_id=1), Subject(host="1"), Subject(trouble="1")]
    assert len({subject.key for subject in subjects}) == len(subjects)
