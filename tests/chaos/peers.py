"""The people at both ends of a trial: gateways that send numbered frames on a monotonic schedule, one customer for each account with its
service and its status callbacks, and what all of them saw.

Owns the recording. Must not know what is right, nor which fault there is."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Protocol, Self

from streams.simulate.call_plan import CallPlan, CallRefused
from streams.simulate.callback_receiver import CallbackReceiver, ReceivedCallback
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.gateway import CALLS
from streams.simulate.wav import FRAME_BYTES, FRAME_SECONDS
from tests.chaos.fault_proxy import find_packets, lose_packets
from tests.chaos.history import BroughtCall, HeardCallback, HeardStream, History
from tests.chaos.sites import ACCOUNTS, CANARY, DIALECTS, PASSWORD, Site
from tests.journeys.answers import Answers
from tests.journeys.stage import response, stream

MAGIC = b"\x5a\xa7"
CODECS = {"asterisk": "ulaw", "twilio": "ulaw", "audio_stream": "slin", "audio_fork": "slin"}
CONTENT_TYPES = {"ulaw": "audio/x-mulaw;rate=8000", "slin": "audio/x-l16;rate=8000"}
CONNECT_SECONDS = 20.0
LONGEST_CALL_SECONDS = 120.0

_tags = itertools.count(1)


def numbered_frame(tag: int, number: int, size: int) -> bytes:
    head = MAGIC + tag.to_bytes(4, "big") + number.to_bytes(4, "big")
    return head + bytes([number % 251]) * (size - len(head))


def read_frame(payload: bytes) -> tuple[int, int] | None:
    """(tag, number); None for what is no frame of ours, such as silence filled in."""
    if payload[:2] != MAGIC:
        return None
    return int.from_bytes(payload[2:6], "big"), int.from_bytes(payload[6:10], "big")


class Service(Protocol):
    """Where a customer is reached: by streams, and by their status callbacks."""

    @property
    def url(self) -> str: ...

    @property
    def status_url(self) -> str: ...


class Caller:
    """One call, from its upgrade to its hanging up. `record` is what its gateway saw."""

    def __init__(self, site: Site, record: BroughtCall, longest_seconds: float = LONGEST_CALL_SECONDS) -> None:
        self.record, self.longest_seconds = record, longest_seconds
        codec = CODECS[record.dialect]
        plan = CallPlan(
            platform=site.webs[record.web],
            gateway=f"{record.account.lower()}-{record.dialect}",
            password=PASSWORD,
            codec=codec,
            dialect=record.dialect,
            call_uuid=record.call_uuid,
        )
        self.frame_bytes = FRAME_BYTES[codec]
        self.socket = CALLS[record.dialect](plan)
        self.muted = False
        self._hang_up = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    def hang_up(self) -> None:
        self._hang_up.set()

    async def vanish(self) -> None:
        """Its gateway dies: TCP is reset."""
        self.muted = True
        await self.socket.vanish()

    def lose_touch(self) -> None:
        """Its gateway's machine is gone: nothing that is sent to it arrives, and nothing comes from it."""
        self.muted = True
        lose_packets(self.socket._writer.get_extra_info("socket"))

    def find_touch(self) -> None:
        if not self.socket._writer.is_closing():
            find_packets(self.socket._writer.get_extra_info("socket"))

    async def _run(self) -> None:
        record = self.record
        record.began_at = time.monotonic()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.socket.connect()
        except (CallRefused, TimeoutError) as error:
            record.refusal = str(error) or f"no answer to the upgrade within {CONNECT_SECONDS:g} s"
            record.ended_at = time.monotonic()
            return
        record.taken = True
        with suppress(OSError):
            await self.socket.start_media()
            await self._speak()
        record.ended_at = time.monotonic()
        record.end = record.end or (str(self.socket.end) if self.socket.end else "hung up")
        await self.socket.hang_up()

    async def _speak(self) -> None:
        """A late frame does not make the next ones late."""
        started = time.monotonic()
        for number in itertools.count():
            await asyncio.sleep(max(started + number * FRAME_SECONDS - time.monotonic(), 0))
            if self._hang_up.is_set() or self.socket.end is not None or time.monotonic() - started > self.longest_seconds:
                return
            if not self.muted:
                await self.socket.send_frame(numbered_frame(self.record.tag, self.record.sent, self.frame_bytes))
                self.record.sent, self.record.last_frame_at = self.record.sent + 1, time.monotonic()


class Peers:
    """Callers, and the customers they are streamed to. An async context manager; `history` is complete once it was left. No call goes on
    for longer than `longest_seconds`, whatever becomes of the trial."""

    def __init__(self, site: Site, answers: Answers, history: History, longest_seconds: float = LONGEST_CALL_SECONDS) -> None:
        self.site, self.answers, self.history, self.longest_seconds = site, answers, history, longest_seconds
        self.callers: list[Caller] = []
        self.customers: dict[str, Service] = {}
        self._services: list[tuple[str, Customer]] = []
        self._turn = itertools.count()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for account in ACCOUNTS:
            self.customers[account] = await self.service(account)
        return self

    async def __aexit__(self, *error: object) -> None:
        for caller in self.callers:
            caller.hang_up()
        await asyncio.gather(*(caller.task for caller in self.callers))
        await self._stack.aclose()

    async def service(
        self,
        account: str,
        behaviour: Behaviour | None = None,
        receiver: CallbackReceiver | None = None,
        kind: type[Customer] = Customer,
    ) -> Customer:
        """Another service of a customer, good or bad."""
        customer = await self._stack.enter_async_context(kind(behaviour, receiver))
        self._services.append((account, customer))
        return customer

    def place(
        self, part: str, *, web: str = "", account: str = "", dialect: str = "", to: Service | None = None, url: str = "", **more: str
    ) -> Caller:
        """A call that begins now. Left out, web process, account and dialect take turns. `url` is a service that is no Customer of ours;
        `more` are attributes of the <Stream>."""
        turn = next(self._turn)
        account = account or ACCOUNTS[turn % len(ACCOUNTS)]
        dialect = dialect or DIALECTS[(turn // len(ACCOUNTS) + turn) % len(DIALECTS)]
        web = web or list(self.site.webs)[turn // 2 % len(self.site.webs)]
        record = BroughtCall(str(uuid.uuid4()), account, dialect, next(_tags), web, part)
        customer = to or self.customers[account]
        attributes = {
            "contentType": CONTENT_TYPES[CODECS[dialect]],
            "statusCallbackUrl": customer.status_url,
            "keepCallAlive": "true",
            "extraHeaders": f"key={CANARY}",
            **more,
        }
        self.answers.set(record.call_uuid, response(stream(url or customer.url, **attributes)))
        self.history.calls.append(record)
        caller = self.caller(record)
        self.callers.append(caller)
        return caller

    def caller(self, record: BroughtCall) -> Caller:
        return Caller(self.site, record, self.longest_seconds)

    async def until_heard(self, callers: list[Caller], frames: int = 5, timeout_seconds: float = 30) -> None:
        """Until each of them is heard by its customer, or was refused, or is over."""
        deadline = time.monotonic() + timeout_seconds
        while any(not caller.task.done() and self.heard_frames(caller) < frames for caller in callers):
            if time.monotonic() > deadline:
                late = [caller.record.call_uuid for caller in callers if self.heard_frames(caller) < frames]
                self.history.troubles.append(f"{len(late)} of {len(callers)} calls were not heard within {timeout_seconds:g} s: {late}")
                return
            await asyncio.sleep(0.05)

    def heard_frames(self, caller: Caller) -> int:
        return max((each.media_count for _, customer in self._services for each in customer.conversations
                    if each.call_id == caller.record.call_uuid), default=0)  # fmt: skip

    def record(self) -> None:
        """Into the history, what services and callback addresses have got up to now."""
        self.history.streams = [heard(account, each) for account, customer in self._services for each in customer.conversations]
        came = [(account, each) for account, customer in self._services for each in customer.receiver.callbacks]
        self.history.callbacks = [told(account, each) for account, each in came]


def heard(account: str, conversation: Conversation) -> HeardStream:
    stream = HeardStream(account, conversation.call_id, conversation.stream_id, arrivals=[media.arrived_at for media in conversation.media])
    if stream.arrivals:
        stream.started_at, stream.last_at = stream.arrivals[0], stream.arrivals[-1]
    for media in conversation.media:
        keep(stream, media.payload)
    stream.close_code = conversation.close_code
    return stream


def keep(stream: HeardStream, payload: bytes) -> int | None:
    """What came in a media message; its number, if it has one."""
    if (frame := read_frame(payload)) is None:
        stream.filled += 1
        return None
    tag, number = frame
    stream.take(tag, number)
    stream.altered += payload != numbered_frame(tag, number, len(payload))
    return number


def told(account: str, callback: ReceivedCallback) -> HeardCallback:
    given: Callable[[str], str] = lambda name: callback.parameters.get(name, "")  # noqa: E731
    sequence = given("Sequence")
    return HeardCallback(
        account,
        callback.headers.get("webhook-id", ""),
        given("StreamID"),
        given("CallUUID"),
        given("Event"),
        int(sequence) if sequence.isdigit() else 0,
        callback.body.decode(errors="replace"),
        callback.status,
        callback.arrived_at,
    )
