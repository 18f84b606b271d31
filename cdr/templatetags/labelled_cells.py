"""Cells of Django's lists with the heads of their columns: on a phone, where a row is a card, the head stands before the value, and what
has no value is left out.

Owns that one tag. Must not know which lists there are."""

import re
from collections.abc import Iterable, Mapping
from html import unescape

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from cdr.pure.figures import NOTHING

register = template.Library()
CELL = "<td"
TAG, DRAWN = re.compile(r"<[^>]*>"), re.compile(r"<(?:img|svg|input|button)\b")


@register.simple_tag
def labelled_cells(heads: Iterable[Mapping[str, object]], cells: Iterable[str]) -> SafeString:
    """The cells of a row. That of the boxes to tick has no label, as its head is a box, and none has the one that names the row."""
    labelled = "".join(_labelled(head, conditional_escape(cell)) for head, cell in zip(heads, cells, strict=False))
    return mark_safe(labelled)  # each part is escaped  # noqa: S308  # nosec B308 B703


def _labelled(head: Mapping[str, object], cell: str) -> str:
    if not cell.startswith(CELL) or "action-checkbox" in str(head.get("class_attrib", "")):
        return cell
    said = " data-none" if _is_empty(cell) else format_html(' data-label="{}"', capfirst(str(head["text"])))
    return CELL + said + cell[len(CELL) :]


def _is_empty(cell: str) -> bool:
    """Nothing is read in it, and nothing seen."""
    return not DRAWN.search(cell) and unescape(TAG.sub("", cell)).strip() in ("", "-", NOTHING)
