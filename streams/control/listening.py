"""A process's ear on the channel layer: hears that something was asked of one of its calls.

Owns that it outlives a Redis that goes, or goes silent: it begins anew until messages come through again. Must not know what was asked;
whoever hears nothing looks into the rows every few seconds all the same."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from streams.control.requests import control_group
from streams.outages import Outage

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
QUIET_SECONDS = 20.0
"""After so long without a message it says something to itself: a connection that went silent looks like one on which nobody speaks."""
ANSWER_SECONDS = 3.0
LAYER_AWAY = (RedisError, OSError, EOFError)
"""What a channel layer raises while Redis is away, or silent (TimeoutError is an OSError); anything else is a fault."""
MEANWHILE = "control requests are found in their rows within seconds"


async def listen(owner: str, heard: Callable[[], None]) -> None:
    """Calls `heard` for each message to the process `owner`, and whenever there may have been one."""
    outage = Outage(log, "The channel layer")
    while True:
        try:
            await _listen_once(owner, heard, outage)
        except LAYER_AWAY as error:
            outage.failed(error, MEANWHILE)
        await asyncio.sleep(PAUSE_SECONDS)


async def _listen_once(owner: str, heard: Callable[[], None], outage: Outage) -> None:
    layer = get_channel_layer()
    if layer is None:
        await asyncio.Event().wait()
        return
    async with asyncio.timeout(ANSWER_SECONDS):
        channel = await layer.new_channel()
        await layer.group_add(control_group(owner), channel)
    while True:
        await _receive(layer, channel, owner)
        outage.worked()
        heard()


async def _receive(layer: Any, channel: str, owner: str) -> None:
    """The next message; raises TimeoutError when not even one's own arrives."""
    message = asyncio.ensure_future(layer.receive(channel))
    try:
        await asyncio.wait([message], timeout=QUIET_SECONDS)
        if not message.done():
            async with asyncio.timeout(ANSWER_SECONDS):
                await layer.group_send(control_group(owner), {"type": "control.waiting"})
                await asyncio.wait([message])
        message.result()
    except TimeoutError:
        await _hang_up(layer, message)
        raise
    finally:
        if not message.done():
            message.cancel()
            await asyncio.wait([message])


async def _hang_up(layer: Any, message: "asyncio.Future[Any]") -> None:
    """Closes the silent connection, with what was subscribed on it, so that the next beginning makes another."""
    message.cancel()
    with suppress(*LAYER_AWAY):
        async with asyncio.timeout(ANSWER_SECONDS):
            await layer.flush()
