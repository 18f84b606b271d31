"""What lies in DATA_DIR is its owner's alone, whatever was there before; and where that cannot be had, a sentence says so."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import private_files
from config.private_files import generated_secret, make_private

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The umask is the whole process's."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_was_open_is_closed_and_what_comes_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "exports").mkdir(parents=True)
    for file in (folder / "streamdesk.sqlite3", folder / "exports" / "1.csv", folder / "credentials.txt"):
        file.write_text("secret")
        file.chmod(0o666)
    folder.chmod(0o777)
    make_private(folder, apart=folder / "static")
    (folder / "later").write_text("secret")
    assert not any(mode(path) & 0o077 for path in (folder, *folder.rglob("*")))


def test_files_of_a_web_server_stay_readable_where_they_are_elsewhere(tmp_path: Path) -> None:
    static = tmp_path / "data" / "static"
    static.mkdir(parents=True)
    (static / "console.css").write_text("")
    (static / "console.css").chmod(0o644)
    make_private(tmp_path / "data", apart=static)
    assert mode(static / "console.css") == 0o644


def test_nothing_behind_a_link_is_touched(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("")
    (outside / "file").chmod(0o644)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "file").symlink_to(outside / "file")
    make_private(folder, apart=folder / "static")
    assert mode(outside / "file") == 0o644


def test_what_cannot_be_closed_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(ImproperlyConfigured, match="can be used by others .mode 755. and cannot be made private .Operation not permitted."):
        tmp_path.joinpath("data").mkdir(mode=0o755)
        make_private(tmp_path / "data", apart=tmp_path)


def test_a_key_is_made_once_whoever_comes_at_the_same_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: generated_secret(tmp_path / "key"), range(32)))
    assert len(keys) == 1 and len(keys.pop()) >= 48
    assert mode(tmp_path / "key") == 0o600 and [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_key_that_somebody_else_laid_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generated_secret(tmp_path / "key")
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(private_files, "ROOT_USER", 4711)
    monkeypatch.setattr(private_files, "_owner_of", lambda path: 4711 if path == tmp_path else 66)
    with pytest.raises(ImproperlyConfigured, match="belongs to another user .66., who may know what is in it"):
        generated_secret(tmp_path / "key")


def test_an_empty_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    with pytest.raises(ImproperlyConfigured, match="is empty"):
        generated_secret(tmp_path / "key")


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be somebody else for a moment.")
def test_a_folder_of_somebody_else_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """As nobody, in a folder of root's that all may write to: as a volume is, that a container is given."""
    folder = Path("/tmp") / f"streamdesk-test-{os.getpid()}"
    folder.mkdir()
    folder.chmod(0o777)
    try:
        code = f"from pathlib import Path; from config.private_files import make_private; make_private(Path({str(folder)!r}), Path('/x'))"
        command = [sys.executable, "-c", f"import os, sys; sys.path.insert(0, '.'); import config.private_files; os.setuid(65534); {code}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    finally:
        folder.rmdir()
    assert done.returncode == 1 and f"DATA_DIR={folder}/streamdesk" in done.stderr and "Traceback" not in done.stderr


def test_a_key_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="cannot be read or made"):
        generated_secret(Path("/proc/self/secret_key"))
