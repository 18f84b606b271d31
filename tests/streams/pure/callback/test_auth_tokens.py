"""Which tokens count, to the second."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.pure.callback.auth_tokens import KnownToken, counts, in_force

NOW = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)


@pytest.mark.parametrize(("ends_at", "does"), [(None, True), (NOW + timedelta(microseconds=1), True), (NOW, False)])
def test_a_token_counts_until_its_moment(ends_at: datetime | None, does: bool) -> None:
    assert counts(ends_at, NOW) == does


def test_those_that_count_are_told_in_the_order_in_which_they_are_known() -> None:
    known = [KnownToken("new"), KnownToken("ended", NOW), KnownToken("", None), KnownToken("old", NOW + timedelta(hours=1))]
    assert in_force(known, NOW) == ("new", "old")
    assert in_force([], NOW) == ()
