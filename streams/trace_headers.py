"""What our requests to a customer say of the call's trace, where traces are on: `traceparent`, so that the customer's own goes on from it.

Must not know who collects ours: config.tracing."""

from uuid import UUID

from django.conf import settings

from streams.pure.trace_context import is_taken, span_id, traceparent


def trace_headers(call_id: str | UUID, *span: object) -> dict[str, str]:
    """For a request that is the span of these names; nothing for a call that is not traced."""
    if not settings.TRACE_SHARE:
        return {}
    call_id = UUID(str(call_id))
    return {"traceparent": traceparent(call_id, span_id(*span))} if is_taken(call_id, settings.TRACE_SHARE) else {}
