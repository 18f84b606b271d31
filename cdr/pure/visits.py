"""Whether a request for a shared page is a person's who opens it, or a program's: chats and mail programs look at every link that is sent.

Owns how that is told. Must not know links or requests of a framework."""

import re
from collections.abc import Mapping
from enum import Enum, auto

PREVIEWS = re.compile(
    r"bot\b|crawl|spider|preview|externalhit|facebot|whatsapp|unfurl|linkexpand|embedly|slack-img|curl/|wget/|python-|go-http|okhttp",
    re.IGNORECASE,
)
"""What programs say they are. Browsers say what they are after as well (Sec-Fetch-Mode), and are believed before their names."""
AHEAD = ("prefetch", "prerender", "preview")


class PageVisit(Enum):
    PERSON = auto()
    WITHIN = auto()  # an open page asks for more: its filter, its next page
    AHEAD = auto()  # a browser fetches what may be opened next
    PROGRAM = auto()


def visit_of(method: str, headers: Mapping[str, str]) -> PageVisit:
    """Nobody is shown a log without being counted: a PROGRAM and what is AHEAD have to be shown none."""
    purpose = " ".join(headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")).lower()
    if any(word in purpose for word in AHEAD):
        return PageVisit.AHEAD
    if method != "GET":
        return PageVisit.PROGRAM
    if headers.get("Sec-Fetch-Site") == "same-origin":
        return PageVisit.WITHIN
    if headers.get("Sec-Fetch-Mode") != "navigate" and PREVIEWS.search(headers.get("User-Agent", "")):
        return PageVisit.PROGRAM
    return PageVisit.PERSON
