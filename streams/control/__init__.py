"""How the console and the API reach a live call, in whichever process it lives.

`requests` are the rows that ask and the message that says there is one; `pending_streams` are the streams asked for that have no row yet.
Must not know sessions."""

from streams.control.requests import (
    Asked,
    NotLive,
    claim_waiting,
    finish,
    give_back,
    group_of,
    nudge,
    request_dtmf,
    request_hangup,
    request_start,
    request_stop,
)

__all__ = [
    "Asked",
    "NotLive",
    "claim_waiting",
    "finish",
    "give_back",
    "group_of",
    "nudge",
    "request_dtmf",
    "request_hangup",
    "request_start",
    "request_stop",
]
