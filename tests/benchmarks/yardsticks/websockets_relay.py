"""The yardstick on the `websockets` library, on both sides.

python -m tests.benchmarks.yardsticks.websockets_relay PORT ws://customer/"""

import asyncio
import sys

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tests.benchmarks.yardsticks.words import Words, played


async def relay(gateway: ServerConnection, customer_url: str) -> None:
    words = Words()
    async with connect(customer_url, compression=None, ping_interval=None) as customer, asyncio.TaskGroup() as both_ways:
        back = both_ways.create_task(play_back(customer, gateway))
        async for message in gateway:
            await customer.send(words.start() if isinstance(message, str) else words.media(message))
        back.cancel()


async def play_back(customer: ClientConnection, gateway: ServerConnection) -> None:
    async for message in customer:
        await gateway.send(played(message))


async def main(port: int, customer_url: str) -> None:
    async with serve(
        lambda gateway: relay(gateway, customer_url),
        "127.0.0.1",
        port,
        compression=None,
        ping_interval=None,
        subprotocols=[Subprotocol("media")],
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
