"""axe-core, and what it is told to look at: what no page before had (places.js).

Owns the rules that count and the findings that stay. Must not know which pages there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="accessibility: axe-playwright-python is not installed")

CHEAPLY = {"resultTypes": ["violations"], "preload": False}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALL_RULES = {"runOnly": {"type": "tag", "values": WCAG}, **CHEAPLY}
LOOKS = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable", "color-contrast"]}, **CHEAPLY}
"""What changes with the width and the colour scheme."""
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, **CHEAPLY}
KNOWN = {
    'aria-prohibited-attr: <span class="help-tooltip search-label-icon"': "Django's script makes it, at its boxes of permissions and "
    "groups. The input beside it has the same words as its label, so that nothing is lost to a screen reader."
}
"""Findings that stay: a rule's id and what it points at -> why it cannot be helped."""

HERE = Path(__file__)
SHEETS = [*Path(admin.__path__[0]).rglob("*.css"), *(HERE.parents[3] / "cdr" / "static").rglob("*.css")]
STYLED = sorted({name for sheet in SHEETS for name in re.findall(r"[.#][A-Za-z][\w-]*", sheet.read_text())})
"""The ids and classes that style sheets know."""
SCRIPTS = "\n".join(
    [
        Path(axe.__file__).with_name("axe.min.js").read_text(),
        f"const styled = new Set({json.dumps(STYLED)});",
        HERE.with_name("places.js").read_text(),
    ]
)


def findings(page: Any, rules: dict[str, Any], where: str = "news") -> list[str]:
    """`rule: element` of each serious one that is not known, on what places.js has kept as `news`."""
    found = [
        f"{rule['id']}: {node['html'][:150]} {node['any'][0]['message'] if node['any'] else ''}"
        for rule in page.evaluate(f"rules => axe.run({where}, rules)", rules)["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    return [finding for finding in found if not any(finding.startswith(known) for known in KNOWN)]
