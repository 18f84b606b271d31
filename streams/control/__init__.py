"""How the console and the API reach a live call, in whichever process it lives.

`requests` are the rows that ask and the message that says there is one; `pending_streams` are the streams asked for that have no row yet.
Must not know sessions."""

from streams.control.requests import (
    FAILED,
    ClaimedRequest,
    NotLive,
    claim_waiting,
    control_group,
    finish,
    give_back,
    mark_failed,
    nudge,
    request_dtmf,
    request_hangup,
    request_start,
    request_stop,
    request_stops,
    shown_request,
    whole_request,
)

__all__ = [
    "FAILED",
    "ClaimedRequest",
    "NotLive",
    "claim_waiting",
    "finish",
    "give_back",
    "control_group",
    "mark_failed",
    "nudge",
    "request_dtmf",
    "request_hangup",
    "request_start",
    "request_stop",
    "request_stops",
    "shown_request",
    "whole_request",
]
