"""Whether who asked for a file may still have it: asked again every few seconds for as long as it is being sent, as it is of an open
debug log (cdr.live). Who may not any more gets no further part, and no end either: what he has is seen to be a part.

Owns how often, how an answer is broken off, and how many one person may have. What somebody has to be allowed is for who sends the file;
must not know pages."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

log = logging.getLogger(__name__)

RECHECK_SECONDS = 3.0
MOST_OPEN = 12
"""Files that are sent to one person at once, in this process."""
ENOUGH = f"{MOST_OPEN} files are being sent to you already. Wait for one of them."

_open: Counter[Hashable] = Counter()


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


# The answer ------------------------------------------------------------------------------------------------------------
def file_answer(parts: AsyncGenerator[bytes], whose: Hashable, **answer: Any) -> HttpResponseBase:
    """What is sent to whom; 429 with a sentence where so much is already."""
    if has_enough(whose):
        return HttpResponse(ENOUGH, status=HTTPStatus.TOO_MANY_REQUESTS, content_type="text/plain; charset=utf-8")
    return StreamingHttpResponse(_until_broken_off(parts, whose), **answer)


def has_enough(whose: Hashable) -> bool:
    return _open[whose] >= MOST_OPEN


async def _until_broken_off(parts: AsyncGenerator[bytes], whose: Hashable) -> AsyncIterator[bytes]:
    """The parts of an answer. Django takes one that is cancelled for one whose reader has gone: it tidies up, and leaves the answer without
    its end, and so the server cuts the connection."""
    _open[whose] += 1
    try:
        await sync_to_async(_give_back_connection)()
        async with aclosing(parts):
            async for part in parts:
                yield part
    except BrokenOff as error:
        log.warning("%s", error)
        raise asyncio.CancelledError from error
    finally:
        _open[whose] -= 1


def _give_back_connection() -> None:
    """Of the request's own thread to the database: it has nothing to ask any more, and the reader may take an hour."""
    if not connection.in_atomic_block:
        connection.close()
