"""Keeps the endless loops of this process running: one that fails is logged, rests for a while and begins anew.

Owns the rests, the count of failures, and which loops are down, for readiness and status. Must not know what any of them does."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
STEADY_SECONDS = 10.0
"""How long a loop has to run after a failure before it counts as up again. That proves something, because every loop begins with
its work, and waits after it."""

ASKED_AGAIN_SECONDS = 2.0

Loop = Callable[[], Coroutine[Any, Any, None]]

_kept: set["KeptLoop"] = set()


def keep(name: str, loop: Loop, longest_pause_seconds: float = LONGEST_PAUSE_SECONDS, *, calls_need_it: bool = True) -> "KeptLoop":
    """Runs `loop` in the running event loop until it is stopped. `name` is read by operators, in the log and on the status page; a
    process whose calls need the loop takes no new ones while it is down."""
    return KeptLoop(name, loop, longest_pause_seconds, calls_need_it)


def loops_down(*, calls_need: bool = False) -> list[str]:
    """The names of the loops of this process that have failed and are not steady yet; or of those only that calls need. May be asked
    from any thread."""
    return sorted(kept.name for kept in list(_kept) if kept.down and (kept.calls_need_it or not calls_need))


def loop_states() -> list[tuple[str, bool, int]]:
    """Of each loop of this process its name, whether it is down, and how often it has failed. May be asked from any thread."""
    return sorted((kept.name, kept.down, kept.failures) for kept in list(_kept))


class KeptLoop:
    """One loop, and the task that begins it anew. `failures`: how often it had to, in all."""

    def __init__(self, name: str, loop: Loop, longest_pause_seconds: float, calls_need_it: bool) -> None:
        self.name, self.failures, self.calls_need_it = name, 0, calls_need_it
        self._loop = loop
        self._longest_pause_seconds = longest_pause_seconds
        self._failures_in_a_row = 0
        self._began: float | None = None
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=name)

    @property
    def down(self) -> bool:
        began = self._began
        return self._failures_in_a_row > 0 and (began is None or time.monotonic() - began < STEADY_SECONDS)

    async def stop(self) -> None:
        """Returns once it has ended. Asked again: a library's `asyncio.wait_for` (Python 3.11) swallows a cancellation that comes together
        with what it waits for."""
        while not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=ASKED_AGAIN_SECONDS)

    async def _keep(self) -> None:
        _kept.add(self)
        try:
            while True:
                self._began = time.monotonic()
                error = await self._run()
                if self._task.cancelling():  # it answered the cancellation with an error of its own
                    log.error("%s: stopping failed.", self.name, exc_info=error)
                    return
                await asyncio.sleep(self._failed(error))
        finally:
            _kept.discard(self)

    async def _run(self) -> BaseException | None:
        """What it failed with; None when it ended by itself, which it should not either."""
        try:
            await self._loop()
        except asyncio.CancelledError as error:
            if self._task.cancelling():
                raise
            return error  # something that it awaited was cancelled, and it was not
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop has to go on
            return error
        return None

    def _failed(self, error: BaseException | None) -> float:
        """How long to rest."""
        if not self.down:
            self._failures_in_a_row = 0
        self._began = None
        self.failures += 1
        pause_seconds = pause_after(self._failures_in_a_row, self._longest_pause_seconds)
        self._failures_in_a_row += 1
        words = "%s failed and is started again in %g s; that is failure %d of this process."
        log.error(words, self.name, pause_seconds, self.failures, exc_info=error)
        return pause_seconds


def pause_after(earlier_failures: int, longest_seconds: float) -> float:
    """1, 2, 4 ... seconds, bounded; in a loop that fails for a week the power must not overflow."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(earlier_failures, 30), longest_seconds)
