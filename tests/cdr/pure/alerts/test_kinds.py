"""What a rule may watch, as a sentence; and which numbers are refused, with what would be right."""

from decimal import Decimal

import pytest

from cdr.pure.alerts.kinds import (
    KINDS,
    AlertKind,
    AlertScope,
    plain_number,
    rule_words,
    scope_problem,
    threshold_problem,
    window_problem,
    window_words,
)

EVERY = list(AlertKind)


def test_each_kind_is_in_the_table() -> None:
    assert list(KINDS) == EVERY
    assert all(known.scopes for known in KINDS.values())


def test_a_rule_is_a_sentence() -> None:
    words = rule_words(AlertKind.CONNECTION_ERROR_SHARE, Decimal("20.00000"), 10, "the account Acme", least_count=10)
    assert words == "When 20 % or more of streams end with a connection error within 10 minutes (of 10 or more), for the account Acme"
    assert rule_words(AlertKind.NO_CALLS, Decimal(1), 0, "the whole platform") == (
        "When 1 minute or more pass without a call, for the whole platform"
    )
    assert rule_words(AlertKind.SPEND, Decimal("12.50"), 1, "any account") == (
        "When 12.5 or more are spent within 1 minute, for any account"
    )
    assert rule_words(AlertKind.PLATFORM, Decimal(1), 0, "all") == "When something of the platform is not well"


def test_numbers_are_written_as_people_write_them() -> None:
    assert [plain_number(Decimal(text)) for text in ("20.00000", "0.5", "1234567", "0.00300", "100")] == [
        "20",
        "0.5",
        "1,234,567",
        "0.003",
        "100",
    ]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("threshold", ["0", "-1", "-0.00001"])
def test_no_threshold_is_zero_or_less(kind: AlertKind, threshold: str) -> None:
    assert "above 0" in threshold_problem(kind, Decimal(threshold))


def test_a_threshold_fits_its_unit() -> None:
    assert threshold_problem(AlertKind.CONNECTION_ERROR_SHARE, Decimal("100.1")).startswith("There are no more than 100 %")
    assert "whole numbers" in threshold_problem(AlertKind.CONNECTION_ERRORS, Decimal("1.5"))
    assert "a week" in threshold_problem(AlertKind.NO_CALLS, Decimal(10_081))
    for kind, threshold in ((AlertKind.DEGRADED_SHARE, "0.5"), (AlertKind.SPEND, "0.01"), (AlertKind.NO_CALLS, "10080")):
        assert threshold_problem(kind, Decimal(threshold)) == ""


@pytest.mark.parametrize("kind", [kind for kind in EVERY if KINDS[kind].windowed])
def test_a_window_is_neither_nothing_nor_a_year(kind: AlertKind) -> None:
    for minutes in (None, 0, 1441, 525_600):
        assert window_problem(kind, minutes).startswith(("Write", "This is counted"))
    assert window_problem(kind, 10) == window_problem(kind, 1440) == ""


def test_in_a_few_minutes_any_gateway_may_be_silent() -> None:
    assert window_problem(AlertKind.GATEWAY_SILENT, 9) == "Write 10 to 1440 minutes (a day)."
    assert window_problem(AlertKind.CONNECTION_ERRORS, 1) == ""


def test_what_is_about_now_has_no_window() -> None:
    assert window_problem(AlertKind.PLATFORM, None) == window_problem(AlertKind.NO_CALLS, 0) == ""


def test_not_everything_can_be_watched_for_everybody() -> None:
    assert scope_problem(AlertKind.SPEND, AlertScope.EACH_ACCOUNT) == ""
    refused = scope_problem(AlertKind.SPEND, AlertScope.HOST)
    assert refused == "This cannot be watched for one customer's host. Choose: any account by itself, one account."


def test_a_window_is_said_as_people_say_it() -> None:
    said = [window_words(minutes) for minutes in (1, 10, 60, 90, 360, 1440)]
    assert said == ["1 minute", "10 minutes", "an hour", "90 minutes", "6 hours", "a day"]
