"""A gateway's side of the consumer, in this process: Channels' communicator, with the credentials of a row."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from channels.db import database_sync_to_async
from channels.routing import URLRouter

from streams.calls import switchboard
from streams.routing import websocket_urlpatterns
from tests.patient_communicator import PatientCommunicator

PASSWORD = "correct horse battery"
MEDIA_START = "MEDIA_START connection_id:ingress channel:WebSocket/1 channel_id:gw1-1 format:ulaw optimal_frame_size:160 ptime:20"
application = URLRouter(websocket_urlpatterns)


def basic(user: str, password: str) -> tuple[bytes, bytes]:
    return b"authorization", b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def socket(path: str = "/gateway/asterisk/pbx/", user: str = "pbx", password: str = PASSWORD) -> PatientCommunicator:
    return PatientCommunicator(application, path, headers=[basic(user, password)], subprotocols=["media"])


@asynccontextmanager
async def switchboard_running() -> AsyncIterator[switchboard.Switchboard]:
    """The switchboard of this test's event loop, drained at the end."""
    board = switchboard.current()
    try:
        yield board
    finally:
        await board.drain(0)
        await board.stop()


@asynccontextmanager
async def call(query: str = "", user: str = "pbx") -> AsyncIterator[PatientCommunicator]:
    """A live call whose media has started; hung up at the end unless that happened before."""
    communicator = socket(f"/gateway/asterisk/{user}/?{query}", user)
    accepted, _ = await communicator.connect(timeout=30)
    assert accepted
    await communicator.send_to(text_data=MEDIA_START)
    try:
        yield communicator
    finally:
        await communicator.disconnect(code=1000, timeout=30)


async def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Asks the database (in a thread) until it has what is wanted; the rows are written by others, who tell nobody."""
    now = asyncio.get_running_loop().time
    begun = now()
    while not (result := await database_sync_to_async(found)()):
        waited = now() - begun
        assert waited < seconds, "it never came"
        await asyncio.sleep(max(0.02, waited / 20))  # what takes seconds is not asked for fifty times in each of them
    return result
