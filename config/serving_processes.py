"""Several serving processes behind one port: all accept from one queue of the kernel's, and none in it is lost when one of them ends.

Owns the port, and how they are started, kept and told to stop, all at once. Must not know what they serve."""

import signal
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config import processes
from config.child_process import manage
from config.supervisor import Say, Service, ServiceFailed, Supervisor
from streams.serving import even_spread

BACKLOG = 1024
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Several:
    """`options` of `serve` for each. `first_own_port`: the first process can be asked alone at that one, each other at the next.
    `grace_seconds` is what a stop may take before a process is killed."""

    count: int
    host: str
    port: int
    options: Sequence[str]
    code_folder: Path
    grace_seconds: float
    first_own_port: int | None = None


async def run(several: Several, say: Say) -> str:
    """Until a signal comes, or none of them can start. Returns '' or the sentence that says why there is no port.

    Raises ServiceFailed when the first of them does not come up."""
    try:
        listening = shared_socket(several.host, several.port)
    except OSError as error:
        return f"{several.host}:{several.port} cannot be listened on: {error.strerror}."
    supervisor = Supervisor(several.code_folder, say)
    with listening, tempfile.TemporaryFile() as numbers:
        even_spread.numbers_for(numbers, several.count)
        failure = await supervisor.until_told(start(several, listening, numbers.fileno(), supervisor, say), SIGNALS, lambda: None)
    # Our own copy of the port is closed here: it is gone as soon as the last of them has closed its own.
    await supervisor.stop_at_once()
    if failure:
        raise ServiceFailed(failure)
    return ""


async def start(several: Several, listening: socket.socket, numbers: int, supervisor: Supervisor, say: Say) -> None:
    """When the first answers on the port, the others are started as well. Raises ServiceFailed."""
    host, port = listening.getsockname()[:2]
    address = f"{processes.in_url(host)}:{port}"
    answers = processes.url_answers(f"http://{address}/healthz")
    for place in range(several.count):
        own = () if several.first_own_port is None else ("--own-port", str(several.first_own_port + place))
        command = manage("serve", *several.options, "--host", several.host, "--shared", f"{listening.fileno()}:{numbers}:{place}", *own)
        service = Service(
            f"web-{place + 1}",
            command,
            ready=answers if place == 0 else None,
            grace_seconds=several.grace_seconds,
            descriptors=[listening.fileno(), numbers],
            own_output=True,
            last_signal=signal.SIGTERM,
        )
        await supervisor.start(service)
    say(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port} in {several.count} processes")


def shared_socket(host: str, port: int) -> socket.socket:
    """Raises OSError when it cannot be listened on."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
