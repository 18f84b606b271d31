"""What the end of a gateway's socket means, by its WebSocket close code (RFC 6455, 7.4.1).

Owns the words. Must not know what a dialect says before its end."""

from streams.pure.foreign_text import cleaned
from streams.pure.messages import Ended

_LOST_CODES = (None, 1006, 1011)
_WORDS = {
    None: "The connection to the gateway was lost.",
    1000: "The gateway hung up.",
    1001: "The gateway went away.",
    1005: "The gateway closed without a code.",
    1006: "The connection to the gateway was lost.",
    1009: "The gateway refused a message as too large.",
    1011: "The gateway could not write to its socket.",
}
_FAILED = {
    1002: "what it sent is not the WebSocket protocol",
    1007: "a text of it is not UTF-8",
    1009: "a message of it is too large",
    4500: "the platform failed while handling a message of it",
}


def failed_message(code: int | None, problem: str) -> Ended:
    """After a failure that we saw, and ended the connection for: `code` is ours. 1006: it was the network's, and we know which."""
    if code == 1006:
        return Ended(lost=True, code=code, words=f"The connection to the gateway was lost: {cleaned(problem, 200)}.")
    why = f"{_FAILED[code]}: {code}, " if code in _FAILED else f"{code}, " if code else ""
    return Ended(lost=True, code=code, words=f"We closed the gateway's connection, because {why}{cleaned(problem, 200)}.", ours=True)


def ended_message(code: int | None, by_us: bool) -> Ended:
    """After a close of ours the code means nothing: a gateway echoes it, or says something of its own."""
    if by_us:
        return Ended(lost=False, code=code, words="We closed the gateway's connection.")
    return Ended(lost=code in _LOST_CODES, code=code, words=_WORDS.get(code, f"The gateway closed with code {code}."))
