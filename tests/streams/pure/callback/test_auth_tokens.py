"""Which tokens count, to the second."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.pure.callback.auth_tokens import in_force

NOW = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "until", "tokens"),
    [
        ("", None, ("new",)),
        ("old", None, ("new",)),
        ("old", NOW + timedelta(microseconds=1), ("new", "old")),
        ("old", NOW, ("new",)),
        ("", NOW + timedelta(hours=1), ("new",)),
    ],
)
def test_the_old_one_counts_until_its_moment_and_comes_second(old, until, tokens) -> None:
    assert in_force("new", old, until, NOW) == tokens
