"""The ends of tasks and of sockets, awaited: what was only asked to end is still there, and tells whoever comes next.

Must not know whose they are."""

import asyncio
from contextlib import suppress
from typing import Any

LAST_BYTES_SECONDS = 10.0
"""How long a peer may take to read what was written before the close."""


async def cancelled(*tasks: asyncio.Task[Any] | None) -> None:
    """Returns when those that were still running have come to their ends."""
    running = {task for task in tasks if task is not None and not task.done()}
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Returns when the socket is closed; what a peer has not read after LAST_BYTES_SECONDS is thrown away."""
    writer.close()
    lost = asyncio.ensure_future(writer.wait_closed())
    if not (await asyncio.wait({lost}, timeout=LAST_BYTES_SECONDS))[0]:
        writer.transport.abort()
    with suppress(OSError):
        await lost
