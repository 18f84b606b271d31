"""Something that changes, and that others can wait on until it is as they need it.

Owns the wake-ups and the sentence of a wait that was in vain. Must not know what changes."""

import asyncio
from collections.abc import Callable


class Changing:
    """Base of what the simulators record: call `changed` after each change; wait with `until`."""

    def __init__(self) -> None:
        self._change = asyncio.Event()

    def changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def until(self, condition: Callable[[], object], wanted: str, timeout_seconds: float = 30) -> None:
        """Returns once `condition()` is true; raises TimeoutError naming what was `wanted` after `timeout_seconds`."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while not condition():
                    await self._change.wait()
        except TimeoutError:
            raise TimeoutError(f"Waited {timeout_seconds:g} s in vain for {wanted}.") from None
