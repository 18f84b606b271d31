"""Very many connections of strangers to a process, from a process of their own, so that whoever measures beside them is not slowed down.

    python -m tests.streams.strangers PORT KIND COUNT [--addresses N] [--gateway NAME --password WORD]

KIND is one of KINDS. Prints `standing N` when all have connected and said what they say at once, and at the end, when all were answered or
closed or its standard input was, a JSON object: which status how many were answered (`0`: closed without one, `open`: neither)."""

import argparse
import asyncio
import base64
import json
import os
import resource
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

TLS_HELLO = bytes.fromhex("16030100f4010000f00303") + bytes(235)
DRIP_SECONDS = 1.0
OPENED_AT_ONCE = 200
KINDS: dict[str, tuple[Callable[["argparse.Namespace"], bytes], bool]] = {
    "idle": (lambda options: b"", False),
    "half": (lambda options: b"GET /gateway/asterisk/pbx/ HTTP/1.1\r\nHost: a\r\nUpgr", False),
    "drip": (lambda options: b"GET / HTTP/1.1\r\nX-Slow: ", True),
    "body": (lambda options: b"POST /admin/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + bytes(200_000), True),
    "hello": (lambda options: TLS_HELLO, False),
    "pipeline": (lambda options: b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50, False),
    "page": (lambda options: b"GET /admin/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", False),
    "upgrade": (lambda options: upgrade(options.gateway, options.password), False),
}
"""What each says at once, and whether a byte each second follows."""


def upgrade(gateway: str, password: str) -> bytes:
    credentials = base64.b64encode(f"{gateway}:{password}".encode())
    return b"\r\n".join(
        [
            b"GET /gateway/asterisk/%b/ HTTP/1.1" % gateway.encode(),
            b"Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)),
            b"Authorization: Basic " + credentials,
            b"\r\n",
        ]
    )


class Strangers:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.says, self.drips = KINDS[options.kind]
        self.answers: Counter[str] = Counter()
        self.opening = asyncio.Semaphore(OPENED_AT_ONCE)
        self.standing = 0
        self.all_stand = asyncio.Event()

    def address(self, number: int) -> str:
        place = number % self.options.addresses
        return f"127.{1 + place // 60_000}.{place // 250 % 240}.{1 + place % 250}" if self.options.addresses > 1 else "127.0.0.1"

    async def come(self, number: int) -> None:
        status = "0"
        try:
            status = await self.be_answered(number)
        except asyncio.CancelledError:
            status = "open"
        except OSError:
            self.stand()
        self.answers[status] += 1

    async def be_answered(self, number: int) -> str:
        async with self.opening:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.options.port, local_addr=(self.address(number), 0))
        try:
            writer.write(self.says(self.options))
            self.stand()
            dripping = asyncio.create_task(self.drip(writer)) if self.drips else None
            try:
                head = await reader.readline()
                if self.options.kind == "upgrade" and b" 101 " in head:
                    self.answers["101"] += 1
                    await reader.read()
                    return "ended"
                await reader.read()
            finally:
                if dripping is not None:
                    dripping.cancel()
            return head.split()[1].decode() if len(head.split()) > 1 else "0"
        finally:
            writer.transport.abort()

    async def drip(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(DRIP_SECONDS)
            writer.write(b"x")

    def stand(self) -> None:
        self.standing += 1
        if self.standing == self.options.count:
            self.all_stand.set()

    async def storm(self) -> None:
        coming = [asyncio.create_task(self.come(number)) for number in range(self.options.count)]
        everybody = asyncio.gather(*coming)
        sent_home = asyncio.create_task(until_sent_home())
        stand = asyncio.create_task(self.all_stand.wait())
        waited: list[asyncio.Future[Any]] = [everybody, sent_home, stand]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        print("standing", self.standing, flush=True)
        await asyncio.wait(waited[:2], return_when=asyncio.FIRST_COMPLETED)
        for each in coming:
            each.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*coming, return_exceptions=True)
        print(json.dumps(self.answers), flush=True)


async def until_sent_home() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", type=int)
    parser.add_argument("--addresses", type=int, default=1)
    parser.add_argument("--gateway", default="pbx")
    parser.add_argument("--password", default="wrong")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(Strangers(options).storm())


if __name__ == "__main__":
    main()
