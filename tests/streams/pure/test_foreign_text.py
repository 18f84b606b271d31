"""What strangers wrote comes in as text that can be stored, logged and shown: short, visible, and on one line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.foreign_text import cleaned

SHOWN = "\ufffd"
TURNING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


def code_points(*ranges: tuple[int, int]) -> list[str]:
    return [chr(number) for first, last in ranges for number in range(first, last + 1)]


HOSTILE = {
    "C0 controls": code_points((0x00, 0x1F)),
    "DEL and C1 controls": code_points((0x7F, 0x9F)),
    "direction marks": ["\u061c", "\u200e", "\u200f"],
    "line and paragraph separators": ["\u2028", "\u2029"],
    "bidirectional embeddings and overrides": code_points((0x202A, 0x202E)),
    "bidirectional isolates": code_points((0x2066, 0x2069)),
    "surrogates": code_points((0xD800, 0xDFFF)),
    "byte order mark": ["\ufeff"],
}
EVERY_HOSTILE = frozenset(character for kind in HOSTILE.values() for character in kind)
text_of_any_kind = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from(sorted(EVERY_HOSTILE))))


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_character_is_shown_as_one_that_is_not(kind: str) -> None:
    assert [character for character in HOSTILE[kind] if cleaned(f"a{character}b") != f"a{SHOWN}b"] == []


def test_every_other_character_there_is_comes_in_as_it_is() -> None:
    harmless = "".join(character for character in map(chr, range(0x110000)) if character not in EVERY_HOSTILE)
    assert cleaned(harmless, len(harmless)) == harmless


def test_what_may_break_a_line_or_turn_one_round_is_all_hostile() -> None:
    """By Unicode's own word, so that a range with a hole in it is found. None of them is beyond the first 65,536."""
    for character in map(chr, range(0x10000)):
        breaks_a_line = len(f"a{character}b".splitlines()) > 1
        turns_round = unicodedata.bidirectional(character) in TURNING
        cannot_be_stored = unicodedata.category(character) in {"Cc", "Cs"}
        assert character in EVERY_HOSTILE or not (breaks_a_line or turns_round or cannot_be_stored), hex(ord(character))


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("", 5, ""),
        ("abcd", 5, "abcd"),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("a" * 1000, 5, "aaaa…"),
        ("\n\n\n\n\n\n", 5, SHOWN * 4 + "…"),
        ("ab", 1, "…"),
    ],
)
def test_a_long_text_is_cut_and_says_so(text: str, limit: int, shown: str) -> None:
    assert cleaned(text, limit) == shown


def test_a_text_may_have_500_characters_where_nobody_says_otherwise() -> None:
    assert cleaned("a" * 500) == "a" * 500
    assert cleaned("a" * 501) == "a" * 499 + "…"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "None"), (7, "7"), (b"\n", r"b'\n'"), ([1], "[1]"), (ValueError("a\nb"), f"a{SHOWN}b")],
)
def test_what_is_no_text_is_written_as_one(value: object, shown: str) -> None:
    assert cleaned(value) == shown


@given(text_of_any_kind, st.integers(1, 30))
def test_whatever_comes_can_be_stored_and_takes_one_line(text: str, limit: int) -> None:
    clean = cleaned(text, limit)
    assert len(clean) == min(len(text), limit)
    assert not EVERY_HOSTILE & set(clean)
    assert len(clean.splitlines()) <= 1
    assert clean.encode().decode() == clean
    assert cleaned(clean, limit) == clean


@given(text_of_any_kind, st.integers(1, 30))
def test_nothing_moves_and_nothing_vanishes(text: str, limit: int) -> None:
    kept = cleaned(text, limit)[: limit - 1] if len(text) > limit else cleaned(text, limit)
    assert [(was, now) for was, now in zip(text, kept, strict=False) if now != (SHOWN if was in EVERY_HOSTILE else was)] == []
