"""What is counted by the minute for the first page, of the newest rows and in one query."""

from datetime import timedelta

import pytest

from cdr.pages import minutes
from cdr.pages.minutes import MinuteCounts, last_minutes
from streams.models import Callback, CallbackState
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=2)


def told(counts: MinuteCounts) -> dict[int, int]:
    """By how many minutes ago it was."""
    return {len(counts.each) - 1 - place: count for place, count in enumerate(counts.each) if count}


def test_each_kind_is_counted_in_its_minute_all_in_one_query(django_assert_num_queries) -> None:
    gateway = make_gateway()
    for seconds in (0, 10, 61, -3600, 24 * 3600):
        good_call(gateway, STARTED + timedelta(seconds=seconds))
    closed_call(gateway, STARTED)
    Callback.objects.update(state=CallbackState.DELIVERED, created_at=NOW)
    Callback.objects.filter(pk=Callback.objects.latest("pk").pk).update(state=CallbackState.PENDING, created_at=STARTED)
    with django_assert_num_queries(1):
        found = last_minutes(NOW)
    assert found.first == NOW.replace(second=0, microsecond=0) - timedelta(minutes=59)
    assert [told(counts) for counts in found[1:]] == [{2: 3, 1: 1}, {2: 3, 1: 1}, {2: 1}, {2: 1}]


def test_of_more_than_are_counted_the_newest_are_and_it_is_known(monkeypatch) -> None:
    gateway = make_gateway()
    for seconds in (-120, -60, 0, 60):
        good_call(gateway, STARTED + timedelta(seconds=seconds))
    monkeypatch.setattr(minutes, "MOST_COUNTED", 2)
    assert told(last_minutes(NOW).calls) == {3: 1, 2: 1, 1: 1} and last_minutes(NOW).calls.most == 2
    monkeypatch.setattr(minutes, "MOST_COUNTED", 4)
    assert last_minutes(NOW).calls.most == 0


def test_nothing_is_sixty_times_nothing() -> None:
    assert all(counts == MinuteCounts([0] * 60) for counts in last_minutes(NOW)[1:])
