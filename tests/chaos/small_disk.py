"""A disk of a store's own that can be full: a tmpfs, which is made as small as what is on it.

Owns the mount. It is seen by the harness and its children only, and gone with them however they end: the harness begins again in a mount
namespace of its own, where it may. Must not know what is kept on it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

OWN = "CHAOS_OWN_MOUNTS"
SIZE = "1g"
"""Of what is there nothing is taken before it is used."""
CANNOT = "" if os.environ.get(OWN) else "only root may mount a small disk (and needs Linux' unshare)"
TRIES = 20


def begin_with_own_mounts(words: Sequence[str]) -> None:
    """Does not return where it may; tried in a namespace that is gone at once."""
    unshare = shutil.which("unshare")
    if not (CANNOT and unshare):
        return
    tried = subprocess.run([unshare, "--mount", "mount", "-t", "tmpfs", "chaos", "/tmp"], capture_output=True, check=False)
    if tried.returncode == 0:
        os.execve(unshare, [unshare, "--mount", sys.executable, *words], {**os.environ, OWN: "yes"})


def mount(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "chaos", folder], check=True)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Not a page is left. Who writes meanwhile is quicker now and then: then it is larger than what was looked at."""
    for _ in range(TRIES):
        there = os.statvfs(folder)
        used_kb = (there.f_blocks - there.f_bfree) * there.f_frsize // 1024
        resized = subprocess.run(["mount", "-o", f"remount,size={used_kb}k", folder], capture_output=True, check=False)
        if resized.returncode == 0:
            return
    raise OSError(f"{folder} could not be made small: {resized.stderr.decode()}")


def empty(folder: Path) -> None:
    subprocess.run(["mount", "-o", f"remount,size={SIZE}", folder], check=True)
