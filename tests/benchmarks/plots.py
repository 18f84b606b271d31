"""Lines over an axis that doubles, as SVG: readable in light and dark, text as text, no script. By pygal.

Owns how a plot looks. Must not know what is measured."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pygal
from lxml import etree
from pygal.style import Style

# It looks for maps that come as packages of their own, in a way that Python warns of at every import that fails.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

GREY = "#7d838c"
"""Seen on white as on black: a page's theme is not told to a picture in it."""
COLOURS = ("#2f7fd6", "#cf7a1c", "#2c9a58")
DASHES = ("", "9,4", "3,4")
"""Who sees no colours tells lines by them."""
STEPS = (1, 2, 5)
ROOM = 1.9
A_LITTLE_MORE = 1.001
"""A mark at the very end of an axis is not drawn."""
LOOK = Style(
    background="transparent",
    plot_background="transparent",
    foreground=GREY,
    foreground_strong=GREY,
    foreground_subtle=GREY,
    guide_stroke_color=f"{GREY}55",
    major_guide_stroke_color=f"{GREY}55",
    guide_stroke_dasharray="none",
    major_guide_stroke_dasharray="none",
    colors=COLOURS,
    opacity="1",
    font_family="system-ui, sans-serif",
    label_font_size=14,
    major_label_font_size=14,
    title_font_size=16,
    legend_font_size=15,
)

Points = list[tuple[float, float]]


class Plot(NamedTuple):
    """Both axes are logarithmic, and have their units in their names. What is 0 cannot be drawn there, and is left out."""

    name: str
    x_title: str
    y_title: str
    lines: dict[str, Points]


def marks(values: Iterable[float]) -> list[float]:
    """1, 2, 5, 10 ... from the last one that is not above the least of them to the first that is not below the most."""
    known = list(values)
    every = [step * 10.0**power for power in range(-6, 10) for step in STEPS]
    first = max(mark for mark in every if mark <= min(known))
    last = min(mark for mark in every if mark >= max(known) and mark > first)
    return [mark for mark in every if first <= mark <= last]


def spaced(values: Iterable[float]) -> list[float]:
    """Those with room for a number below them, from the least one on."""
    kept = list[float]()
    for value in sorted(values):
        if not kept or value >= kept[-1] * ROOM:
            kept.append(value)
    return kept


def drawn(plot: Plot) -> bytes:
    lines = {name: [(x, y) for x, y in points if y > 0] for name, points in plot.lines.items()}
    xs = spaced(x for points in lines.values() for x, _ in points)
    ys = marks(y for points in lines.values() for _, y in points)
    chart = pygal.XY(
        style=LOOK,
        css=["file://style.css", "file://graph.css", "inline:.series .line{stroke-width:2.5}"],
        js=[],
        no_prefix=True,
        disable_xml_declaration=True,
        logarithmic=True,
        width=900,
        height=480,
        x_title=plot.x_title,
        y_title=plot.y_title,
        x_labels=xs,
        y_labels=ys,
        range=(ys[0], ys[-1] * A_LITTLE_MORE),
        value_formatter=lambda value: f"{value:,g}",
        x_value_formatter=lambda value: f"{value:,g}",
        dots_size=3.5,
        margin_right=40,
        show_legend=len(lines) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(lines),
        legend_box_size=14,
        truncate_legend=-1,
        title=plot.name,
    )
    for (name, points), dash in zip(lines.items(), DASHES, strict=False):
        chart.add(name, points, stroke_style={"dasharray": dash})
    tree = etree.fromstring(chart.render())
    for element in list(tree.iter("{*}script", etree.Comment)):
        element.getparent().remove(element)
    return bytes(etree.tostring(tree)) + b"\n"


def draw(plot: Plot, path: Path) -> None:
    path.write_bytes(drawn(plot))
