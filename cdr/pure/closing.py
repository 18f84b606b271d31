"""Who closed a stream's socket, and with which code, in words.

Owns those words; the names of the codes are streams.pure.customer.close_codes'. Must not know rows or pages."""

from cdr.pure.figures import NOTHING
from streams.pure.customer.close_codes import code_words
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import EndCause

CLOSERS: dict[str, str] = {
    EndCause.CUSTOMER_CLOSED: "the customer's service",
    EndCause.CUSTOMER_LOST: "nobody: the connection was lost",
    EndCause.MESSAGE_REFUSED: "Streamdesk, for what the customer's service had sent",
    EndCause.PROCESS_LOST: "nobody: our process was lost",
}
"""Whoever is not here left the closing to us."""


def closed_by(end_cause: str, *, opened: bool) -> str:
    """Who closed; `opened`: whether there ever was a connection."""
    if not end_cause:
        return NOTHING
    return CLOSERS.get(end_cause, "Streamdesk") if opened else "never opened"


def close_words(code: int | None, reason: str) -> str:
    """`1011 (internal error), “worker crashed”`."""
    if code is None:
        return NOTHING
    return code_words(code) + (f", “{cleaned(reason)}”" if reason else "")
