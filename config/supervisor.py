"""Keeps a list of services running on one machine: started in order, restarted when they fall, stopped in reverse order.

Owns their processes and their output. Must not know what any of them does."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from asyncio.subprocess import PIPE, STDOUT, SubprocessStreamProtocol
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import child_process

LONGEST_PAUSE_SECONDS = 30
HEALTHY_AFTER_SECONDS = 60
HURRIED_GRACE_SECONDS = 5
LONGEST_LINE_BYTES = 1 << 20
Say = Callable[[str], None]


class ServiceFailed(Exception):
    """A service did not come up. The message says which, and how it ended."""


@dataclass(frozen=True)
class Service:
    """`ready` is asked, in a thread, until it says True; `grace_seconds` is what a stop may take before the process is killed.
    `descriptors` are open in it as they are here. One with `own_output` writes where we write, without its name before each line.
    `last_signal` is what the kernel sends it when we die."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None = None
    ready_within_seconds: float = 60
    grace_seconds: float = 10
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()
    own_output: bool = False
    last_signal: signal.Signals = signal.SIGKILL


class Process(asyncio.subprocess.Process):
    """Also says when it has ended itself: asyncio's `wait` goes on until everyone who inherited its output is gone as well."""

    _protocol: "_Watched"

    @classmethod
    async def of(cls, command: Sequence[str], stdout: int | None = None, stderr: int | None = None, **options: Any) -> "Process":
        """As `asyncio.create_subprocess_exec`; it reads what we read."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(_Watched, *command, stdin=None, stdout=stdout, stderr=stderr, **options)
        return cls(transport, protocol, loop)

    async def ended(self) -> int:
        """Its exit status."""
        await self._protocol.ended.wait()
        assert self.returncode is not None
        return self.returncode


class _Watched(SubprocessStreamProtocol):
    def __init__(self) -> None:
        super().__init__(limit=LONGEST_LINE_BYTES, loop=asyncio.get_running_loop())
        self.ended = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.ended.set()


def pause_seconds(falls: int) -> float:
    """How long to wait before the restart after `falls` falls in a row: 1, 2, 4 ... at most 30 seconds."""
    return min(2.0 ** min(falls - 1, 30), LONGEST_PAUSE_SECONDS)  # of a service that falls for a day the power would overflow


class KeptService:
    """One service, and the task that starts it again when it falls."""

    def __init__(self, service: Service, folder: Path, say: Say, hurried: asyncio.Event) -> None:
        self.service, self.folder, self.say, self.hurried = service, folder, say, hurried
        self.process: Process | None = None
        self.output: asyncio.Task[None] | None = None
        self.keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when the service is ready; raises ServiceFailed."""
        process = await self.spawn()
        if self.service.ready is not None:
            await self.wait_ready(process, self.service.ready)
        self.keeper = asyncio.create_task(self.keep(process))

    async def spawn(self) -> Process:
        service = self.service
        options = child_process.options(self.folder, service.environment, service.last_signal) | {"pass_fds": service.descriptors}
        if not service.own_output:
            options |= {"stdout": PIPE, "stderr": STDOUT}
        self.process = process = await Process.of(service.command, **options)
        if process.stdout is not None:
            self.output = asyncio.create_task(self.print_lines(process.stdout))
        return process

    async def print_lines(self, stdout: asyncio.StreamReader) -> None:
        line = b"-"
        while line:
            try:
                line = await stdout.readline()
            except ValueError:  # longer than LONGEST_LINE_BYTES
                line = b"(a line too long to show)"
            if line:
                self.say(f"{self.service.name:<8} | {line.decode(errors='replace').rstrip()}")

    async def wait_ready(self, process: Process, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.service.ready_within_seconds
        while not await asyncio.to_thread(ready):
            if process.returncode is not None:
                raise ServiceFailed(f"{self.service.name} {ending(process.returncode)} while it was starting.")
            if time.monotonic() > deadline:
                raise ServiceFailed(f"{self.service.name} is not ready after {self.service.ready_within_seconds:g} s.")
            await asyncio.sleep(0.1)

    async def keep(self, process: Process) -> None:
        falls = 0
        while True:
            began = time.monotonic()
            status = await process.ended()
            falls = 1 if time.monotonic() - began > HEALTHY_AFTER_SECONDS else falls + 1
            self.say(f"{self.service.name} {ending(status)}. It is started again in {pause_seconds(falls):g} s.")
            await asyncio.sleep(pause_seconds(falls))
            try:
                process = await self.spawn()
            except (OSError, subprocess.SubprocessError) as error:
                self.say(f"{self.service.name} could not be started: {error}")

    async def stop(self) -> None:
        """SIGTERM, the grace, then SIGKILL for it and whatever it left in its session."""
        if self.keeper is not None:
            self.keeper.cancel()
            await asyncio.wait([self.keeper])
        if self.process is not None and self.process.returncode is None:
            await self.end(self.process)
        if self.output is not None:
            await asyncio.wait([self.output], timeout=1)

    async def end(self, process: Process) -> None:
        signal_group(process, signal.SIGTERM)
        if not await wait_until_ended(process, self.service.grace_seconds, self.hurried):
            signal_group(process, signal.SIGTERM)
            if not await wait_until_ended(process, HURRIED_GRACE_SECONDS):
                self.say(f"{self.service.name} does not stop and is killed.")
        signal_group(process, signal.SIGKILL)
        await process.ended()


def ending(status: int) -> str:
    return f"ended with status {status}" if status >= 0 else f"was ended by {signal.Signals(-status).name}"


def signal_group(process: Process, number: signal.Signals) -> None:
    """To the child and to what it started: each child leads a session, and so a process group, of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def wait_until_ended(process: Process, within_seconds: float, hurried: asyncio.Event | None = None) -> bool:
    """True when the process ended in time; waits no longer once `hurried` is set."""
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(process.ended())]
    if hurried is not None:
        waits.append(asyncio.create_task(hurried.wait()))
    await asyncio.wait(waits, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return process.returncode is not None


class Supervisor:
    """`say` prints one line. Services are started in the order of `start` calls and stopped in reverse."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder, self.say = folder, say
        self.hurried = asyncio.Event()
        self.kept: list[KeptService] = []

    async def start(self, service: Service) -> None:
        """Returns when the service is ready; raises ServiceFailed."""
        kept = KeptService(service, self.folder, self.say, self.hurried)
        self.kept.append(kept)
        await kept.start()

    async def run_once(self, service: Service) -> int:
        """Runs a service that ends by itself; its exit status. It is stopped with the others if it has not ended by then."""
        kept = KeptService(service, self.folder, self.say, self.hurried)
        self.kept.append(kept)
        process = await kept.spawn()
        return await process.ended()

    async def until_told(self, start: Coroutine[Any, Any, None], signals: Sequence[signal.Signals], told: Callable[[], None]) -> str:
        """Does `start` until one of the signals comes, which `told` hears of; another one then hurries what is being stopped. Returns ''
        or, at once, why `start` failed."""
        asked = asyncio.Event()

        def stop() -> None:
            if asked.is_set():
                self.hurry()
            asked.set()

        for number in signals:
            asyncio.get_running_loop().add_signal_handler(number, stop)
        starting, stopping = asyncio.create_task(start), asyncio.create_task(asked.wait())
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        failure = str(starting.exception() or "") if starting.done() else ""
        if not failure:
            await stopping
            told()
        for task in (starting, stopping):
            task.cancel()
        await asyncio.wait([starting, stopping])
        return failure

    async def stop(self) -> None:
        while self.kept:
            await self.kept.pop().stop()

    async def stop_at_once(self) -> None:
        """All together, where none needs another."""
        kept, self.kept = self.kept, []
        await asyncio.gather(*(each.stop() for each in kept))

    def hurry(self) -> None:
        """A second request to stop: what is being stopped is asked again and given little time."""
        self.hurried.set()
