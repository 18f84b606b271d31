"""Services of customers for the tests of dialling them and of talking to them: real servers, good ones and raw bytes."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from streams.customers.dial import DialFailed, DialSettings, dial
from streams.customers.open_socket import CustomerSocket
from streams.guard import Reach
from streams.pure.customer.connection import Failure
from streams.simulate.listener import serving

REACH = Reach((ipaddress.ip_network("127.0.0.0/8"),))
SETTINGS = DialSettings(REACH, timeout_seconds=20.0)
TLS = ssl.create_default_context()
CERTIFICATE = Path(__file__).parent.parent / "data" / "self_signed.pem"


async def silent(connection: ServerConnection) -> None:
    await connection.wait_closed()


@asynccontextmanager
async def service(handler: Callable[[ServerConnection], Awaitable[None]] = silent, scheme: str = "ws", **options) -> AsyncIterator[str]:
    async with serving(lambda listener: serve(handler, sock=listener, **options)) as port:
        yield f"{scheme}://127.0.0.1:{port}/audio?a=1"


@asynccontextmanager
async def raw_service(answer: bytes | None, close: bool = False) -> AsyncIterator[str]:
    """Answers the upgrade with these bytes, or not at all."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            if answer is not None:
                writer.write(answer)
            if not close:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with serving(lambda listener: asyncio.start_server(handle, sock=listener)) as port:
        yield f"ws://127.0.0.1:{port}/"


async def dialled(url: str, settings: DialSettings = SETTINGS, tls: ssl.SSLContext = TLS) -> CustomerSocket:
    return await dial(url, {"X-Plivo-Signature-V3": "abc"}, settings, tls)


async def failure(url: str, settings: DialSettings = SETTINGS) -> Failure:
    with pytest.raises(DialFailed) as caught:
        await dialled(url, settings)
    return caught.value.failure
