"""The one door for text that strangers wrote: what comes through it can be stored, logged and shown.

Owns which characters are let in. Must not know where the text goes."""

import re

# C0 and C1 controls, surrogates, bidirectional overrides and line separators: invisible, or able to forge a log line.
_HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def cleaned(text: object, limit: int = 500) -> str:
    """`text` with hostile characters shown as U+FFFD and cut to `limit` characters ('…' at the cut)."""
    clean = _HOSTILE.sub("\ufffd", str(text)[: limit * 2])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
