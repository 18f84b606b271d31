"""What an alert says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cdr.pure.alerts.judging import Seen
from cdr.pure.alerts.kinds import AlertKind
from cdr.pure.alerts.wording import STEP_WORDS, AlertStep, alert_badge, headline, lasted_words

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "seen", "about", "words"),
    [
        (
            AlertKind.CONNECTION_ERROR_SHARE,
            Seen(Decimal(42), 21, 50),
            "bot.example.com",
            "bot.example.com: 42.0 % of streams (21 of 50) ended with a connection error within 10 minutes",
        ),
        (AlertKind.CONNECTION_ERRORS, Seen(Decimal(1)), "", "1 stream ended with a connection error within 10 minutes"),
        (AlertKind.CALLBACKS_GIVEN_UP, Seen(Decimal(3)), "Acme", "Acme: 3 status callbacks given up within 10 minutes"),
        (
            AlertKind.GATEWAY_SILENT,
            Seen(Decimal(12)),
            "gateway pbx1",
            "gateway pbx1: no call within 10 minutes, usual at this time: 12",
        ),
        (AlertKind.NO_CALLS, Seen(Decimal(61)), "", "No call for 61 minutes"),
        (AlertKind.SPEND, Seen(Decimal("12.50000"), words="USD"), "Acme", "Acme: 12.5 USD spent within 10 minutes"),
        (AlertKind.PLATFORM, Seen(Decimal(1), words="Redis does not answer."), "", "Redis does not answer."),
    ],
)
def test_headlines(kind: AlertKind, seen: Seen, about: str, words: str) -> None:
    assert headline(kind, seen, 10, about) == words


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_has_one_and_no_name_breaks_its_line(kind: AlertKind) -> None:
    words = headline(kind, Seen(Decimal(5), 5, 10, "words"), 10, "evil\r\nBcc: everybody@example.com\u2028\x00" + "x" * 1000)
    assert words.isprintable() and len(words) <= 300


def test_how_long_it_lasted() -> None:
    for length, words in (
        ({"minutes": 1}, "1 minute"),
        ({"minutes": 119}, "119 minutes"),
        ({"hours": 50}, "50 hours"),
        ({"days": 4}, "4 days"),
    ):
        assert lasted_words(NOW, NOW + timedelta(**length)) == words
    assert lasted_words(NOW, NOW - timedelta(minutes=5)) == "0 minutes"


def test_badges() -> None:
    badges = [
        alert_badge(is_open=True, acknowledged=False),
        alert_badge(is_open=True, acknowledged=True),
        alert_badge(is_open=True, acknowledged=False, clearing=True),
        alert_badge(is_open=False, acknowledged=True),
    ]
    assert [(badge.word, badge.tone) for badge in badges] == [
        ("open", "bad"),
        ("in hand", "live"),
        ("clearing", "warn"),
        ("closed", "quiet"),
    ]
    assert STEP_WORDS.keys() == set(AlertStep)
