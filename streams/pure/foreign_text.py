"""The one door for text that strangers wrote: what comes through it can be stored, logged and shown.

Owns which characters are let in. Must not know where the text goes."""

import re
from typing import Any

# C0 and C1 controls, surrogates, bidirectional overrides and line separators: invisible, or able to forge a log line.
_HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def cleaned(text: object, limit: int = 500) -> str:
    """`text` with hostile characters shown as U+FFFD and cut to `limit` characters ('…' at the cut)."""
    clean = _HOSTILE.sub("\ufffd", str(text)[: limit * 2])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def cleaned_json(value: Any, limit: int = 500, depth: int = 4) -> Any:
    """A JSON value with every string in it cleaned, at most 50 items a level and `depth` levels."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth and isinstance(value, dict):
        return {cleaned(key, 100): cleaned_json(item, limit, depth - 1) for key, item in list(value.items())[:50]}
    if depth and isinstance(value, list | tuple):
        return [cleaned_json(item, limit, depth - 1) for item in list(value)[:50]]
    return cleaned(value, limit)
