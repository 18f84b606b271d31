"""The ids of a call's trace: made of the call's, the stream's and the callback's own, so that any process knows them without asking.

W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header. Must not know who collects traces."""

import hashlib
from uuid import UUID


def trace_id(call_id: UUID) -> int:
    """128 bits: the call's uuid, so that a trace is found by it. No uuid of a call is zero, which is no trace."""
    return call_id.int or 1


def span_id(*names: object) -> int:
    """64 bits, of what the span is about: `"stream", stream.uuid`."""
    digest = hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) or 1


def is_taken(call_id: UUID, share: float) -> bool:
    """Whether the call is among the share (0 to 1) of those that are traced: the same answer in every process."""
    return int.from_bytes(hashlib.blake2b(call_id.bytes, digest_size=8).digest()) < share * 2**64


def traceparent(call_id: UUID, span: int) -> str:
    return f"00-{trace_id(call_id):032x}-{span:016x}-01"
