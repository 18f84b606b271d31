"""Ids of a trace: the same in every process, never zero, and a share of calls that is what it says."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.trace_context import is_taken, span_id, trace_id, traceparent

CALL = UUID("816e0b22-6913-4b43-88a9-6d3054b77df9")


def test_the_trace_of_a_call_is_found_by_its_uuid() -> None:
    assert traceparent(CALL, span_id("call")).startswith("00-816e0b2269134b4388a96d3054b77df9-")
    assert span_id("stream", CALL) == span_id("stream", str(CALL)) != span_id("call")


@given(st.uuids(), st.text())
def test_no_id_is_zero_and_each_has_its_length(call_id: UUID, name: str) -> None:
    version, trace, span, flags = traceparent(call_id, span_id(name)).split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")
    assert trace.strip("0") and span.strip("0")
    assert trace_id(UUID(int=0)) == 1


def test_a_share_of_the_calls_is_taken_and_a_larger_one_has_all_of_them() -> None:
    calls = [uuid4() for _ in range(2000)]
    quarter, half = ({call for call in calls if is_taken(call, share)} for share in (0.25, 0.5))
    assert quarter < half
    assert 380 < len(quarter) < 620
    assert all(is_taken(call, 1.0) for call in calls) and not any(is_taken(call, 0.0) for call in calls)
