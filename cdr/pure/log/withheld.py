"""A debug log without payloads: what a link shows that was made without them.

Owns what is left out: what retention calls payloads, and of URLs all but scheme and host. Must not know who reads."""

import re
from dataclasses import replace

from cdr.pure.log.rows import AttemptRow, CallbackRow, EventRow, LogRow
from cdr.pure.retention import kept_details

_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^\s/?#]*@)?(\[[0-9a-f:.]*\](?::\d+)?|[\w.-]*\w(?::\d+)?)(\S*)", re.IGNORECASE)
_CLOSING = "\"'”’)]}.,;:/"
"""What ends a sentence or a bracket is not the URL's."""


def without_payload(row: LogRow) -> LogRow:
    match row:
        case EventRow():
            return replace(row, details=kept_details(row.kind, row.details) if isinstance(row.details, dict) else {})
        case CallbackRow():
            return replace(row, parameters=())
        case AttemptRow():
            return replace(row, response_head="")
    return row


def hosts_only(text: str) -> str:
    """`wss://bot.example.com/…` of wss://bot.example.com/acme?lang=en; what ends a sentence stays."""
    return _URL.sub(_host, text)


def _host(found: re.Match[str]) -> str:
    rest = found[3].rstrip(_CLOSING)
    return f"{found[1]}{found[2]}{'/…' if rest else ''}{found[3][len(rest) :].removeprefix('/' if rest else '')}"
