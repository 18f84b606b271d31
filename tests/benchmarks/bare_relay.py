"""The yardstick: the least a relay on the `websockets` library has to do. No accounts, no buffer, no events, no bill.

    python -m tests.benchmarks.bare_relay PORT ws://customer/

Each gateway socket is forked to one customer socket: binary in, Plivo's JSON out."""

import asyncio
import base64
import json
import sys
import time
import uuid

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol


async def relay(gateway: ServerConnection, customer_url: str) -> None:
    stream_id, number = str(uuid.uuid4()), 0
    async with connect(customer_url, compression=None, ping_interval=None) as customer, asyncio.TaskGroup() as both_ways:
        back = both_ways.create_task(play_back(customer, gateway))
        async for message in gateway:
            if isinstance(message, str):
                await customer.send(f'{{"event":"start","sequenceNumber":1,"start":{{"streamId":"{stream_id}"}}}}')
                continue
            number += 1
            payload = base64.b64encode(message).decode()
            await customer.send(
                f'{{"event":"media","sequenceNumber":{number + 1},"streamId":"{stream_id}","media":{{"track":"inbound",'
                f'"timestamp":"{int(time.time() * 1000)}","chunk":{number},"payload":"{payload}"}},"extra_headers":""}}'
            )
        back.cancel()


async def play_back(customer: ClientConnection, gateway: ServerConnection) -> None:
    async for message in customer:
        await gateway.send(base64.b64decode(json.loads(message)["media"]["payload"]))


async def main(port: int, customer_url: str) -> None:
    async with serve(
        lambda gateway: relay(gateway, customer_url),
        "127.0.0.1",
        port,
        compression=None,
        ping_interval=None,
        subprotocols=[Subprotocol("media")],
    ):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
