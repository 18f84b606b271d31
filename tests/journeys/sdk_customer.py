"""A customer's service as its developers write it: with the published streaming SDK."""

import asyncio
import base64
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from streams.simulate.listener import serving

with warnings.catch_warnings():
    # Its types are written for an older pydantic.
    warnings.simplefilter("ignore")
    from plivo_stream import PlivoWebsocketStreamingHandler


__all__ = ["PlivoWebsocketStreamingHandler", "SdkService", "sdk_service"]


class SdkService:
    """What a customer writes with the published streaming SDK."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.audio = b""
        self.errors: list[Exception] = []
        self.digits = ""
        self.gone = asyncio.Event()

    async def take(self, connection: ServerConnection) -> None:
        handler = PlivoWebsocketStreamingHandler()

        @handler.on_start
        async def started(event: Any) -> None:
            self.events.append(event)

        @handler.on_media
        async def media(event: Any) -> None:
            self.audio += base64.b64decode(event.media.payload)

        @handler.on_dtmf
        async def dtmf(event: Any) -> None:
            self.digits += event.dtmf.digit

        @handler.on_error
        async def failed(error: Exception) -> None:
            self.errors.append(error)

        await handler.handle(connection)
        self.gone.set()


@asynccontextmanager
async def sdk_service() -> AsyncIterator[tuple[SdkService, str]]:
    service = SdkService()
    async with serving(lambda listener: serve(service.take, sock=listener)) as port:
        yield service, f"ws://127.0.0.1:{port}/sdk"
