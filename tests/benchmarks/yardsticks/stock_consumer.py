"""The yardstick on Channels as it comes: an `AsyncWebsocketConsumer` under Daphne, which dials its customer by the `websockets` library.

python -m tests.benchmarks.yardsticks.stock_consumer PORT ws://customer/"""

import asyncio
import sys
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from daphne.server import Server
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.yardsticks.words import Words, played


class StockConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels says no types
    customer_url = ""

    async def connect(self) -> None:
        self.words = Words()
        self.customer: ClientConnection = await connect(self.customer_url, compression=None, ping_interval=None)
        self.back = asyncio.ensure_future(self.play_back())
        await self.accept("media")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.customer.send(self.words.start() if bytes_data is None else self.words.media(bytes_data))

    async def play_back(self) -> None:
        async for message in self.customer:
            await self.send(bytes_data=played(message))

    async def disconnect(self, code: int) -> None:
        self.back.cancel()
        await self.customer.close()


def main(port: int, customer_url: str) -> None:
    settings.configure(DATABASES={}, CHANNEL_LAYERS={})
    StockConsumer.customer_url = customer_url
    application: Any = StockConsumer.as_asgi()
    Server(application, endpoints=[f"tcp:port={port}:interface=127.0.0.1"], signal_handlers=True, ping_interval=1000).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
