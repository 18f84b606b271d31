"""A network of its own for processes and sockets of the tests: nothing in it but a 127.0.0.1 that nobody else reaches. Root's on Linux.

Owns how one is made and entered. Must not know who is in it, nor import anything of ours: what warm processes are forks of has it."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000


def enter(path: str) -> None:
    """This thread, and what it starts, into the network at this path. `os.setns` is Python's since 3.12."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns into {path}")
    finally:
        os.close(descriptor)


def can_have_networks() -> bool:
    """Asked of the machine itself: root in a container may not."""
    if sys.platform != "linux" or os.getuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    return subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode == 0


class Network:
    """It lasts as long as the process that holds it, which ends with us: its input does."""

    def __init__(self) -> None:
        holding = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"]
        self._holder = subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout is not None and self._holder.stdout.readline() == b"up\n"
        self._inside = ThreadPoolExecutor(1, "in a network", initializer=enter, initargs=(self.path,))

    @property
    def path(self) -> str:
        return f"/proc/{self._holder.pid}/ns/net"

    @property
    def entered_by(self) -> tuple[str, ...]:
        """What a command is started by to be in it."""
        return ("nsenter", f"--net={self.path}")

    def inside(self, make: Callable[[], T]) -> T:
        """A socket stays in the network in which it was made."""
        return self._inside.submit(make).result()

    def close(self) -> None:
        self._inside.shutdown()
        self._holder.communicate()
