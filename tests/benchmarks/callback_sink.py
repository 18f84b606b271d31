"""Customers' endpoints for `callbacks`: they take a POST, answer 200 after a time, and remember when each callback came first.

    python -m tests.benchmarks.callback_sink COUNT ANSWER_MS

Says its ports on a line; then answers each line that it reads with when each callback came, by the machine's monotonic clock, and how
many came again. As little HTTP as will do, so that it costs little beside what is measured."""

import asyncio
import json
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
arrived: dict[str, float] = {}
again: list[str] = []


class Endpoint(asyncio.Protocol):
    answer_seconds = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.got = transport, b""

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end:
            return
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(headers.get(b"content-length", 0)):
            return
        self.got = b""
        note(headers[b"webhook-id"].decode())
        asyncio.get_running_loop().call_later(self.answer_seconds, self.answer)

    def answer(self) -> None:
        self.transport.write(ANSWER)
        self.transport.close()


def note(message_id: str) -> None:
    if message_id in arrived:
        again.append(message_id)
    arrived.setdefault(message_id, time.monotonic())


async def main(count: int, answer_ms: float) -> None:
    Endpoint.answer_seconds = answer_ms / 1000
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Endpoint, "127.0.0.1", 0, backlog=500) for _ in range(count)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps([arrived, len(again)]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
