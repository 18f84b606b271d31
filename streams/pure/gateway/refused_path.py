"""A refused gateway's path, fit for a log and a row: names that are known or nearly so stay, anything else may be a password in the wrong
place and is told by its beginning and its length.

Owns that judgement. Must not know which gateways there are."""

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from streams.pure.foreign_text import cleaned

SHORT = 7
"""No gateway's password is as short."""
NEARLY = 0.75
SHOWN_CHARACTERS = 3
MOST_SEGMENTS = 3


def shown_name(name: str, known: Iterable[str]) -> str:
    """A gateway's name as it came: in full when it is short, or is nearly one that is known."""
    if len(name) <= SHORT or any(_nearly(name, other) for other in known):
        return cleaned(name, 80)
    return f"{cleaned(name[:SHOWN_CHARACTERS], 80)}… ({len(name)} characters)"


def shown_path(path: str, known: Collection[str]) -> str:
    """`known`: names of gateways and of dialects. What stands behind the third segment is left out: a password has its place there."""
    segments = [segment for segment in path.split("/") if segment]
    shown = [_shown_segment(segment, known) for segment in segments[:MOST_SEGMENTS]]
    return "/" + "/".join([*shown, *(["..."] if len(segments) > MOST_SEGMENTS else [])])


def _shown_segment(segment: str, known: Collection[str]) -> str:
    is_shown = len(segment) <= SHORT or any(_nearly(segment, other) for other in ("gateway", *known))
    return cleaned(segment, 80) if is_shown else "..."


def _nearly(name: str, other: str) -> bool:
    """Cheap where it is not: a stranger decides how often it is asked."""
    if name == other:
        return True
    alike = abs(len(name) - len(other)) <= 2 and (name[:2] == other[:2] or name[-3:] == other[-3:])
    return alike and SequenceMatcher(None, name, other, autojunk=False).ratio() >= NEARLY
