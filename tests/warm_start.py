"""Processes of ours that start warm: what they import from elsewhere was imported once, in a process that each of them is a fork of, and so
were the rules (`pure`), which know no settings and no framework.

All else that is ours is read and run as `python manage.py ...` or `python -m ...` would, with an environment, arguments and output of its
own. It is a real child of the tests, and dies with them. Whatever is not this Python in this folder starts as
ever, and so does everything where this is no Linux, or where nobody wants it. Owns how one is born; must not know what it does."""

import atexit
import ctypes
import inspect
import json
import os
import re
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, Popen  # as they are: a test may have put a WarmPopen in the place of Popen
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PR_SET_CHILD_SUBREAPER = 36
SERVER = (
    *("autobahn.twisted.websocket", "daphne.http_protocol", "daphne.ws_protocol", "twisted.internet.asyncioreactor"),
    *("twisted.internet.endpoints", "twisted.internet.ssl", "twisted.web.http", "uuid", "ipaddress"),
)
PURE = tuple(".".join(rule.relative_to(ROOT).with_suffix("").parts) for rule in sorted(ROOT.glob("*/pure/**/[a-z]*.py")))
INSTALLATION = (
    *SERVER,
    *PURE,
    *("celery.apps.beat", "celery.apps.worker", "celery.bin.celery", "celery.concurrency.thread", "channels.db", "channels.routing"),
    *(
        "channels.sessions",
        "channels_redis.pubsub",
        "cryptography.fernet",
        "cryptography.x509",
        "csp.constants",
        "django.core.handlers.asgi",
    ),
    *(
        "django.contrib.admin",
        "django.core.management",
        "django.db.backends.sqlite3.base",
        "django.db.migrations.executor",
        "django.db.models",
        "django.forms",
        "django.template.defaulttags",
        "django.test.client",
        "h11",
        "httpcore2",
    ),
    *("iso4217", "jinja2", "jwt", "kombu.transport.redis", "limits.storage", "limits.strategies", "numpy", "phonenumbers", "pycares"),
    *("annotated_types", "pydantic.dataclasses", "pydantic.types", "cryptography.hazmat.primitives.kdf.hkdf"),
    *("csp.middleware", "defusedxml.ElementTree", "orjson", "prometheus_client", "pybase64", "pydantic.json_schema", "pydantic.networks"),
    *("python_socks.async_.asyncio", "redis.asyncio", "requests", "segno", "smtplib", "soxr", "sqlite3", "sqlparse", "statistics"),
    *("tomllib", "unittest.mock", "websockets.asyncio.client", "websockets.asyncio.server", "whitenoise.middleware", "yaml", "zxcvbn"),
)
TESTS = (
    "tests.pytest_and_plugins",  # first, as it may rewrite what others import
    *INSTALLATION,
    *("aiosmtpd.controller", "axe_playwright_python.sync_playwright", "fastapi", "google.protobuf.descriptor"),
    *("lxml.etree", "numpy.random", "picows", "playwright.sync_api", "plivo", "plivo_stream", "psycopg"),
    *("soundfile", "uvicorn", "webrtcvad", "xdist.remote"),
)
"""For processes of pytest. What these start can be forks of the same: it needs less."""
LIMITED = re.compile(r'ulimit -n (\d+) && exec "\$@"')
IN_NETWORK = re.compile(r"--net=(.+)")
_signature = inspect.signature(Popen._execute_child)  # type: ignore[attr-defined]
wanted: Callable[[], AbstractContextManager[None]] | None = None
"""Set by whoever wants processes to start warm; within it the process is opened that they are forks of. What measures processes does not:
a fork shares memory, and is there sooner."""
_lock = threading.Lock()
_warm: dict[tuple[str, ...], socket.socket] = {}


def with_descriptors(count: int) -> tuple[str, ...]:
    """What a command is started by, to have no more than these."""
    return ("sh", "-c", f'ulimit -n {count} && exec "$@"', "sh")


def can_be_warm(command: Sequence[str]) -> bool:
    return wanted is not None and sys.platform == "linux" and bare(command).words[0] == sys.executable


class Bare(NamedTuple):
    """A command without what it is started by: how many descriptors it may have, and the network that it is in, where that is said."""

    words: list[str]
    descriptors: int | None = None
    network: str | None = None


def bare(command: Sequence[str]) -> Bare:
    if len(command) > 4 and command[0] == "sh" and (limit := LIMITED.fullmatch(command[2])):
        return Bare(list(command[4:]), descriptors=int(limit[1]))
    if len(command) > 2 and command[0] == "nsenter" and (network := IN_NETWORK.fullmatch(command[1])):
        return Bare(list(command[2:]), network=network[1])
    return Bare(list(command))


class WarmPopen(Popen[Any]):
    """As Popen, of which it replaces how a child is born."""

    modules: tuple[str, ...] = INSTALLATION
    forks: tuple[tuple[str, ...], ...] = ()
    """What it can start warm itself, by the modules of each kind, without importing them once more."""
    room = False
    """For deep calls (streams/pure/deep_calls.py)."""

    def _execute_child(self, *arguments: Any) -> None:
        given = _signature.bind(self, *arguments).arguments
        if not can_be_warm(given["args"]) or Path(given["cwd"] or ".").resolve() != ROOT:
            super()._execute_child(*arguments)  # type: ignore[misc]
            return
        pipes = [given[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        try:
            inherited = [given[name] if given[name] != -1 else own for own, name in enumerate(("p2cread", "c2pwrite", "errwrite"))]
            self.pid = born(self, given["args"], given["env"] or dict(os.environ), inherited, new_session=given["start_new_session"])
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


class WarmServerPopen(WarmPopen):
    """For what only serves: it needs less."""

    modules = SERVER


class WarmTestsPopen(WarmPopen):
    """For a process of pytest: one of several of a run, or one that a test starts. Who interrupts the run interrupts it."""

    modules = TESTS
    forks = (TESTS, INSTALLATION)
    room = True


def outcome(
    words: Sequence[str], environment: dict[str, str], *, kind: type[WarmPopen] = WarmPopen, seconds: float | None = 60
) -> CompletedProcess[str]:
    """What `python WORDS` comes to. Raises TimeoutExpired where it takes longer."""
    pipes: dict[str, Any] = {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE, "text": True}
    with kind([sys.executable, *words], cwd=ROOT, env=environment, **pipes) as process:
        said, complaint = process.communicate(timeout=seconds)
    return CompletedProcess(words, process.returncode, said, complaint)


def born(kind: WarmPopen, command: Sequence[str], environment: dict[str, str], descriptors: list[int], *, new_session: bool) -> int:
    """The process id of a child that has begun."""
    (_, *words), limit, network = bare(command)
    request = {"command": words, "environment": environment, "parent": os.getpid(), "network": network}
    request["ignores_interrupt"] = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # which a program inherits, where no handler is
    request |= {"new_session": new_session, "room": kind.room, "forks": kind.forks}
    ours, its = socket.socketpair()
    with _lock, ours:
        ours.settimeout(60)
        with its:
            take_in_orphans(True)
            socket.send_fds(warm(kind.modules), [json.dumps(request).encode()], [*descriptors, its.fileno()])
        try:
            pid = int(ours.recv(20))
        finally:
            take_in_orphans(False)
        if limit is not None:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))
        ours.send(b".")
    return pid


def take_in_orphans(really: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(really), 0, 0, 0)


def warm(modules: tuple[str, ...]) -> socket.socket:
    """Where forks of a process with these modules are asked for; it lives as long as the tests' process."""
    if modules not in _warm:
        assert wanted is not None
        with wanted():
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.warm_process", str(its.fileno()), *modules]
            # No second thread of a library's for sums: a fork has none of them.
            # And no settings: pytest's plugin for Django would read them.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "", "DJANGO_SETTINGS_MODULE": ""}
            process = Popen(command, cwd=ROOT, env=environment, pass_fds=[its.fileno()], stdin=DEVNULL, stdout=DEVNULL)
            its.close()
            atexit.register(end, process, ours)
            assert ours.recv(10) == b"loaded", "it said why above"
        _warm[modules] = ours
    return _warm[modules]


def known(kinds: Sequence[Sequence[str]], requests: socket.socket) -> None:
    """Where forks of each of these kinds can be asked for: in a fork that has left such a process behind."""
    _warm.update((tuple(modules), requests) for modules in kinds)


def end(process: Popen[bytes], requests: socket.socket) -> None:
    requests.close()
    process.wait(30)
