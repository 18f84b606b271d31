"""What a running installation claims for itself on this machine: its DATA_DIR and its port. Owns the sentences for when it cannot."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

LOCK_NAME = "run.lock"


@contextmanager
def data_folder(folder: Path) -> Iterator[None]:
    """Held while the block runs; the kernel gives it back when the process dies. Raises ImproperlyConfigured while another holds it."""
    with (folder / LOCK_NAME).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ImproperlyConfigured(
                f"DATA_DIR={folder} is in use: a Streamdesk runs on it already (process {file.read().strip()}). "
                "Stop that one, or give this one a folder and a port of its own: make run DATA_DIR=/another/folder PORT=8001."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def port(host: str, number: int) -> None:
    """Raises ImproperlyConfigured when `number` cannot be listened on."""
    try:
        with _bound(host, number):
            pass
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ImproperlyConfigured(f"PORT={number} is in use by another program. Try another: make run PORT={number + 1}.") from error
        raise ImproperlyConfigured(f"{host} port {number} cannot be listened on ({error.strerror}). Set HOST or PORT.") from error


def free_port(preferred: int) -> int:
    """`preferred` when it is free on this machine, else any that is."""
    for number in (preferred, 0):
        try:
            with _bound("127.0.0.1", number) as bound:
                return int(bound.getsockname()[1])
        except (OSError, OverflowError):
            continue
    raise ImproperlyConfigured("This machine has no free port.")


@contextmanager
def _bound(host: str, number: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, number))
        bound.listen()
        yield bound
