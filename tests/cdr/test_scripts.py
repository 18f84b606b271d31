"""The console's scripts are small: what a page loads, and all there are."""

import re
from pathlib import Path

import cdr

SCRIPTS = {path.name: path.stat().st_size for path in (Path(cdr.__file__).parent / "static" / "cdr").glob("*.js")}
TEMPLATES = Path(cdr.__file__).parent.parent / "templates"
LOADED_LATER = {"find_box.js"}
"""When it is asked for first."""
MOST_A_PAGE, MOST_IN_ALL = 12_500, 22_500


def scripts_of(template: str) -> set[str]:
    """Those of our own that it has, with those of what it extends and includes."""
    file = TEMPLATES / template
    text = file.read_text() if file.exists() else ""
    own = set(re.findall(r'<script src="{% static "cdr/([\w-]+\.js)"', text))
    return own.union(*(scripts_of(other) for other in re.findall(r'{% (?:extends|include) "([^"]+)"', text) if other != template))


def test_no_page_loads_many_bytes_of_them() -> None:
    loaded = {name: scripts_of(name) for name in (str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))}
    assert set().union(*loaded.values()) == SCRIPTS.keys() - LOADED_LATER
    sizes = {name: sum(SCRIPTS[script] for script in scripts) for name, scripts in loaded.items()}
    assert max(sizes.values()) > 10_000 and not {name: size for name, size in sizes.items() if size > MOST_A_PAGE}


def test_all_of_them_are_small() -> None:
    assert sum(SCRIPTS.values()) <= MOST_IN_ALL
