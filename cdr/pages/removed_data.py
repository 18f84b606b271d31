"""What retention took of a call, in a sentence for its pages.

Owns the reading of the call's marks. Must not know what was there before."""

from cdr.pure.retention import Kind, removed_words
from streams.models import Call


def removed_of(call: Call) -> str:
    return removed_words({kind: getattr(call, f"{kind}_removed_at") for kind in Kind})
