"""Examinations of this machine: who runs the command, DATA_DIR and its disk, what a killed process left, descriptors.

Owns what is too little. Descriptors are those of the platform's processes that run here, where the system shows them."""

import fcntl
import os
import pwd
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from config.doctor.findings import Finding, error, warning
from streams.pure.door_plan import door_plan

FULL_BYTES, NEARLY_FULL_BYTES = 100 * 1_048_576, 1024 * 1_048_576
NEARLY_FULL_PART = 0.05
FEW_DESCRIPTORS = 4096
OLD_SPOOL_SECONDS = 600.0
LIMIT_LINE = re.compile(r"^Max open files\s+(\d+|unlimited)", re.MULTILINE)


def examine_data_folder() -> Iterator[Finding]:
    folder: Path = settings.DATA_DIR
    owner, here = folder.stat().st_uid, os.geteuid()
    if owner != here:
        as_owner = f"sudo -u {user_name(owner)} ..." if here == 0 else f"Become {user_name(owner)}, or take the folder over (chown -R)"
        what = f"DATA_DIR={folder} belongs to {user_name(owner)}, and this command runs as {user_name(here)}"
        yield warning(f"{what}: what one writes there the other may not read.", f"Run every command as the platform's user: {as_owner}.")
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        what = f"Nothing can be written to DATA_DIR={folder} ({problem.strerror})."
        yield error(what, "Make room, or let the platform's user write there. Calls' notes are in memory only until then.")
    if not settings.EMBEDDED and here == 0:
        yield warning("The platform's commands run as root.", "Give it a system user of its own (docs/operation.md, Installing).")


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def examine_disk() -> Iterator[Finding]:
    room = shutil.disk_usage(settings.DATA_DIR)
    left = f"{room.free / 1_048_576:.0f} MiB are left on the disk of DATA_DIR={settings.DATA_DIR}"
    if room.free < FULL_BYTES:
        yield error(f"{left}.", "Make room now: exports in DATA_DIR/exports are removed after 7 days, and may be sooner.")
    elif room.free < NEARLY_FULL_BYTES or room.free < NEARLY_FULL_PART * room.total:
        yield warning(f"{left}, of {room.total / 1_073_741_824:.0f} GiB.", "Make room, or give it a disk of its own.")
    entries = os.statvfs(settings.DATA_DIR)
    if entries.f_files and entries.f_favail < 1000:
        yield error(
            f"{entries.f_favail} inodes are left on the disk of DATA_DIR.", "Remove small files there, or make the file system anew."
        )


def examine_spool() -> Iterator[Finding]:
    folder = settings.DATA_DIR / "spool"
    damaged = sorted(folder.glob("*.damaged"))
    if damaged:
        what = f"{len(damaged)} {'file' if len(damaged) == 1 else 'files'} in {folder} could not be read wholly, such as {damaged[0].name}."
        yield warning(what, "What could be read is in the database. Keep them for whoever looks into it, or remove them.")
    left = [file for file in folder.glob("*.spool") if is_left(file)]
    if left:
        what = f"{folder} has what {len(left)} killed {'process' if len(left) == 1 else 'processes'} had noted, for more than 10 minutes."
        yield error(what, "A web process or a worker with this DATA_DIR writes it; its log says what keeps it from that.")


def is_left(file: Path) -> bool:
    """By a process that holds no lock on it any more."""
    with suppress(OSError), file.open("rb") as opened:
        if time.time() - os.fstat(opened.fileno()).st_mtime < OLD_SPOOL_SECONDS:
            return False
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    return False


def examine_descriptors() -> Iterator[Finding]:
    running = dict(limits_of_running())
    limits = set(running.values()) or {resource.getrlimit(resource.RLIMIT_NOFILE)[1]}
    of = "A web process that runs here" if running else "This shell"
    fewest = min((limit for limit in limits if limit != resource.RLIM_INFINITY), default=FEW_DESCRIPTORS)
    if fewest < FEW_DESCRIPTORS and not settings.EMBEDDED:
        takes = door_plan(fewest).taken
        what = f"{of} may have {fewest} files open: it takes {takes} gateways' sockets and requests at most."
        yield warning(what, "LimitNOFILE=65536 in its systemd unit, `ulimits` in Compose.")


def limits_of_running() -> Iterator[tuple[int, int]]:
    """By process id, of those that serve. Of other users' processes nothing is told."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"serve" in words and any(word.endswith(b"manage.py") for word in words):
                found = LIMIT_LINE.search((place / "limits").read_text())
                if found and found[1] != "unlimited":
                    yield int(place.name), int(found[1])
