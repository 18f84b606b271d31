"""An act on all that match a list, in words: what it would do, and how far it is.

Owns those words. `kind` is a word of cdr.list_act_rows' ListActKind. Must not know rows or requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from cdr.pure.badges import Badge
from cdr.pure.figures import moment

STOP, RESEND, DELIVERED = "stop", "resend", "delivered"
BOUND = 100_000
"""What is left out is counted up to here."""
LEFT_OUT = {
    "ended": "have ended, and are left as they are",
    "delivered": "were delivered, and are left out. To send those again, choose the state “delivered”",
    "removed": "are left out: retention removed a part of each, and they could not go out as they were",
    "waiting": "are not delivered, and are left out. To send those again, choose another state",
}
_STATES = {
    "waiting": Badge("○", "waits for a worker", "live"),
    "running": Badge("●", "under way", "live"),
    "done": Badge("✓", "done", "good"),
    "stopped": Badge("■", "stopped", "quiet"),
    "failed": Badge("✕", "failed", "bad"),
}


class Progress(NamedTuple):
    """`late`: those for which it was too late."""

    done: int
    late: int
    total: int


def state_badge(state: str) -> Badge:
    return _STATES.get(state, Badge("?", state, "quiet"))


def noun(kind: str, count: int) -> str:
    """`1,203 streams`."""
    word = "stream" if kind == STOP else "callback"
    return f"{count:,} {word if count == 1 else f'{word}s'}"


def door_to_all(kind: str) -> str:
    return "Stop all that match…" if kind == STOP else "Send all that match again…"


def title(kind: str, rows: int) -> str:
    return f"Stop {noun(kind, rows)}?" if kind == STOP else f"Send {noun(kind, rows)} again?"


def act_in_words(kind: str, rows: int) -> str:
    return title(kind, rows).removesuffix("?")


def button(kind: str, rows: int = 0) -> str:
    words = door_to_all(kind).removesuffix("…")
    return act_in_words(kind, rows) if rows else words


def what_is_meant(kind: str, rows: int, accounts: int, oldest: datetime | None, newest: datetime | None) -> str:
    of = f"of {accounts:,} accounts" if accounts != 1 else "of one account"
    asked = "requested" if kind == STOP else "created"
    one = f"{asked} {moment(oldest)} UTC" if rows == 1 else f"the oldest {asked} {moment(oldest)}, the newest {moment(newest)} UTC"
    return f"{noun(kind, rows)} {of}: {one}. What comes to match from now on is not meant."


def consequences(kind: str) -> tuple[str, ...]:
    if kind == STOP:
        return (
            "Their audio ends, with the reason “API request”. This cannot be undone. A call that a stream was to keep alive ends with it.",
            "New streams are started all the same: block a host to prevent that.",
        )
    return (
        "The same parameters go to the same URLs, with the same message ids, so that a careful receiver takes each once. The tries so far "
        "stay as they are; each gets one more.",
        "They go out as fast as their hosts take them, each account within its share. What goes to a blocked host waits until that is "
        "unblocked.",
    )


def warned(kind: str) -> str:
    return "They were delivered already. A receiver that does not look at the message id acts on them twice." if kind == DELIVERED else ""


def left_out(counts: Mapping[str, int]) -> str:
    """`40 that match have ended, and are left as they are.`"""
    told = [f"{_bounded(count)} that match {LEFT_OUT[why]}." for why, count in counts.items() if count]
    return " ".join(told)


def _bounded(count: int) -> str:
    return f"More than {BOUND:,}" if count > BOUND else f"{count:,}"


def so_far(kind: str, state: str, progress: Progress) -> str:
    """In sentences."""
    verb = "asked to stop" if kind == STOP else "made due again"
    were = "was" if progress.done == 1 else "were"
    words = f"{progress.done:,} of {noun(kind, progress.total)} {were} {verb}."
    if progress.late:
        why = "had ended before" if kind == STOP else "had changed before, and stayed as they were"
        words += f" {progress.late:,} {why}."
    left = progress.total - progress.done - progress.late
    if left and state in ("stopped", "failed"):
        words += f" {left:,} {'was' if left == 1 else 'were'} left alone."
    return words
