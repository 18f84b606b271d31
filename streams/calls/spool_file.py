"""The spool on disk: a folder with a file for each process, which holds a lock on its own as long as it lives.

Owns that a file is whole and locked before it has its name, that no link is followed, and that only its owner reads it. Blocks: for
threads only. Must not know what is in a record."""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from streams.pure.spool_records import framed

NAME = re.compile(r"([0-9a-f]{32})\.spool")
UNFINISHED = re.compile(r"[0-9a-f]{32}\.new")


def open_folder(folder: Path) -> int:
    """A descriptor of the folder, made where it is not there. Raises OSError, also for a link in its place."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        os.fchmod(descriptor, 0o700)
    return descriptor


def locked(descriptor: int) -> bool:
    """Takes the lock of an open file; False when a process that lives has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_same_file(descriptor: int, name: str, folder: int) -> bool:
    """Whether `name` is still the file that was opened."""
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


class SpoolFile:
    """The file of the process `owner`. `usable`: it holds all that it was given. `size` in bytes."""

    def __init__(self, folder: Path, owner: str) -> None:
        self.path = folder / f"{owner}.spool"
        self.size = 0
        self.usable = False
        self._heading_size = 0
        self._draft = f"{owner}.new"
        self._descriptor: int | None = None

    def append(self, payloads: Iterable[bytes]) -> None:
        """On disk once it returns. Raises OSError, and then is not usable."""
        assert self._descriptor is not None
        try:
            self.size += _write(self._descriptor, b"".join(map(framed, payloads)))
        except OSError:
            self.usable = False
            raise

    def empty(self) -> None:
        """Nothing of what it was given is wanted any more."""
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, self._heading_size)
        self.size = self._heading_size

    def begin_anew(self, heading: bytes, payloads: Iterable[bytes]) -> None:
        """A file with these and nothing else takes the place of the one before, which stays as it is where that fails with OSError."""
        folder = open_folder(self.path.parent)
        try:
            self._begin_anew(folder, heading, payloads)
        finally:
            os.close(folder)

    def _begin_anew(self, folder: int, heading: bytes, payloads: Iterable[bytes]) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._draft, dir_fd=folder)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._draft, flags, 0o600, dir_fd=folder)
        try:
            if not locked(descriptor):
                raise BlockingIOError(errno.EAGAIN, "another process has taken it for one that was left behind")
            size = _write(descriptor, heading, *map(framed, payloads))
            os.rename(self._draft, self.path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(self._draft, dir_fd=folder)
            raise
        self.close()
        self._descriptor, self.size, self.usable, self._heading_size = descriptor, size, True, len(heading)
        os.fsync(folder)

    def is_there(self) -> bool:
        """Whether it is still found under its name."""
        if self._descriptor is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.lstat())
        except OSError:
            return False

    def remove(self) -> None:
        """Its file, unless something else has its name by now."""
        if self.is_there():
            self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Whoever looks now finds it left behind."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self.usable = None, False


def _write(descriptor: int, *parts: bytes) -> int:
    total = 0
    for part in parts:
        view = memoryview(part)
        while view:
            count = os.write(descriptor, view)
            total, view = total + count, view[count:]
    os.fsync(descriptor)
    return total
