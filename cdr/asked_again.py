"""Whether who asked for a file may still have it: asked again every few seconds for as long as it is being sent, as it is of an open
debug log (cdr.live). Who may not any more gets no further part, and no end either: what he has is seen to be a part.

Owns how often, and how an answer is broken off. What somebody has to be allowed is for who sends the file; must not know pages."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

log = logging.getLogger(__name__)

RECHECK_SECONDS = 3.0


class BrokenOff(Exception):
    """The message is for the log."""


class AskedAgain:
    """`may_still` asks the database: `require` is called where that may be done, before each part."""

    def __init__(self, may_still: Callable[[], bool], what: str) -> None:
        self._may_still, self._what = may_still, what
        self._asked_at = time.monotonic()

    def require(self) -> None:
        """Raises BrokenOff."""
        if time.monotonic() - self._asked_at < RECHECK_SECONDS:
            return
        if not self._may_still():
            raise BrokenOff(f"{self._what} was being sent to somebody who may not see it any more.")
        self._asked_at = time.monotonic()


async def until_broken_off(parts: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """The parts of an answer. Django takes one that is cancelled for one whose reader has gone: it tidies up, and leaves the answer without
    its end, and so the server cuts the connection."""
    async with aclosing(parts):
        try:
            async for part in parts:
                yield part
        except BrokenOff as error:
            log.warning("%s", error)
            raise asyncio.CancelledError from error
