"""The two lines that the log has of each call: that it began, and how it ended. No phone number, and nothing that a stranger wrote.

Owns their words. All that happened between them is in the debug log."""

import logging

from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind

log = logging.getLogger(__name__)


def say(facts: CallFacts, note: Note) -> None:
    """Of most notes nothing."""
    if note.kind is EventKind.CALL_STARTED:
        details = note.details
        log.info(
            "Call %s began: gateway %s, %s, %s.", facts.call_id, details["gateway"], details["dialect"], details["direction"] or "inbound"
        )
    elif note.kind is EventKind.CALL_ENDED:
        seconds = max(note.at - facts.started_at, 0.0)
        log.info("Call %s ended after %.1f s: %s %s.", facts.call_id, seconds, note.details["code"], note.details["name"])
