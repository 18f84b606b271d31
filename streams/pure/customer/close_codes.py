"""WebSocket close codes in words: RFC 6455, IANA's registry, and the codes we send to gateways.

Owns the names. Must not know whose socket closed, nor what its end means."""

from streams.pure.foreign_text import cleaned

NAMES: dict[int, str] = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1004: "reserved",
    1005: "no code was sent",
    1006: "no close frame came",
    1007: "invalid text or data",
    1008: "policy violation",
    1009: "message too big",
    1010: "an extension is missing",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    1015: "TLS failed",
    3000: "unauthorized",
    3003: "forbidden",
    3008: "timeout",
}
OURS: dict[int, str] = {
    4000: "the call is over",
    4012: "the platform stops",
    4403: "refused",
    4408: "no media began",
    4409: "the call_uuid is taken",
    4410: "another socket took the call over",
    4415: "media that is not spoken here",
    4500: "internal error",
}
"""What Streamdesk closes a gateway's socket with; anybody else means something of their own by these numbers."""


def code_words(code: int, *, ours: bool = False) -> str:
    """`1011 (internal error)`. `ours`: it was Streamdesk that sent it."""
    return f"{code} ({_name(code, ours)})"


def closed_with(code: int | None, reason: str) -> str:
    """`: 1011 (internal error), “worker crashed”`: what follows when it was said who closed."""
    said = f", “{cleaned(reason)}”" if reason else ""
    return f": {code_words(code)}{said}" if code is not None else f" without a close code{said}"


def _name(code: int, ours: bool) -> str:
    if ours and code in OURS:
        return OURS[code]
    if 3000 <= code < 4000:
        return NAMES.get(code, "a code of a library or framework")
    return NAMES.get(code, "a code of its own" if 4000 <= code < 5000 else "a code no standard knows")
