"""A browser that does not start is as good as none, and that none can be had is said in a line."""

from pathlib import Path

import pytest

from tests import chromium, setup_browser


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a browser is brought to; there is none on PATH, and nothing brings one."""
    folder = tmp_path / "build" / "browsers"
    folder.parent.mkdir()
    for module in (chromium, setup_browser):
        monkeypatch.setattr(module, "BROUGHT", folder)
    monkeypatch.setattr(setup_browser, "LOG", tmp_path / "build" / "browser.log")
    monkeypatch.setattr(setup_browser, "ways", lambda: iter([False]))
    monkeypatch.setattr(chromium, "NAMES", ())
    return folder


def program(folder: Path, version: str, script: str) -> Path:
    path = folder / f"chromium_headless_shell-{version}" / "chrome-headless-shell-linux64" / "chrome-headless-shell"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_one_that_starts_is_taken_and_nothing_said(brought: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = program(brought, "1255", "echo Chromium")
    setup_browser.main()
    assert (chromium.find(), capsys.readouterr().out) == (str(path), "")


def test_that_there_is_none_is_said_in_a_line(brought: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setup_browser.main()
    assert capsys.readouterr().out.splitlines()[1:] == ["No Chromium could be had, by Playwright or by apt; build/browser.log says why."]
    assert chromium.find() is None


def test_one_that_does_not_start_is_removed_and_its_words_are_kept(brought: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(brought, "1255", "echo error while loading shared libraries: libnss3.so; exit 127")
    setup_browser.main()
    assert "No Chromium could be had" in capsys.readouterr().out
    assert chromium.find() is None and "libnss3.so" in (brought.parent / "browser.log").read_text()


def test_the_program_names_itself_before_it_is_believed(brought: Path) -> None:
    assert not setup_browser.starts(str(brought / "nothing"))
    assert not setup_browser.starts(None)
