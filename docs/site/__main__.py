"""`python -m docs.site`: lays out in build/ what Zensical makes the site of. `python -m docs.site check`: looks at what it made.

Owns the order. The pages of the reference are made anew each time, of the code, and are kept nowhere."""

import json
import os
import shutil
import sys
from pathlib import Path

import django

from docs.site import staging
from docs.site.built import faults
from docs.site.project import SITE, SOURCES, project

BUILD = staging.ROOT / "build"


def lay_out() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    # They read the settings, and so come after them.
    from docs.site.operations_page import described_for_programs  # noqa: PLC0415
    from docs.site.reference import PAGES  # noqa: PLC0415

    folder = BUILD / SOURCES
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(BUILD / SITE, ignore_errors=True)
    staging.stage(folder)
    for name, render in PAGES.items():
        (folder / "reference" / f"{name}.md").write_text(render())
    (folder / "decisions/index.md").write_text(staging.list_of_decisions())
    (folder / "reference/openapi.json").write_text(described_for_programs())
    listed = [{title: f"reference/{name}.md"} for name, title in titles(folder).items()]
    # Any JSON is YAML.
    (BUILD / "mkdocs.yml").write_text(json.dumps(project(listed), indent=1))


def titles(folder: Path) -> dict[str, str]:
    from docs.site.reference import PAGES  # noqa: PLC0415

    return {name: staging.title_of(folder / "reference" / f"{name}.md") for name in PAGES if name != "operations"}


def check() -> None:
    found = faults(BUILD / SITE)
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        sys.exit(f"{len(found)} faults in the site.")
    print(f"The site is in {(BUILD / SITE).relative_to(staging.ROOT)}: open index.html.")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["check"] else lay_out()
