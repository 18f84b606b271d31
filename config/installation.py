"""A whole installation on one machine: what is started in which order, what is said of it, and how it is told to stop.

Owns the order and the lines a person reads. Must not know how a process is kept running."""

import shlex
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from config import processes
from config.supervisor import Say, Supervisor

WORKER_GRACE_SECONDS = 20
WEB_EXTRA_SECONDS = 20
"""What a web process may need beyond its draining, to write down what it has ended."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Demo:
    """The demo gateway's credentials, and where the demo customer listens. `place_call`: once, as soon as everything runs."""

    gateway: str
    password: str
    customer_port: int
    place_call: bool


@dataclass(frozen=True)
class Installation:
    """`drain_seconds`: how long live calls may go on after a stop is asked for."""

    """`redis_socket` is None when Redis is somebody else's."""

    code_folder: Path
    data_folder: Path
    host: str
    port: int
    drain_seconds: float
    redis_socket: Path | None
    demo: Demo | None
    logins: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def address(self) -> str:
        return f"{processes.in_url(self.host)}:{self.port}"


async def run(installation: Installation, say: Say) -> str:
    """Until a signal comes; then everything is stopped. Returns '' or the sentence that says why it could not start."""
    supervisor = Supervisor(installation.code_folder, say)
    stopping = f"Stopping. Live calls may go on for {installation.drain_seconds:g} s; Ctrl-C again ends them now."
    failure = await supervisor.until_told(start(installation, supervisor, say), SIGNALS, lambda: say(stopping))
    await supervisor.stop()
    return failure


async def start(installation: Installation, supervisor: Supervisor, say: Say) -> None:
    """Raises ServiceFailed. The web process is started last and so stopped first, while the others still do what it leaves them."""
    demo = installation.demo
    say("Starting ...")
    if installation.redis_socket is not None:
        await supervisor.start(processes.redis_service(installation.data_folder, installation.redis_socket))
    if demo is not None:
        await supervisor.start(processes.customer(demo.customer_port))
    await supervisor.start(processes.worker_service(WORKER_GRACE_SECONDS))
    await supervisor.start(processes.beat_service())
    await supervisor.start(processes.web(installation.host, installation.port, installation.drain_seconds + WEB_EXTRA_SECONDS))
    for line in where_to_look(installation):
        say(line)
    if demo is not None and demo.place_call:
        await place_first_call(installation, demo, supervisor, say)


async def place_first_call(installation: Installation, demo: Demo, supervisor: Supervisor, say: Say) -> None:
    say("Placing one demo call ...")
    status = await supervisor.run_once(processes.gateway(f"ws://{installation.address}", demo.gateway, demo.password))
    if status:
        say("The demo call failed; the lines of gateway and web above say why. Everything else goes on running.")
    else:
        say(f"The demo call is over. Read its CDR at http://{installation.address}/")


def where_to_look(installation: Installation) -> list[str]:
    lines = ["", "Streamdesk is running.", f"  Console   http://{installation.address}/"]
    lines += [f"            {login}" for login in installation.logins]
    if installation.demo is not None:
        lines += ["  To place more calls, in another terminal:", f"    {more_calls(installation, installation.demo)}"]
    return [*lines, *(f"  {remark}" for remark in installation.remarks), "  Ctrl-C stops everything.", ""]


def more_calls(installation: Installation, demo: Demo) -> str:
    command = [*typed_here(installation.code_folder), "simulate_gateway"]
    options = ["--url", f"ws://{installation.address}", "--gateway", demo.gateway, "--password", demo.password, "--calls", "3"]
    return shlex.join([*command, *options])


def typed_here(code_folder: Path) -> list[str]:
    """How a person begins a command of ours: as the one that runs was begun, where pip has installed it."""
    begun_as, python = Path(sys.argv[0]), Path(sys.executable)
    if begun_as.name == "streamdesk":
        return [begun_as.name if shutil.which(begun_as.name) else str(begun_as)]
    return [str(python.relative_to(code_folder) if python.is_relative_to(code_folder) else python), "manage.py"]
