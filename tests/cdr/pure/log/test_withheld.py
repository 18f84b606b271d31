"""What a log without payloads leaves out."""

from datetime import UTC, datetime

import pytest

from cdr.pure.log.lines import lines
from cdr.pure.log.rows import AttemptRow, CallbackRow, EventRow
from cdr.pure.log.withheld import hosts_only, without_payload

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Connecting to wss://bot.example.com/acme?lang=***, attempt 1.", "Connecting to wss://bot.example.com/…, attempt 1."),
        ("POST https://***@hooks.example.com:8443/x/y: delivered.", "POST https://hooks.example.com:8443/…: delivered."),
        ("Asked https://hooks.example.com.", "Asked https://hooks.example.com."),
        ("Asked https://hooks.example.com/.", "Asked https://hooks.example.com/."),
        ("“https://[2001:db8::1]:8443/acme” failed", "“https://[2001:db8::1]:8443/…” failed"),
        (
            "Asked https://hooks.example.com?a=(secret),b;c then (wss://b.example/k)",
            "Asked https://hooks.example.com/… then (wss://b.example/…)",
        ),
        ("no URL: 1/2, a//b", "no URL: 1/2, a//b"),
    ],
)
def test_of_a_url_the_host_is_left(text: str, left: str) -> None:
    assert hosts_only(text) == left


def test_neither_words_nor_pairs_have_what_customers_and_callers_sent() -> None:
    rows = (
        EventRow(1, AT, "call_dtmf", "info", {"digit": "7-secret"}, "call"),
        EventRow(2, AT, "call_started", "info", {"gateway": "pbx-1", "extra": {"deep": "secret"}}, "call"),
        EventRow(3, AT, "a_new_kind", "info", {"message": "secret"}, "call"),
        EventRow(4, AT, "call_dtmf", "info", ["secret"], "call"),  # type: ignore[arg-type]  # what a row may hold
        CallbackRow(5, AT, "StartStream", "POST", "https://x.example/", "delivered", 1, [["From", "secret"]]),
        AttemptRow(6, AT, "StartStream", 1, 5, "192.0.2.1", 200, "", "secret"),
    )
    assert "secret" in str(lines(rows, AT)) and "pbx-1" in str(lines(rows, AT))
    brief = str(lines(map(without_payload, rows), AT))
    assert "secret" not in brief and "pbx-1" in brief and "A digit was pressed" in brief
