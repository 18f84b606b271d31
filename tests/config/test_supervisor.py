"""Real child processes: their order, their falls, their ends, and what is left when the supervisor itself is killed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from config import child_process
from config.supervisor import Service, ServiceFailed, Supervisor, pause_seconds

ROOT = Path(__file__).parents[2]


class Lines(list[str]):
    """What was said; `seen` waits for a line."""

    def __init__(self) -> None:
        super().__init__()
        self.more = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.append(line)
        self.more.set()

    async def seen(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(30):
            while sum(text in line for line in self) < times:
                self.more.clear()
                await self.more.wait()


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import os, signal, sys, time\n{code}")


STOPPABLE = "signal.signal(signal.SIGTERM, lambda *_: (print('told', flush=True), sys.exit(0)))\nprint('up', flush=True)\ntime.sleep(60)"
PATIENT = """
count = []
signal.signal(signal.SIGTERM, lambda *_: (count.append(1), len(count) > 1 and sys.exit(0)))
print('up', flush=True)
while True:
    time.sleep(1)
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def supervisor(lines: Lines) -> Supervisor:
    return Supervisor(ROOT, lines)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while is_alive(pid):
            await asyncio.sleep(0.02)


async def test_output_is_prefixed_and_the_stop_is_in_reverse_order(supervisor: Supervisor, lines: Lines):
    for name in ("first", "second", "third"):
        await supervisor.start(Service(name, python(STOPPABLE)))
        await lines.seen(f"{name:<8} | up")
    await supervisor.stop()
    assert [line for line in lines if "told" in line] == ["third    | told", "second   | told", "first    | told"]


async def test_start_returns_when_the_service_is_ready(supervisor: Supervisor, tmp_path: Path):
    flag = tmp_path / "ready"
    await supervisor.start(Service("late", python(f"time.sleep(0.3); open({str(flag)!r}, 'w'); time.sleep(60)"), ready=flag.exists))
    assert flag.exists()
    await supervisor.stop()


async def test_a_service_that_ends_while_starting_is_named_with_its_status(supervisor: Supervisor):
    with pytest.raises(ServiceFailed, match="broken ended with status 3 while it was starting"):
        await supervisor.start(Service("broken", python("sys.exit(3)"), ready=lambda: False))
    await supervisor.stop()


async def test_a_service_that_is_never_ready_is_named_and_stopped(supervisor: Supervisor):
    with pytest.raises(ServiceFailed, match=r"slow is not ready after 0\.2 s"):
        await supervisor.start(Service("slow", python("time.sleep(60)"), ready=lambda: False, ready_within_seconds=0.2))
    process = supervisor.kept[0].process
    await supervisor.stop()
    assert process is not None and process.returncode == -signal.SIGTERM


async def test_a_service_that_falls_is_started_again(supervisor: Supervisor, lines: Lines):
    await supervisor.start(Service("fragile", python(STOPPABLE)))
    await lines.seen("up")
    process = supervisor.kept[0].process
    assert process is not None
    process.kill()
    await lines.seen("fragile was ended by SIGKILL. It is started again in 1 s.")
    await lines.seen("up", times=2)
    await supervisor.stop()


async def test_a_fall_is_seen_though_another_holds_its_output(supervisor: Supervisor, lines: Lines):
    left = f"import subprocess\nleft = subprocess.Popen({python(DEAF)!r}, start_new_session=True)\nprint('left', left.pid, flush=True)"
    await supervisor.start(Service("fragile", python(f"{left}\nsys.exit(3)")))
    await lines.seen("left")
    try:
        await lines.seen("fragile ended with status 3. It is started again in 1 s.")
    finally:
        os.kill(int(lines[0].split()[-1]), signal.SIGKILL)
        await supervisor.stop()


async def test_a_service_that_cannot_be_started_again_is_tried_until_it_can(supervisor: Supervisor, lines: Lines, tmp_path: Path):
    """As on a machine that has no memory or no process to spare for a while."""
    program = tmp_path / "python"
    program.symlink_to(sys.executable)
    await supervisor.start(Service("fragile", (str(program), "-c", f"import signal, sys, time\n{STOPPABLE}")))
    await lines.seen("up")
    program.unlink()
    process = supervisor.kept[0].process
    assert process is not None
    process.kill()
    await lines.seen("fragile could not be started: [Errno 2] No such file or directory")
    await lines.seen("It is started again in 2 s.")
    program.symlink_to(sys.executable)
    await lines.seen("up", times=2)
    await supervisor.stop()


def test_the_pauses_between_restarts_grow_and_end_at_half_a_minute():
    assert [pause_seconds(falls) for falls in (1, 2, 3, 4, 5, 6, 5000)] == [1, 2, 4, 8, 16, 30, 30]


async def test_what_does_not_stop_within_its_grace_is_killed(supervisor: Supervisor, lines: Lines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("config.supervisor.HURRIED_GRACE_SECONDS", 0.2)
    await supervisor.start(Service("deaf", python(DEAF), grace_seconds=0.2))
    await lines.seen("up")
    process = supervisor.kept[0].process
    await supervisor.stop()
    assert process is not None and process.returncode == -signal.SIGKILL
    assert "deaf does not stop and is killed." in lines


async def test_hurry_cuts_the_grace_short_and_asks_again(supervisor: Supervisor, lines: Lines):
    await supervisor.start(Service("patient", python(PATIENT), grace_seconds=60))
    await lines.seen("up")
    stopping = asyncio.create_task(supervisor.stop())
    await asyncio.sleep(0.2)
    assert not stopping.done()
    supervisor.hurry()
    await asyncio.wait_for(stopping, 30)


async def test_what_a_service_started_goes_with_it(supervisor: Supervisor, lines: Lines):
    """A grandchild that ignores SIGTERM is in the child's session and is killed with it."""
    child = f"import subprocess\np = subprocess.Popen({python(DEAF)!r})\nprint('grandchild', p.pid, flush=True)\ntime.sleep(60)"
    await supervisor.start(Service("parent", python(child)))
    await lines.seen("grandchild")
    await lines.seen("up")
    grandchild = int(next(line for line in lines if "grandchild" in line).split()[-1])
    await supervisor.stop()
    await gone(grandchild)


async def test_a_line_without_end_does_not_stop_the_output(supervisor: Supervisor, lines: Lines):
    await supervisor.start(Service("loud", python("print('x' * 3_000_000)\nprint('after', flush=True)\ntime.sleep(60)")))
    await lines.seen("after")
    assert any("too long to show" in line for line in lines)
    await supervisor.stop()


async def test_run_once_gives_the_status(supervisor: Supervisor, lines: Lines):
    assert await supervisor.run_once(Service("once", python("print('done'); sys.exit(4)"))) == 4
    await supervisor.stop()
    assert "once     | done" in lines


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from config.supervisor import Service, Supervisor
async def main():
    supervisor = Supervisor(Path.cwd(), lambda line: print(line, flush=True))
    for name in ("one", "two"):
        await supervisor.start(Service(name, (sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")))
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux only")
async def test_children_die_with_a_supervisor_that_is_killed():
    options = child_process.options(ROOT) | {"stdout": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SUPERVISOR, **options)
    assert process.stdout is not None
    pids = [int((await asyncio.wait_for(process.stdout.readline(), 30)).split()[-1]) for _ in range(2)]
    assert all(is_alive(pid) for pid in pids)
    process.kill()
    await process.wait()
    for pid in pids:
        await gone(pid)
