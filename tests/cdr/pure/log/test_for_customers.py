"""What of an event is its customer's to read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cdr.pure.log.for_customers import for_customers
from cdr.pure.log.rows import EventRow
from streams.pure.lifecycle import EventKind as K


def told(kind: str, details: Any) -> Any:
    return for_customers(EventRow(1, datetime(2026, 11, 23, tzinfo=UTC), kind, "info", details, "call")).details


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("Stopped at the request of API.", "Stopped at the request of API."),
        ("Stopped at the request of anna.", "Stopped at the request of the operator."),
        ("Hung up at the request of a.b@c.example.", "Hung up at the request of the operator."),
        ("Hung up at the request of API. Or not.", "Hung up at the request of the operator."),
        ("Hung up at the request of anna\nsmith.", "Hung up at the request of the operator."),
        ("The gateway hung up.", "The gateway hung up."),
        (None, None),
    ],
)
def test_names_at_the_end_of_words(words: object, read: object) -> None:
    for kind in (K.STREAM_ENDED, K.CALL_ENDED):
        assert told(kind, {"words": words}) == {"words": read}


def test_what_is_the_operators_and_what_is_not() -> None:
    assert told(K.CALL_STARTED, {"address": "10.0.0.1", "gateway": "pbx", "upgrade_ms": 3}) == {"gateway": "pbx"}
    assert told(K.CONNECTED, {"address": "203.0.113.9:443"}) == {"address": "203.0.113.9:443"}
    assert told(K.STOP_REQUESTED, {"by": "anna"}) == {"by": "The operator"}
    assert told(K.STOP_REQUESTED, {"by": "API"}) == {"by": "API"}
    assert told(K.STOP_REQUESTED, ["no", "object"]) == ["no", "object"]
