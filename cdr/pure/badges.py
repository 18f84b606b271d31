"""Badges: a state, reason or level as icon, word and tone, so that colour is never the only sign.

Owns that choice. Must not know how a badge is drawn: the tones are classes of the console's stylesheet."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cdr.pure.figures import counted
from streams.pure.lifecycle import CallState, HangupReason, Level, StreamState

LATELY = timedelta(hours=24)


class Badge(NamedTuple):
    """`tone` is one of good, live, quiet, plain, warn, bad; plain is the tone of what needs no look. `icon` may be empty."""

    icon: str
    word: str
    tone: str


_REASONS = {
    HangupReason.API_REQUEST: Badge("■", "API request", "quiet"),
    HangupReason.CALL_HANGUP: Badge("✓", "Call hangup", "plain"),
    HangupReason.CONNECTION_ERROR: Badge("✕", "Connection error", "bad"),
    HangupReason.STREAM_TIMEOUT: Badge("◔", "Stream timeout", "warn"),
}
_STREAM_STATES = {
    StreamState.REQUESTED: Badge("○", "requested", "live"),
    StreamState.CONNECTING: Badge("○", "connecting", "live"),
    StreamState.CONNECTED: Badge("●", "connected", "live"),
    StreamState.STREAMING: Badge("●", "streaming", "live"),
    StreamState.ENDED: Badge("", "ended", "plain"),
}
_CALL_STATES = {CallState.LIVE: Badge("●", "live", "live"), CallState.ENDED: Badge("", "ended", "plain")}
_LEVELS = {
    Level.DEBUG: Badge("·", "debug", "plain"),
    Level.INFO: Badge("○", "info", "plain"),
    Level.WARNING: Badge("▲", "warning", "warn"),
    Level.ERROR: Badge("✕", "error", "bad"),
}
_CALLBACK_STATES = {
    "pending": Badge("○", "pending", "live"),
    "delivered": Badge("✓", "delivered", "plain"),
    "given_up": Badge("✕", "given up", "bad"),
}
_LANES = {
    "answered quickly": Badge("✓", "answers quickly", "plain"),
    "hangs": Badge("✕", "hangs: held back", "bad"),
    "not tried yet": Badge("◔", "answered slowly", "warn"),
}


def lane_badge(lane: str) -> Badge | None:
    """Of an endpoint that was tried of late: in which lane workers have it (streams.delivery.slow_endpoints)."""
    return _known(_LANES, lane) if lane else None


def reason_badge(reason: str) -> Badge | None:
    """None for a stream that has not ended yet."""
    return _known(_REASONS, reason) if reason else None


def stream_badge(state: str, started: bool) -> Badge:
    """The state of a stream; an ended one that never sent a packet says so."""
    if state == StreamState.ENDED and not started:
        return Badge("▲", "never started", "warn")
    return _known(_STREAM_STATES, state)


def unplayed_badge(play_failures: int) -> Badge | None:
    """None unless audio from the customer was not played."""
    return Badge("▲", f"{play_failures} × not played", "warn") if play_failures else None


def call_badge(state: str) -> Badge:
    return _known(_CALL_STATES, state)


def cause_badge(code: int | None, name: str, source: str) -> Badge | None:
    """The hangup cause of a call that an error ended; None for any other call."""
    return Badge("✕", f"{code} {name}", "bad") if source == "Error" and code is not None else None


def level_badge(level: str) -> Badge:
    return _known(_LEVELS, level)


def callback_badge(state: str, tries: int = 0, last_status: int | None = None) -> Badge:
    """One that was tried in vain, and will be again, says so: somebody may have to look before it is given up. `last_status`: the HTTP
    status that its last try was answered with, if any."""
    if state == "pending" and tries:
        return Badge("▲", f"retrying · {tries} ×{f' {last_status}' if last_status else ''}", "warn")
    return _known(_CALLBACK_STATES, state)


def degraded_badge(percent: int) -> Badge | None:
    """The highest buffer level passed; None when the buffer never reached the first."""
    return Badge("▲", f"{percent} %", "bad" if percent >= 90 else "warn") if percent else None


def gateway_badge(live_calls: int, last_call_at: datetime | None, last_refused_at: datetime | None, now: datetime) -> Badge:
    """A gateway at a glance. It was refused lately when no call has come since."""
    if live_calls:
        return Badge("●", f"carrying {counted(live_calls, 'call')}", "live")
    if last_refused_at and last_refused_at > now - LATELY and (last_call_at is None or last_refused_at > last_call_at):
        return Badge("✕", "refused lately", "bad")
    return Badge("✓", "idle", "quiet") if last_call_at else Badge("○", "never connected", "warn")


def _known(badges: Mapping[Any, Badge], word: str) -> Badge:
    """A word nobody told us about is shown as it is: a page never fails over a row."""
    return badges.get(word, Badge("?", word, "quiet"))
