"""The console's colours can be read in both themes: WCAG 2.2 AA, 4.5 to 1 for text."""

import re
from pathlib import Path

import pytest

import cdr

CSS = (Path(cdr.__file__).parent / "static" / "cdr" / "console.css").read_text()
COLOURS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)}
TEMPLATES = Path(cdr.__file__).parent.parent / "templates"
FEW_COLUMNS = 4
NARROW = ("cards", "turns", "money", "compare", "result_list", "worst")
"""What the style sheet lays out for phones."""
SURFACES = ("body-bg", "darkened-bg", "selected-bg", "selected-row")
PAIRS = [(f"{tone}-fg", f"{tone}-bg") for tone in ("good", "live", "quiet", "warn", "bad")]
PAIRS += [
    (text, surface) for text in ("body-fg", "body-loud-color", "body-quiet-color", "link-fg", "link-hover-color") for surface in SURFACES
]
PAIRS += [("error-fg", "body-bg"), ("body-fg", "message-success-bg"), ("body-fg", "message-warning-bg"), ("body-fg", "message-error-bg")]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), PAIRS)
def test_text_can_be_read_on_its_surface(text, surface, theme) -> None:
    assert contrast(COLOURS[text][theme], COLOURS[surface][theme]) >= 4.5


@pytest.mark.parametrize("button", ["button-bg", "button-hover-bg"])
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_buttons_have_white_words(button, theme) -> None:
    assert contrast("#ffffff", COLOURS[button][theme]) >= 4.5


def test_it_is_small() -> None:
    """Each page waits for it once."""
    assert len(CSS.encode()) <= 42_000


def test_tables_of_many_columns_are_cards_on_a_phone_or_narrow() -> None:
    tables = [
        (path.name, head, body)
        for path in TEMPLATES.rglob("*.html")
        for head, body in re.findall(r"<table([^>]*)>(.*?)</table>", path.read_text(), re.DOTALL)
    ]
    wide = [(name, head) for name, head, body in tables if body.count('scope="col"') > FEW_COLUMNS]
    assert len(wide) > 10 and not [(name, head) for name, head in wide if not any(known in head for known in NARROW)]


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert "url(" not in CSS and "@import" not in CSS
