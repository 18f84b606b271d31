"""What is said when everything runs: a command that the reader can paste, however Streamdesk was installed."""

import sys
from pathlib import Path

import pytest

from config.installation import typed_here


@pytest.mark.parametrize(
    ("begun_as", "python", "typed"),
    [
        ("manage.py", "/srv/streamdesk/.venv/bin/python", [".venv/bin/python", "manage.py"]),
        ("manage.py", "/usr/bin/python3", ["/usr/bin/python3", "manage.py"]),
        ("/home/a/.venv/bin/streamdesk", "/home/a/.venv/bin/python", ["/home/a/.venv/bin/streamdesk"]),
    ],
)
def test_how_a_person_begins_a_command(begun_as: str, python: str, typed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [begun_as, "run"])
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setenv("PATH", "/usr/bin")
    assert typed_here(Path("/srv/streamdesk")) == typed
