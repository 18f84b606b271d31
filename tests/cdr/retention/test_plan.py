"""The dry run: what would be removed, without removing anything; and the command that does either."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cdr.models import RetentionMark, RetentionRun
from cdr.pure.retention import Kind
from cdr.retention import plan, planned
from streams.models import Account, Call
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(settings) -> list[Call]:
    """Of one account three calls that are 40, 50 and 60 days old, of another one of 40 days that it keeps."""
    settings.RETAIN_NUMBERS_DAYS = 30
    other = make_gateway("pbx-2", "Globex")
    Account.objects.filter(pk=other.account_id).update(retain_numbers_days=45, retain_events_days=10)
    now = timezone.now()
    good_call(other, now - timedelta(days=40))
    return [good_call(make_gateway(), now - timedelta(days=days)) for days in (60, 50, 40)]


def said(*options: str) -> str:
    out = StringIO()
    call_command("retention", *options, stdout=out)
    return out.getvalue()


def test_each_account_and_kind_with_its_calls_and_the_oldest(calls) -> None:
    acme, globex_numbers, globex_events = planned(timezone.now())
    assert acme == ("Acme Robotics", Kind.NUMBERS, 30, 3, calls[0].ended_at)
    assert globex_numbers == ("Globex", Kind.NUMBERS, 45, 0, None)
    assert globex_events[:4] == ("Globex", Kind.EVENTS, 10, 1)


def test_the_plan_is_what_is_then_done(calls) -> None:
    before = {(one.account, one.kind): one.calls for one in planned(timezone.now()) if one.calls}
    said()
    counts = RetentionRun.objects.get().counts
    assert {(account, kind): count for account, kinds in counts.items() for kind, count in kinds.items()} == before
    assert [one.calls for one in planned(timezone.now())] == [0, 0, 0]


def test_calls_behind_the_mark_are_not_counted(calls) -> None:
    RetentionMark.objects.create(account=calls[0].account, kind=Kind.NUMBERS, done_until=calls[1].ended_at)
    assert planned(timezone.now())[0][3:] == (2, calls[1].ended_at)


def test_counts_are_capped(calls, monkeypatch) -> None:
    monkeypatch.setattr(plan, "COUNTED_TO", 1)
    assert planned(timezone.now())[0].calls == 2


def test_many_accounts_take_the_same_queries(calls, django_assert_num_queries) -> None:
    for index in range(20):
        make_gateway(f"more-{index}", f"More {index}")
    with django_assert_num_queries(5):  # three for what is due, one for each of the two kinds
        assert len(planned(timezone.now(), 10)) == 11


def test_a_dry_run_says_it_and_changes_nothing(calls) -> None:
    text = said("--dry-run")
    assert "Acme Robotics: phone numbers after 30 days: 3 calls; the oldest ended" in text and "this was a dry run" in text
    assert not Call.objects.exclude(numbers_removed_at=None).exists() and not RetentionRun.objects.exists()


def test_the_command_does_it_now_and_says_what(calls) -> None:
    assert "Acme Robotics: numbers of 3 calls" in said()
    assert "Nothing was old enough." in said()


def test_without_days_the_command_says_that_everything_is_kept(settings) -> None:
    assert "kept for ever" in said() and "kept for ever" in said("--dry-run")


def test_it_does_not_come_in_the_way_of_a_worker(calls) -> None:
    RetentionRun.objects.create(started_at=timezone.now(), claimed_by="a worker", claimed_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(CommandError, match="A worker is at it"):
        said()
