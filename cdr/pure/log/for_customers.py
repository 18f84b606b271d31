"""What of an event a customer may read: everything but who of the operator's people did something, and the operator's own network.

Owns those details. Secrets of URLs and headers go in `lines`, for every reader. Must not know who asks."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cdr.pure.log.rows import EventRow
from streams.pure.lifecycle import EventKind as K

API = "API"
NOT_TOLD: dict[str, tuple[str, ...]] = {
    K.CALL_STARTED: ("address", "upgrade_ms"),
    K.CALL_GATEWAY_RESUMED: ("address",),
    K.CALL_GATEWAY_UNREADABLE: ("sample",),
    K.RECORDING_NOT_KEPT: ("problem",),
}
"""Of the gateway, which is the operator's: where it stands, and what it sends besides calls. Of recordings: what his disks say, and how
full they are of others'."""
_AT_DESK = r"[^\s()]+ \(desk\)"
"""One of the customer's own people. No user's name has a space or a bracket."""
_ON_REQUEST = re.compile(rf"(at the request of )(?!(?:{API}|{_AT_DESK})\.\Z).*(?=\.\Z)", re.DOTALL)
"""Which ends the words of what somebody ended."""
MOST_OF_A_NAME = 140


def at_desk(user_name: str) -> str:
    """How somebody is named who does something at the desk: in logs, which the account reads as well, and in the audit log."""
    return f"{user_name[:MOST_OF_A_NAME]} (desk)"


def name_for_customers(name: str) -> str:
    """Of who did something."""
    return name if name == API or re.fullmatch(_AT_DESK, name) else "The operator"


def for_customers(event: EventRow) -> EventRow:
    """The event as its customer may read it."""
    return replace(event, details=details_for_customers(event.kind, event.details))


def details_for_customers(kind: str, details: Any) -> Any:
    if not isinstance(details, Mapping):
        return details
    hidden = NOT_TOLD.get(kind, ())
    return {name: _told(name, value) for name, value in details.items() if name not in hidden}


def words_for_customers(words: str) -> str:
    """Of how something ended."""
    return _ON_REQUEST.sub(r"\1the operator", words)


def _told(name: str, value: Any) -> Any:
    if name == "by":
        return name_for_customers(str(value))
    if name == "words" and isinstance(value, str):
        return words_for_customers(value)
    return value
