"""The file of first passwords: made once, complete, private."""

from pathlib import Path

from config import credentials
from streams.models.tenants import auth_id_validator


def test_they_are_made_once_and_kept(tmp_path: Path):
    first = credentials.load(tmp_path)
    assert credentials.load(tmp_path) == first
    assert set(first) == set(credentials.MAKERS) and all(len(value) >= 16 for value in first.values())
    auth_id_validator(first["demo_auth_id"])


def test_two_installations_share_none(tmp_path: Path):
    one, other = credentials.load(tmp_path), credentials.load(tmp_path.parent)
    (tmp_path.parent / credentials.FILE_NAME).unlink()
    assert not set(one.values()) & set(other.values())


def test_only_the_owner_reads_the_file(tmp_path: Path):
    credentials.load(tmp_path)
    assert (tmp_path / credentials.FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_what_is_missing_is_added_and_the_rest_kept(tmp_path: Path):
    (tmp_path / credentials.FILE_NAME).write_text("# mine\nadmin_password=chosen=by hand\n")
    found = credentials.load(tmp_path)
    assert found["admin_password"] == "chosen=by hand" and found["support_password"]
    assert credentials.load(tmp_path) == found
