"""What a request to a customer says of its call's trace: where traces are on, and for the calls that are taken."""

from typing import Any
from uuid import UUID

from streams.pure.trace_context import is_taken, span_id
from streams.trace_headers import trace_headers

CALL = UUID("816e0b22-6913-4b43-88a9-6d3054b77df9")


def test_the_span_is_the_one_that_is_told_to_the_collector(settings: Any) -> None:
    settings.TRACE_SHARE = 1.0
    assert trace_headers(str(CALL), "try", "msg_1", 2) == {"traceparent": f"00-{CALL.hex}-{span_id('try', 'msg_1', 2):016x}-01"}


def test_nothing_is_said_of_a_call_that_is_not_traced(settings: Any) -> None:
    assert trace_headers(CALL, "call") == {}
    settings.TRACE_SHARE = 0.001
    assert not is_taken(CALL, 0.001)
    assert trace_headers(CALL, "call") == {}
