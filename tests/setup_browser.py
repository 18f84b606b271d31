"""Brings a Chromium for the tests that drive one, where there is none that starts: `python -m tests.setup_browser`, as `make test` does.

By Playwright into build/browsers, which touches nothing outside of the tree; where that fails and this is root on a Debian, by apt. Each is
bounded in time, as `make test` waits for it. Where neither can be had this says so in a line, and so does the table after the tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from tests.chromium import BROUGHT, find

LOG = BROUGHT.parent / "browser.log"
APT = ("apt-get", "-qq", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::Retries=1", "-o", "DPkg::Lock::Timeout=60")


def main() -> None:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_bytes(b"")
    if starts(find()):
        return
    print("Bringing a Chromium for the tests of the console ...", flush=True)
    for brought in ways():
        if brought and starts(find()):
            return
    remove_what_does_not_start()
    print(f"No Chromium could be had, by Playwright or by apt; {LOG.relative_to(BROUGHT.parents[1])} says why.")


def starts(program: str | None) -> bool:
    """A browser whose libraries are missing, and Ubuntu's stand-in for its snap, are as good as none."""
    return program is not None and run((program, "--version"), seconds=20)


def ways() -> Iterator[bool]:
    """One after the other, each only when it is asked for."""
    places = {"PLAYWRIGHT_BROWSERS_PATH": str(BROUGHT), "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000"}
    yield run((sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"), seconds=240, environment=places)
    if os.getuid() == 0 and shutil.which("apt-get"):
        remove_what_does_not_start()
        run((*APT, "update"), seconds=120)  # an old list is better than none
        for package in ("chromium-headless-shell", "chromium"):
            yield run((*APT, "install", "--no-install-recommends", package), seconds=240, environment={"DEBIAN_FRONTEND": "noninteractive"})


def remove_what_does_not_start() -> None:
    """What was brought would be found before anything else."""
    shutil.rmtree(BROUGHT, ignore_errors=True)


def run(command: tuple[str, ...], *, seconds: float, environment: Mapping[str, str] | None = None) -> bool:
    with LOG.open("ab") as log:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | (environment or {}),
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.write(f"{error}\n".encode())
            return False
    return done.returncode == 0


if __name__ == "__main__":
    main()
