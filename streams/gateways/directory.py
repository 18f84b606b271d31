"""Who may bring calls, kept in memory: a gateway's credentials are checked before its call is accepted, without a query.

Owns the copy and its refreshing (each second, in a thread; kept as it is while the database is away). Must not know sockets."""

import asyncio
import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from streams import host_blocks
from streams.database_clock import database_now
from streams.database_threads import DatabaseThreads
from streams.keeper import keep
from streams.models import AuthToken, Gateway
from streams.models.tenants import password_matches
from streams.outages import Outage
from streams.pure.callback.auth_tokens import KnownToken, Tokens, in_force
from streams.ready_statement import ReadyStatement
from streams.sealed import WrongKey

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class KnownGateway:
    """A gateway with what a call of it needs to know of its application and account."""

    gateway_id: int
    name: str
    dialect: str
    password_digest: str
    application_id: int
    answer_url: str
    answer_method: str
    answer_xml: str
    account_id: int
    auth_id: str
    signing_token: str
    tokens: tuple[KnownToken, ...] = ()
    fill_silence: bool = True
    goodbye_seconds: int = 10
    play_failed_messages: bool = True
    measure_turns: bool = True
    record: str = "off"
    record_seconds: int = 60
    callers_consent: bool = False
    account_calls_limit: int = 500
    account_streams_limit: int = 500
    spending_stopped_at: datetime | None = None
    """Of the account: since when it begins no stream, because of what it has spent."""
    gateway_calls_limit: int | None = None
    gateway_streams_limit: int | None = None

    def accepts(self, password: str) -> bool:
        return password_matches(self.password_digest, password)


class Directory:
    """One per process and event loop."""

    def __init__(self) -> None:
        self.entries: dict[str, KnownGateway] = {}
        self.blocks: host_blocks.Blocks = {}
        self._read_at, self._read_when = timezone.now(), time.monotonic()
        self._loaded = asyncio.Event()
        self._threads = DatabaseThreads(1, "directory")
        self._refreshing = keep("gateway directory", self._keep)

    async def find(self, name: str, within_seconds: float = 3.0) -> KnownGateway | None:
        """The gateway of that name; waits only while nothing was ever loaded. Raises TimeoutError when that takes too long."""
        if not self._loaded.is_set():
            async with asyncio.timeout(within_seconds):
                await self._loaded.wait()
        return self.entries.get(name)

    def tokens_of(self, entry: KnownGateway) -> Tokens:
        """The tokens of the account that `entry` is of, as they are now; of a gateway that has gone meanwhile, the last known ones."""
        same = self.entries.get(entry.name, entry)
        known = same if same.account_id == entry.account_id else entry
        return in_force(known.tokens, self._now())

    def refused_host(self, account_id: int, host: str) -> str:
        """Why no stream of the account may be sent to the host now; "" where it may."""
        return host_blocks.refusal_of(self.blocks, account_id, host)

    def _now(self) -> datetime:
        """By the database's clock, by which tokens end, reckoned on from when it was asked."""
        return self._read_at + timedelta(seconds=time.monotonic() - self._read_when)

    async def _keep(self) -> None:
        outage = Outage(log, "Reading the gateways")
        while True:
            try:
                self.entries, self._read_at = await self._threads.run(load_all)
                self.blocks = await self._threads.run(host_blocks.load_blocks)
                self._read_when = time.monotonic()
                self._loaded.set()
                outage.worked()
            except (DatabaseError, WrongKey) as error:
                outage.failed(error, "the last known ones stay in force")
            await asyncio.sleep(REFRESH_SECONDS)

    async def stop(self) -> None:
        await self._refreshing.stop()
        await self._threads.stop()


COLUMNS = {
    "gateway_id": "id",
    "name": "name",
    "dialect": "dialect",
    "password_digest": "password_digest",
    "application_id": "application_id",
    "answer_url": "application__answer_url",
    "answer_method": "application__answer_method",
    "answer_xml": "application__answer_xml",
    "account_id": "account_id",
    "auth_id": "account__auth_id",
    "signing_token": "signing_token",
    "fill_silence": "account__fill_silence",
    "goodbye_seconds": "account__goodbye_seconds",
    "play_failed_messages": "account__play_failed_messages",
    "measure_turns": "account__measure_turns",
    "record": "application__record",
    "record_seconds": "application__record_seconds",
    "callers_consent": "application__callers_consent",
    "account_calls_limit": "account__concurrent_calls_limit",
    "account_streams_limit": "account__concurrent_streams_limit",
    "spending_stopped_at": "account__spending_stopped_at",
    "gateway_calls_limit": "concurrent_calls_limit",
    "gateway_streams_limit": "concurrent_streams_limit",
}


def _tokens_that_count(now: datetime) -> QuerySet[Any, Any]:
    counting = AuthToken.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), account__gateways__isnull=False).distinct()
    return counting.values_list("account_id", "secret", "ends_at")


_TOKENS = ReadyStatement(_tokens_that_count, datetime)
_GATEWAYS = ReadyStatement(lambda: Gateway.objects.values_list(*COLUMNS.values()))


def load_all() -> tuple[dict[str, KnownGateway], datetime]:
    now = database_now()
    return load_gateways(now), now


def load_gateways(now: datetime) -> dict[str, KnownGateway]:
    """All gateways by name, with the tokens of their accounts, in two queries. What is sealed is opened once, and again when it changed."""
    tokens: defaultdict[int, list[KnownToken]] = defaultdict(list)
    for account_id, secret, ends_at in _TOKENS.read(now):
        tokens[account_id].append(KnownToken(secret, ends_at))
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in _GATEWAYS.read()]
    return {row["name"]: KnownGateway(**row, tokens=tuple(tokens[row["account_id"]])) for row in rows}
