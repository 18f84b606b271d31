"""What tests/warm_start.py forks: `python -m tests.warm_process SOCKET MODULE ...` imports the modules and forks itself for each request.

A request is what a start of Python is given (command, environment) with four descriptors: input, output, errors, and a socket on which the
fork says that it is there and is told to begin. A fork that will start processes itself leaves behind, before it begins, one that these
can be forks of. Must import nothing of ours but rules: each fork reads that for itself."""

import atexit
import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests import own_network, warm_start

PR_SET_PDEATHSIG = 1
OURS = ("config", "streams", "cdr")
PACKAGES, RULES = ("streams", "cdr"), ("streams.pure", "cdr.pure")
OF_ITS_OWN = ("twisted.internet.reactor", "daphne.server")
"""They make an event loop as they are imported."""


def load(modules: list[str]) -> None:
    gc.disable()
    for module in modules:
        importlib.import_module(module)
    assert not {*OF_ITS_OWN} & {*sys.modules}
    assert all(module in PACKAGES or module.startswith(RULES) for module in sys.modules if module.partition(".")[0] in OURS)
    gc.freeze()
    gc.enable()


def serve(requests: socket.socket) -> None:
    """Returns when nobody can ask any more. A fork runs what it was asked for, and ends. Who interrupts the tests does not mean what waits
    here, which ends when they have."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if request := next_request(requests):
        signal.signal(signal.SIGINT, signal.SIG_IGN if request["ignores_interrupt"] else signal.default_int_handler)
        if request["forks"]:
            leave_one_behind(request["forks"], request["descriptors"])
        be_born(request)
        if request["network"]:
            own_network.enter(request["network"])
        end(status_of(partial(run_with_room if request["room"] else run, request["command"], request["environment"])))


def next_request(requests: socket.socket) -> dict[str, Any] | None:
    """In the fork: what it was asked for. Here: None, when there is nobody any more who could ask."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 1 << 20, 4)
        if not message:
            return None
        if (between := os.fork()) == 0:
            if os.fork():
                os._exit(0)  # so that whoever asked becomes the parent, as the nearest that takes in orphans
            requests.close()
            return {**json.loads(message), "descriptors": descriptors}
        os.waitpid(between, 0)
        for descriptor in descriptors:
            os.close(descriptor)


def leave_one_behind(kinds: list[list[str]], descriptors: list[int]) -> None:
    """As it is before anything is run in it: a fork for those that this one will start."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        for descriptor in (ours.detach(), *descriptors):
            os.close(descriptor)
        serve(its)
        os._exit(0)
    its.close()
    warm_start.known(kinds, ours)


def be_born(request: dict[str, Any]) -> None:
    """Returns when whoever asked has this process as a child, and has said that it may begin."""
    parent, descriptors = request["parent"], request["descriptors"]
    deadline = time.monotonic() + 30
    while os.getppid() != parent:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.0005)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if request["new_session"]:
        os.setsid()
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    with socket.socket(fileno=descriptors[3]) as asker:
        asker.send(str(os.getpid()).encode())
        if not asker.recv(1):
            os._exit(1)
    for descriptor in descriptors[:3]:
        os.close(descriptor)


def run(command: list[str], environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    if (unbuffered := command[0] == "-u") or environment.get("PYTHONUNBUFFERED"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(write_through=True)  # type: ignore[union-attr]
    command = command[unbuffered:]
    if command[0] == "-c":
        sys.argv = ["-c", *command[2:]]
        exec(command[1], {"__name__": "__main__"})  # noqa: S102 - as Python does it
    elif command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def run_with_room(command: list[str], environment: dict[str, str]) -> None:
    from streams.pure.deep_calls import with_room  # noqa: PLC0415 - of others nothing of ours is imported here

    with_room(partial(run, command, environment))


def status_of(program: Callable[[], None]) -> int:
    """That of a process which has run it, and said what Python would have said of its end."""
    try:
        program()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        raise
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def end(status: int) -> None:
    """As Python ends, but for its last step: it would take each object apart, and of all memory that was shared until then make a copy."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status & 0xFF)


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    load(sys.argv[2:])
    requests.send(b"loaded")
    serve(requests)


if __name__ == "__main__":
    main()
