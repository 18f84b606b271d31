"""The beginning of an application's answer, as the debug log keeps it for the person who has to explain a call.

Owns how much is kept, and which secrets are hidden in it. Must not know whether the document is any good."""

import codecs

from streams.pure.foreign_text import cleaned
from streams.pure.scrubbing import scrubbed_document

KEPT_CHARACTERS = 4096


def answer_sample(document: bytes) -> str:
    """The first KEPT_CHARACTERS, line by line, without the values of extra headers, and without passwords and values in URLs."""
    if b"\x00" in document[:4] and not document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return f"({len(document)} bytes that are no text)"
    encoding = "utf-16" if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    text = document[: KEPT_CHARACTERS * 4].decode(encoding, "replace")
    lines = [cleaned(line.expandtabs(4).rstrip(), KEPT_CHARACTERS) for line in scrubbed_document(text).strip().splitlines()]
    kept = "\n".join(lines)
    return kept if len(kept) <= KEPT_CHARACTERS and len(document) <= KEPT_CHARACTERS * 4 else kept[: KEPT_CHARACTERS - 1] + "…"
