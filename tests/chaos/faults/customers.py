"""Every form of bad customer: services that refuse, hang, close, reset, do not read, or say what nobody understands; and callback addresses
that refuse, hang, drip or never end. Each has a call of its own, beside the good ones, which may not notice.

Owns the forms and what each may cost its own call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from websockets.asyncio.server import ServerConnection

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.listener import Listener, serving
from tests.chaos.history import BroughtCall
from tests.chaos.invariants import EVERYBODY
from tests.chaos.trial import Fault, Trial, suffers
from tests.free_port import free_port

CLOSED, LOST, REFUSED, SLOW, UNCONNECTED = "customer_closed", "customer_lost", "message_refused", "slow_connection", "connect_failed"
NEVER_THERE = (UNCONNECTED, SLOW)
"""Whichever comes first: the last try is over, or no more audio can be kept for the customer."""
SMALL = 16_384
"""Bytes of receive buffer: with Linux's usual one the customer's kernel hides seconds of what it does not read."""


class RawCustomer(Customer):
    """Says bytes that no library would send, once it has heard ten frames."""

    raw = b""

    async def _behave(self, connection: ServerConnection, conversation: Conversation) -> None:
        if conversation.media_count == 10:
            connection.transport.write(self.raw)


class BadUtf8(RawCustomer):
    raw = b"\x81\x02\xc3\x28"


class BadFrame(RawCustomer):
    raw = b"\xf3\x02\x00\x00"


SERVICES: dict[str, tuple[Behaviour, type[Customer], tuple[str, ...]]] = {
    "refuses once": (Behaviour(refuse=1), Customer, ()),
    "accepts late": (Behaviour(accept_after_seconds=0.6), Customer, ()),
    "refuses always": (Behaviour(refuse=9), Customer, (UNCONNECTED,)),
    "says 401": (Behaviour(refuse=9, refuse_status=401), Customer, (UNCONNECTED,)),
    "redirects": (Behaviour(refuse=9, refuse_status=302, redirect_to="ws://127.0.0.1:1/"), Customer, (UNCONNECTED,)),
    "never answers": (Behaviour(hang=True), Customer, NEVER_THERE),
    "closes with 1000": (Behaviour(close_after=20), Customer, (CLOSED,)),
    "closes with 1011": (Behaviour(close_after=20, close_code=1011, close_reason="oops"), Customer, (CLOSED,)),
    "closes with 4000": (Behaviour(close_after=20, close_code=4000, close_reason="enough"), Customer, (CLOSED,)),
    "resets": (Behaviour(close_after=20, reset=True), Customer, (LOST,)),
    "reads no more": (Behaviour(stop_reading_after=20, receive_buffer_bytes=SMALL), Customer, (SLOW,)),
    "pauses reading": (Behaviour(stop_reading_after=20, read_again_after_seconds=1.5, receive_buffer_bytes=SMALL), Customer, ()),
    "talks nonsense": (Behaviour(garbage=("no json", '{"event": 7}', "[]", '{"event":"playAudio"}', b"\x00\x01")), Customer, ()),
    "sends 2 MB at once": (Behaviour(garbage=("x" * 2_000_000,)), Customer, ()),
    "sends bad UTF-8": (Behaviour(), BadUtf8, (REFUSED,)),
    "sends a bad frame": (Behaviour(), BadFrame, (REFUSED,)),
}


async def wrong_accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n"
    writer.write(head)
    await reader.read()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    for byte in b"HTTP/1.1 101 Switching Protocols\r\nX-Slow: " + b"y" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def is_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await reader.read()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RAW_SERVICES: dict[str, Serve] = {
    "answers with a wrong key": wrong_accept,
    "drips its answer": drips,
    "hangs up on the upgrade": hangs_up,
    "is no HTTP server": is_no_http,
}


@dataclass(frozen=True)
class Answered:
    """`status` is what it means: whether it counts as delivered."""

    status: int
    raw: bytes
    hold: bool = False
    after_seconds: float = 0.0


OK = b"HTTP/1.1 200 OK\r\n"
ADDRESSES: dict[str, tuple[list[Answered], bool]] = {
    # What is answered first, then 200; and whether callbacks may be given up.
    "500 twice": ([Answered(500, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")] * 2, False),
    "503 five times": ([Answered(503, b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")] * 5, False),
    "404 twice": ([Answered(404, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")] * 2, False),
    "a redirect": ([Answered(302, b"HTTP/1.1 302 No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")], False),
    "gone (410)": ([Answered(410, b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")] * 9, True),
    "no answer": ([Answered(0, b"")] * 2, False),
    "no HTTP": ([Answered(0, b"SSH-2.0-OpenSSH_9.2\r\n")] * 2, False),
    "a late answer": ([Answered(200, OK + b"Content-Length: 0\r\n\r\n", after_seconds=1.5)] * 9, False),
    "a body without end": ([Answered(200, OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", hold=True)] * 9, False),
    "a body shorter than said": ([Answered(200, OK + b"Content-Length: 9999\r\n\r\nshort", hold=False)] * 9, False),
    "a body later than ever": ([Answered(200, OK + b"Content-Length: 9999\r\n\r\nshort", hold=True)] * 9, False),
    "103 before the 200": ([Answered(200, b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n")] * 9, False),
}


class BadReceiver(CallbackReceiver):
    """Answers with the bytes it was given, and then with 200."""

    def __init__(self, answers: list[Answered]) -> None:
        super().__init__()
        self.answers = answers
        self.statuses = [answer.status for answer in answers]

    async def _deal_with(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callbacks.append(await self._read(reader))
        answer = self.answers.pop(0) if self.answers else Answered(200, OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(answer.after_seconds)
        writer.write(answer.raw)
        await writer.drain()
        if answer.hold:
            await reader.read()


@asynccontextmanager
async def bad_services(trial: Trial) -> AsyncIterator[None]:
    peers = trial.peers
    async with AsyncExitStack() as stack:
        for number, (form, (behaviour, kind, _)) in enumerate(SERVICES.items()):
            account = "Alder" if number % 2 else "Birch"
            service = await peers.service(account, behaviour, kind=kind)
            peers.place(form, account=account, to=service, bidirectional="true" if form.startswith(("talks", "sends")) else "false")
        for form, serve in RAW_SERVICES.items():
            port = await stack.enter_async_context(serving(partial(listen, serve)))
            peers.place(form, account="Alder", url=f"ws://127.0.0.1:{port}/")
        peers.place("nobody listens", account="Birch", url=f"ws://127.0.0.1:{free_port()}/")
        yield


async def listen(serve: Serve, listener: Listener) -> asyncio.Server:
    return await asyncio.start_server(politely(serve), sock=listener)


def politely(serve: Serve) -> Serve:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return handle


def to_a_bad_service(trial: Trial, call: BroughtCall) -> None:
    causes = SERVICES[call.part][2] if call.part in SERVICES else NEVER_THERE if call.part in (*RAW_SERVICES, "nobody listens") else ()
    if causes:
        suffers(call, *causes)
        call.may_end = causes
    elif call.part in SERVICES:
        call.steady, call.heard_late = False, True


@asynccontextmanager
async def bad_addresses(trial: Trial) -> AsyncIterator[None]:
    peers = trial.peers
    for number, (form, (answers, _)) in enumerate(ADDRESSES.items()):
        account = "Alder" if number % 2 else "Birch"
        peers.place(form, account=account, to=await peers.service(account, receiver=BadReceiver(list(answers))))
    yield
    await peers.until_heard(peers.callers)


def to_a_bad_address(trial: Trial, call: BroughtCall) -> None:
    if call.part in ADDRESSES:
        call.may_not_be_told = ADDRESSES[call.part][1]
        call.may_overtake = len(ADDRESSES[call.part][0]) > 2  # then the next is no longer kept back
    else:
        call.told_within_seconds = 6.0


class PartlyHanging(BadReceiver):
    """Answers one account at once, and the other after seconds: two customers behind one host, as behind an integrator's."""

    def __init__(self, hanging: str) -> None:
        super().__init__([])
        self.hanging = hanging

    async def _read(self, reader: asyncio.StreamReader):  # type: ignore[no-untyped-def]
        callback = await super()._read(reader)
        if callback.parameters.get("CallUUID", "") in self.hanging:
            await asyncio.sleep(2)
        return callback


@asynccontextmanager
async def one_host_hangs(trial: Trial) -> AsyncIterator[None]:
    peers = trial.peers
    shared = await peers.service(EVERYBODY, receiver=(receiver := PartlyHanging("")))
    for number in range(14):
        account = "Alder" if number in (6, 13) else "Birch"
        caller = peers.place("hangs" if account == "Birch" else "shares the host", account=account, statusCallbackUrl=shared.status_url)
        if account == "Birch":
            receiver.hanging += caller.record.call_uuid + " "
    yield
    await peers.until_heard(peers.callers)


def beside_who_hangs(trial: Trial, call: BroughtCall) -> None:
    """Its account's address is at the other's host, where both are received."""
    if call.part == "shares the host":
        call.told_within_seconds = 6.0


FAULTS = [
    Fault("bad services of customers", bad_services, 8, costs=to_a_bad_service),
    Fault("bad callback addresses", bad_addresses, 3, costs=to_a_bad_address, settles_beside=True),
    Fault("callbacks of one account hang its host", one_host_hangs, 5, costs=beside_who_hangs, settles_beside=True),
]
