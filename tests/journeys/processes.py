"""Child processes of the journeys: each keeps its output, can be waited on for a line, and is stopped by its own pid, and ends
with the tests."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.warm_start import WarmPopen, can_be_warm

SETPRIV = shutil.which("setpriv")


def ended_with_the_tests(signal_name: str) -> tuple[str, ...]:
    """What stands before a command whose process the kernel is to end so when the tests' own is gone; nothing where there is no setpriv."""
    return (SETPRIV, "--pdeathsig", signal_name) if SETPRIV else ()


DIES_WITH_THE_TESTS = ended_with_the_tests("KILL")
"""Linux ends the child when the tests' process is killed and can stop nothing itself (Ctrl-C with several processes does that)."""
STARTER = ThreadPoolExecutor(1, "starts child processes")
"""The kernel looks at the thread that started a child, not at its process; this one lives as long as the process."""


def clean_environment() -> dict[str, str]:
    """Of ours only what any program needs: whoever runs the tests may have settings of an installation in theirs."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}


class ChildProcess:
    """Output and errors go into `lines`, which a failed test shows."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.lines: list[str] = []
        self._line = threading.Condition()
        self.popen = STARTER.submit(self._started, command, folder, dict(environment)).result()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def _started(command: Sequence[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
        return WarmPopen(
            command if can_be_warm(command) else [*DIES_WITH_THE_TESTS, *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def wait_for_line(self, pattern: str, timeout_seconds: float = 40) -> re.Match[str]:
        """The first line that matches; raises AssertionError with the whole output when the process ends or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        with self._line:
            while True:
                if found := next((match for line in self.lines if (match := re.search(pattern, line))), None):
                    return found
                assert self._reader.is_alive(), f"{self.name} ended before it said {pattern!r}:\n{self.output}"
                assert self._line.wait(deadline - time.monotonic()), f"{self.name} did not say {pattern!r}:\n{self.output}"

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout_seconds: float = 20) -> int:
        status = self.popen.wait(timeout_seconds)
        self._reader.join(5)
        return status

    def stop(self) -> None:
        """SIGTERM, ten seconds, SIGKILL for it and what it started."""
        if self.popen.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        assert self.popen.stdout is not None
        self.popen.stdout.close()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            with self._line:
                self.lines.append(line.rstrip("\n"))
                self._line.notify_all()
        with self._line:
            self._line.notify_all()
