"""A process that starts warm is what Python would have started: told the same, it finds, says and ends the same."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.processes import STARTER
from tests.own_network import Network, can_have_networks
from tests.warm_start import ROOT, WarmServerPopen, WarmTestsPopen, with_descriptors

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere everything starts as ever")


@pytest.fixture(scope="module", autouse=True)
def starter() -> None:
    """The thread that starts child processes, which lives as long as the tests' process."""
    STARTER.submit(int).result()


def outcome(kind: Any, *command: str, **environment: str) -> tuple[int, str, str]:
    given = {"PATH": os.environ["PATH"], "A": "b", **environment}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with kind(command, cwd=ROOT, env=given, text=True, start_new_session=True, **pipes) as process:
        said, complaint = process.communicate("read", 60)
    return process.returncode, said, complaint


@pytest.mark.parametrize(("prefix", "environment"), [((), {}), (with_descriptors(77), {"PYTHONUNBUFFERED": "1"})])
def test_it_is_told_and_tells_what_any_process_would(prefix: tuple[str, ...], environment: dict[str, str]) -> None:
    command = (*prefix, sys.executable, "-m", "tests.telling_process", "word")
    cold, warm = (outcome(kind, *command, **environment) for kind in (subprocess.Popen, WarmServerPopen))
    assert warm == cold
    assert warm[0] == 1 and warm[2] == "it went wrong\n" and str(os.getpid()) in warm[1]


def test_an_interrupt_is_ignored_by_what_is_started_where_it_is_ignored() -> None:
    """As in whatever a shell has put in the background."""
    command = (sys.executable, "-m", "tests.telling_process")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cold, warm = (outcome(kind, *command) for kind in (subprocess.Popen, WarmServerPopen))
    finally:
        signal.signal(signal.SIGINT, before)
    assert warm == cold
    assert "default_int_handler" not in warm[1]


@pytest.mark.parametrize(("end", "status"), [("pass", 0), ("sys.exit()", 0), ("sys.exit(3)", 3), ("raise ValueError('wrong')", 1)])
def test_it_ends_as_any_process_would(end: str, status: int) -> None:
    """What a thread has still to say is awaited, what was registered for the end is run, and all that was printed is there."""
    late = "atexit.register(print, 'at the end'); threading.Timer(0.1, print, ['a thread']).start()"
    command = (sys.executable, "-c", f"import atexit, sys, threading; {late}; print('said'); {end}")
    cold, warm = (outcome(kind, *command) for kind in (subprocess.Popen, WarmServerPopen))
    assert cold[:2] == warm[:2] == (status, "said\na thread\nat the end\n")
    assert cold[2].splitlines()[-1:] == warm[2].splitlines()[-1:]


@pytest.mark.skipif(not can_have_networks(), reason="only root may make a network (and needs Linux' unshare)")
def test_it_is_in_the_network_that_it_is_started_in() -> None:
    network = Network()
    try:
        command = (*network.entered_by, sys.executable, "-c", "import os; print(os.readlink('/proc/self/ns/net'))")
        cold, warm = (outcome(kind, *command) for kind in (subprocess.Popen, WarmServerPopen))
        own = os.readlink(network.path)
    finally:
        network.close()
    assert warm == cold == (0, f"{own}\n", "") and own != os.readlink("/proc/self/ns/net")


def test_what_a_process_of_the_tests_starts_is_a_fork_of_what_that_was_at_its_beginning() -> None:
    inner = "import os, sys; print('pytest' in sys.modules, 'wave' in sys.modules, os.getppid())"
    code = "import contextlib, os, wave; from tests import warm_start as w; w.wanted = contextlib.nullcontext; print(os.getpid()); "
    code += f"print(w.outcome(['-c', {inner!r}], dict(os.environ)).stdout, end='')"
    status, said, complaint = outcome(WarmTestsPopen, sys.executable, "-u", "-c", code)
    pid, *told = said.split()
    assert (status, told, complaint) == (0, ["True", "False", pid], "")


def test_it_is_stopped_by_its_own_id() -> None:
    process = WarmServerPopen(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_it_dies_with_the_tests_and_so_does_what_it_is_a_fork_of() -> None:
    """The tests are another process here, which is killed."""
    begun = "w.WarmServerPopen([sys.executable, '-m', 'http.server', '0', '--bind', '127.0.0.1'])"
    code = "import sys, time, django; django.setup(); from tests import warm_start as w; "
    code += f"print({begun}.pid, flush=True); time.sleep(60)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        assert state_of(pid) in "RSD"
        tests.kill()
    deadline = time.monotonic() + 30
    while (state := state_of(pid)) not in "Z ":
        assert time.monotonic() < deadline, state
        time.sleep(0.01)


def state_of(pid: int) -> str:
    """As the kernel names it; a space when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return " "
