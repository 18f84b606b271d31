"""The yardstick on picows, on both sides: WebSockets in Cython.

python -m tests.benchmarks.yardsticks.picows_relay PORT ws://customer/"""

import asyncio
import sys

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_connect, ws_create_server

from tests.benchmarks.yardsticks.words import Words, played


class Gateway(WSListener):  # type: ignore[misc]  # picows is compiled, and says no types
    def __init__(self, customer_url: str) -> None:
        self.customer_url, self.words = customer_url, Words()
        self.customer: WSTransport | None = None
        self.early: list[str] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.dialling = asyncio.ensure_future(self.dial())

    async def dial(self) -> None:
        self.customer, _ = await ws_connect(lambda: Customer(self.transport), self.customer_url)
        for text in self.early:
            self.tell(text)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.BINARY:
            self.tell(self.words.media(frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.TEXT:
            self.tell(self.words.start())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def tell(self, text: str) -> None:
        if self.customer is None:
            self.early.append(text)
        else:
            self.customer.send(WSMsgType.TEXT, text.encode())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.customer is not None:
            self.customer.disconnect()


class Customer(WSListener):  # type: ignore[misc]
    def __init__(self, gateway: WSTransport) -> None:
        self.gateway = gateway

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.gateway.send(WSMsgType.BINARY, played(frame.get_payload_as_bytes()))


async def main(port: int, customer_url: str) -> None:
    def gateway(request: WSUpgradeRequest) -> Gateway:
        return Gateway(customer_url)

    server = await ws_create_server(gateway, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
