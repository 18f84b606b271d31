"""A text that may hold secrets, on its way to a page, a file or the audit log: scrubbed, unless the reader may see them.

Owns that it is scrubbed for whoever does not ask. What is a secret in it is streams.pure.scrubbing's; must not know who may see it."""

import hashlib
from typing import Any

from streams.pure.scrubbing import scrubbed


class SecretText(str):
    """Reads as its scrubbed form, also where nobody thinks of it; `whole` is what is stored."""

    __slots__ = ("whole",)
    whole: str

    def __new__(cls, whole: str) -> "SecretText":
        text = super().__new__(cls, scrubbed(whole))
        text.whole = whole
        return text


def digested(text: str) -> str:
    """What tells one document from another, and nothing of what is in it."""
    return f"{len(text)} characters, SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:16]}" if text else ""


def as_audited(field: str, value: Any) -> str:
    """How a field's value is written into the audit log."""
    text = "" if value is None else str(value)
    return digested(text) if field in DOCUMENTS else scrubbed(text)


DOCUMENTS = {"answer_xml"}
"""Fields that hold a whole document: customers' URLs and extra headers, line by line."""
