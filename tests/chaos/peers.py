"""The people at both ends of a trial: gateways that send numbered frames on a monotonic schedule, one customer for each account with its
service and its status callbacks, bad ones beside them, and what all of them saw.

Owns the recording. Must not know what is right, nor which fault there is."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Protocol, Self

from streams.simulate.callback_receiver import CallbackReceiver, ReceivedCallback
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.ending import cancelled
from tests.chaos.callers import CODECS, LONGEST_CALL_SECONDS, Caller, Voices
from tests.chaos.counting_service import CountingService
from tests.chaos.history import BroughtCall, HeardCallback, HeardStream, History
from tests.chaos.numbered_frames import keep
from tests.chaos.sites import ACCOUNTS, CANARY, DIALECTS, Site
from tests.journeys.answers import Answers
from tests.journeys.stage import response, stream

CONTENT_TYPES = {"ulaw": "audio/x-mulaw;rate=8000", "slin": "audio/x-l16;rate=8000"}

_tags = itertools.count(1)


class Service(Protocol):
    """Where a customer is reached: by streams, and by their status callbacks."""

    @property
    def url(self) -> str: ...

    @property
    def status_url(self) -> str: ...


class Peers:
    """Callers, and the customers they are streamed to. An async context manager; `history` is complete once it was left. No call goes on
    for longer than `longest_seconds`, whatever becomes of the trial."""

    def __init__(
        self, site: Site, answers: Answers, history: History, longest_seconds: float = LONGEST_CALL_SECONDS, *, keeps_moments: bool = True
    ) -> None:
        self.site, self.answers, self.history, self.longest_seconds = site, answers, history, longest_seconds
        self.keeps_moments = keeps_moments
        self.callers: list[Caller] = []
        self.customers: dict[str, CountingService] = {}
        self._services: list[tuple[str, Customer]] = []
        self._turn = itertools.count()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for account in ACCOUNTS:
            customer = CountingService(account, self.history, self.keeps_moments)
            self.customers[account] = await self._stack.enter_async_context(customer)
        self._voices = Voices()
        self._speaking = asyncio.create_task(self._voices.speak())
        self._stack.push_async_callback(cancelled, self._speaking)
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
        caller = Caller(self.site, record, self._voices, self.longest_seconds)
        self.callers.append(caller)
        return caller

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
        uuid = caller.record.call_uuid
        elsewhere = (each.media_count for _, service in self._services for each in service.conversations if each.call_id == uuid)
        return max(*(customer.heard_frames(uuid) for customer in self.customers.values()), *elsewhere)

    def record(self) -> None:
        """Into the history, what services and callback addresses have got up to now."""
        if self._speaking.done():
            self._speaking.result()  # raises what made everybody fall silent
        self.history.streams = [stream for customer in self.customers.values() for each in customer.streams.values() for stream in each]
        self.history.streams += [heard(account, each) for account, service in self._services for each in service.conversations]
        came = [(account, each) for account, customer in self.customers.items() for each in customer.receiver.callbacks]
        came += [(account, each) for account, service in self._services for each in service.receiver.callbacks]
        self.history.callbacks = [told(account, each) for account, each in came]


def heard(account: str, conversation: Conversation) -> HeardStream:
    stream = HeardStream(account, conversation.call_id, conversation.stream_id, arrivals=[media.arrived_at for media in conversation.media])
    if stream.arrivals:
        stream.started_at, stream.last_at = stream.arrivals[0], stream.arrivals[-1]
    for media in conversation.media:
        keep(stream, media.payload)
    stream.close_code = conversation.close_code
    return stream


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
