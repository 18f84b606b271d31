"""DATA_DIR is for its owner's eyes only, whatever was there before: database, exports, keys and first passwords lie in it.

Owns modes and owners of what is in it, and keys that are made once. Raises ImproperlyConfigured where that cannot be had."""

import os
import secrets
import stat
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

OTHERS = 0o077
"""What group and others may do."""
ROOT_USER = 0


def make_private(folder: Path, apart: Path) -> None:
    """Takes from `folder` and all that is in it what group and others may do, and lets this process make nothing else; `apart` is left
    as it is: files that a web server reads. Links are not followed."""
    os.umask(OTHERS)
    _close(folder, folder)
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) != apart]
        for name in (*folders, *files):
            _close(Path(place, name), folder)


def generated_secret(file: Path) -> str:
    """A key of an installation on trial: made once, readable by its owner only. Two processes that begin at once have the same."""
    try:
        return _secret_in(file)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{file} cannot be read or made ({error.strerror}). DATA_DIR={file.parent} needs room, and belongs to the user that runs this."
        ) from error


def _secret_in(file: Path) -> str:
    if not file.exists():
        _make(file)
    if (owner := _owner_of(file)) not in (os.geteuid(), ROOT_USER, _owner_of(file.parent)):
        raise ImproperlyConfigured(f"{file} belongs to another user ({owner}), who may know what is in it. Remove it: a new one is made.")
    secret = file.read_text().strip()
    if not secret:
        raise ImproperlyConfigured(
            f"{file} is empty. Write the key back that was in it, or remove the file where nothing was kept with it."
        )
    return secret


def _owner_of(path: Path) -> int:
    return path.stat().st_uid


def _make(file: Path) -> None:
    """Written beside it and then given its name, which fails when somebody was quicker: nobody reads half a key."""
    draft = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_urlsafe(48))
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _close(path: Path, folder: Path) -> None:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or stat.S_ISSOCK(mode) or not mode & OTHERS:
            return
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:  # it was there a moment ago: another process's
        return
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} can be used by others (mode {stat.S_IMODE(mode):o}) and cannot be made private ({error.strerror}): it belongs to "
            f"another user. DATA_DIR={folder} holds secrets: take it over (chown -R), or name a folder that is not there yet, such as "
            f"DATA_DIR={folder}/streamdesk."
        ) from error
