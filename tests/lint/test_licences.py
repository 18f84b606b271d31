"""Each part of a release has a licence that is allowed, and the list of parts says which."""

import json
import re
from pathlib import Path

import pytest

from lint.licences import RULES, NotAllowed, licence_of, main, names_in, with_licences

ROOT = Path(__file__).parents[2]
PARTS = ("requirements.txt", "requirements-parquet.txt", "requirements-tracing.txt")


def packages() -> set[str]:
    lines = (line for name in PARTS for line in (ROOT / name).read_text().splitlines())
    return {found[1] for line in lines if (found := re.match(r"([\w.-]+)==", line))}


def test_each_package_of_a_release_has_a_licence_that_is_allowed() -> None:
    assert len(packages()) > 80
    for name in sorted(packages()):
        assert licence_of(name)


def test_nothing_is_said_of_packages_that_are_none_of_its_parts_and_no_licence_allowed_that_none_has() -> None:
    assert set(RULES["said"]) <= packages()
    assert set(RULES["allowed"]) == {name for package in packages() for name in names_in(licence_of(package))}


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("django", "AGPL-3.0-only", "django has the licence AGPL-3.0-only, and AGPL-3.0-only is not among those"),
        ("django", "MIT OR GPL-2.0-only", "GPL-2.0-only is not among"),
        ("django", "MIT WITH Classpath-exception-2.0", "Classpath-exception-2.0 is not among"),
        ("django", "free as in beer", "The licence of django is not known by SPDX. Read it"),
        ("no-such-package", None, "The licence of no-such-package is not known by SPDX"),
    ],
)
def test_what_is_not_allowed_or_not_known_is_refused(name: str, said: str | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if said:
        monkeypatch.setitem(RULES["said"], name, said)
    with pytest.raises(NotAllowed, match=re.escape(words)):
        licence_of(name)


def test_the_list_of_parts_says_it_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [{"name": name, "type": "library", "bom-ref": name} for name in ("Django", "soundfile", "g722")]
    file = tmp_path / "streamdesk.cdx.json"
    file.write_text(json.dumps({"bomFormat": "CycloneDX", "components": parts}))
    assert main([str(file)]) == 0
    first = file.read_text()
    assert main([str(file)]) == 0 and file.read_text() == first
    assert [part["licenses"] for part in json.loads(first)["components"]] == [
        [{"license": {"id": "BSD-3-Clause"}}],
        [{"expression": "BSD-3-Clause AND LGPL-2.1-or-later"}],
        [{"expression": "BSD-2-Clause AND LicenseRef-Public-Domain"}],
    ]
    file.write_text(json.dumps({"components": [{"name": "no-such-package"}]}))
    assert main([str(file)]) == 1 and "no-such-package" in capsys.readouterr().err
    assert with_licences({"components": []}) == {"components": []}
