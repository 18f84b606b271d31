"""What is open in this process at a moment, and a line of words about each of it.

Sockets and pipes by /proc/self/fd, child processes by /proc, threads, the tasks of an event loop. Where there is no /proc, tasks
and threads are seen, and nothing else. Must not know what is allowed to be open.

`PYTHONTRACEMALLOC=25 pytest ...` says also where a socket was made."""

import asyncio
import gc
import os
import socket
import stat
import threading
import tracemalloc
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

DESCRIPTORS, THREADS, PROCESSES = "/proc/self/fd", "/proc/self/task", Path("/proc")
SHOWN = os.path.exists(DESCRIPTORS)
"""Asked once: it is looked twice at every test."""
KINDS = {stat.S_IFSOCK: "socket", stat.S_IFIFO: "pipe"}
"""An event loop that was not closed shows by the pair of sockets it wakes itself with. Pollers say nothing: Celery's and Werkzeug's
libraries leave theirs to the collector."""


class Descriptor(NamedTuple):
    number: int
    kind: str
    inode: int


class Child(NamedTuple):
    pid: int


def open_now(loop: asyncio.AbstractEventLoop | None = None) -> set[Hashable]:
    """With the tasks of `loop`, which is not running."""
    tasks = asyncio.all_tasks(loop) if loop is not None else set()
    return {*descriptors(), *children(), *threading.enumerate(), *tasks}


def descriptors() -> Iterator[Descriptor]:
    for name in os.listdir(DESCRIPTORS) if SHOWN else ():
        try:
            found = os.fstat(number := int(name))
        except OSError:  # the one by which the folder was read, or another thread's
            continue
        if kind := KINDS.get(stat.S_IFMT(found.st_mode)):
            yield Descriptor(number, kind, found.st_ino)


def children() -> Iterator[Child]:
    """Also those that have ended and nobody has waited for."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return  # there is none
    for thread in os.listdir(THREADS) if SHOWN else ():
        yield from map(Child, begun_by(f"{THREADS}/{thread}/children"))


def begun_by(path: str) -> list[int]:
    """The processes that a thread has begun, by the kernel's list of them, which is read twice a test: looking through all processes of the
    machine takes ten times as long, and opening it as a file of Python's twice as long."""
    try:
        begun = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return []  # the thread has ended
    try:
        return [int(pid) for pid in os.read(begun, 65_536).split()]
    except ProcessLookupError:
        return []
    finally:
        os.close(begun)


# Who holds it ----------------------------------------------------------------------------------------------------------------
HOLDERS = (socket.socket, asyncio.BaseTransport, asyncio.BaseEventLoop)


def holders() -> list[Any]:
    """All sockets, transports and event loops there are, among the half million objects of the collector."""
    return [each for each in gc.get_objects() if holds(type(each))]


@lru_cache(10_000)
def holds(kind: type) -> bool:
    return issubclass(kind, HOLDERS)


def is_a(candidate: object, kind: type | tuple[type, ...]) -> bool:
    """By its true type: a proxy that is asked for its class may begin to work."""
    return issubclass(type(candidate), kind)


def number_of(holder: Any) -> int:
    """The descriptor that a transport or a socket holds, -1 for none."""
    try:
        sock = holder.get_extra_info("socket") if is_a(holder, asyncio.BaseTransport) else holder
    except AttributeError:  # of TLS, and over: until it is collected it knows nothing, not even that
        return -1
    return int(sock.fileno()) if sock is not None else -1


def numbers_of_transports(among: list[Any], of: Callable[[object], bool]) -> set[int]:
    """The descriptors of the transports among these holders whose event loop is the one that is asked for."""
    return {number_of(each) for each in among if is_a(each, asyncio.BaseTransport) and of(getattr(each, "_loop", None))}


# In words --------------------------------------------------------------------------------------------------------------------
def in_words(things: set[Hashable]) -> str:
    among = [each for each in holders() if not is_a(each, asyncio.BaseEventLoop)]
    return "\n".join(sorted(words(thing, among) for thing in things))


def words(thing: Hashable, among: list[Any]) -> str:
    match thing:
        case Descriptor(number, "socket"):
            return "".join([socket_words(number), *(held_by(holder) for holder in among if number_of(holder) == number)])
        case Descriptor(number, kind):
            return f"descriptor {number}: {kind}"
        case Child(pid):
            return f"process {pid}: {command_of(pid)}"
        case threading.Thread():
            return f"thread {thing.name!r}{' (daemon)' if thing.daemon else ''}: {getattr(thing, '_target', None)}"
        case _:
            return f"task {thing!r}"


def socket_words(number: int) -> str:
    sock = copied(number)
    if sock is None:
        return f"socket {number}, which has been closed meanwhile"
    with sock:
        if (peer := peer_of(sock)) is not None:
            return f"connection {sock.getsockname()} - {peer}"
        is_listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return f"{'listening' if is_listening else 'unconnected'} socket {sock.getsockname()}"


def copied(number: int) -> socket.socket | None:
    """The same socket under another number, to be asked and closed; None when there is none any more."""
    try:
        return socket.socket(fileno=os.dup(number))
    except OSError:
        return None


def peer_of(sock: socket.socket) -> Any:
    try:
        return sock.getpeername()
    except OSError:
        return None


def held_by(holder: Any) -> str:
    protocol = f" for {holder.get_protocol()!r}" if is_a(holder, asyncio.Transport) else ""
    made = tracemalloc.get_object_traceback(holder) if tracemalloc.is_tracing() else None
    return "".join([f"\n    held by {holder!r}{protocol}", *(f"\n        {line}" for line in (made.format() if made else ()))])


def command_of(pid: int) -> str:
    try:
        command = (PROCESSES / str(pid) / "cmdline").read_bytes()
    except OSError:
        command = b""
    return command.replace(b"\0", b" ").decode(errors="replace").strip() or "(has ended, and was not waited for)"
