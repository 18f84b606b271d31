"""docs/operation.md names every setting an operator may set, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_manual_lists_exactly_what_the_settings_read():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operation.md").read_text(), re.MULTILINE))
    assert read == listed
