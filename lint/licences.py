"""The licence of each part of a release, by SPDX, in the list of its parts: as the package's own metadata or licences.toml says.

    python -m lint.licences dist/streamdesk-1.0.0.cdx.json

Ends with a sentence where a part has a licence that is not allowed, or none that is known. The same list comes out of the same packages."""

import json
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

FILE = Path(__file__).with_suffix(".toml")
RULES = tomllib.loads(FILE.read_text())


class NotAllowed(Exception):
    """What is wrong with a part's licence, in a sentence."""


def licence_of(package: str) -> str:
    """By SPDX, and allowed. Raises NotAllowed."""
    name = canonicalize_name(package)
    found = next((spdx for words in _told_by(name) if (spdx := _by_spdx(words))), "")
    if not found:
        raise NotAllowed(f"The licence of {name} is not known by SPDX. Read it, and say it in {FILE.name}.")
    if unknown := sorted(names_in(found) - set(RULES["allowed"])):
        raise NotAllowed(f"{name} has the licence {found}, and {', '.join(unknown)} is not among those that {FILE.name} allows.")
    return found


def with_licences(bom: dict[str, Any]) -> dict[str, Any]:
    """A list of parts (CycloneDX) in which each has its licence. Raises NotAllowed."""
    return {**bom, "components": [_licensed(part) for part in bom["components"]]}


def _licensed(part: dict[str, Any]) -> dict[str, Any]:
    spdx = licence_of(part["name"])
    alone = re.fullmatch(r"[\w.-]+", spdx) and not spdx.startswith("LicenseRef-")
    return dict(sorted({**part, "licenses": [{"license": {"id": spdx}} if alone else {"expression": spdx}]}.items()))


def _told_by(name: str) -> Iterable[str]:
    if name in RULES["said"]:
        return [RULES["said"][name]]
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    return [*told.get_all("License-Expression", []), *told.get_all("License", [])]


def _by_spdx(words: str) -> str:
    try:
        return canonicalize_license_expression(words)
    except InvalidLicenseExpression:
        return ""


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"[\w.+-]+", expression)) - {"AND", "OR", "WITH"}


def main(paths: list[str]) -> int:
    for path in map(Path, paths):
        try:
            whole = with_licences(json.loads(path.read_text()))
        except NotAllowed as wrong:
            sys.stderr.write(f"{wrong}\n")
            return 1
        path.write_text(json.dumps(whole, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
