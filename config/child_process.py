"""How a child process of ours is born: in a session of its own, so that a terminal's Ctrl-C reaches only the parent, and with
a signal from the kernel when the parent dies, so that nothing is left behind for ever. Must not know what the child is."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

# prctl(2): deliver this signal to the calling process when its parent dies.
PR_SET_PDEATHSIG = 1
# Looked up before the fork: nothing may be loaded between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _dies_with(parent_pid: int, last_signal: signal.Signals) -> Callable[[], None]:
    def ask_kernel() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, last_signal)
        if os.getppid() != parent_pid:  # the parent died before the kernel was asked
            os._exit(1)

    return ask_kernel


def options(
    folder: Path, extra_environment: Mapping[str, str] | None = None, last_signal: signal.Signals = signal.SIGKILL
) -> dict[str, Any]:
    """Keyword arguments for subprocess.Popen and asyncio.create_subprocess_exec, called from the main thread
    (the kernel's signal is tied to the thread that forks). `last_signal` comes when the parent dies."""
    return {
        "cwd": folder,
        "env": {**os.environ, "PYTHONUNBUFFERED": "1", **(extra_environment or {})},
        "start_new_session": True,
        "preexec_fn": _dies_with(os.getpid(), last_signal),
    }


def manage(*arguments: str) -> Sequence[str]:
    """The command line of one of our management commands, under the Python that runs now."""
    return (sys.executable, "manage.py", *arguments)
