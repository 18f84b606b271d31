"""What `shares` measures, in its process: another account's p95 in each pool, alone and beside a flood.

A flood is one account's, as large as it likes to make it; of callbacks also that of four accounts together, each within its share."""

import asyncio
import json
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402 - after the setup
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from cdr.models import Export, UrlTest  # noqa: E402
from streams import consumers, delivery  # noqa: E402
from streams.fetch import FetchFailed, fetch  # noqa: E402
from streams.guard import Unresolvable  # noqa: E402
from streams.models import Call, Callback, CallbackState  # noqa: E402
from streams.name_lookup import NameLookup  # noqa: E402
from streams.simulate.customer import Customer  # noqa: E402
from tests.streams.callback_rows import account, owed, stream  # noqa: E402

FLOODER, VICTIM = "the flooder", "another"
EXPORTED_CALLS = 20_000
LIMIT_SECONDS = 120.0
ROUNDS = 3


# The measuring -------------------------------------------------------------------------------------------------------------
class Waits(NamedTuple):
    """How long one account waited, in milliseconds."""

    alone: list[float]
    beside: list[float]


def p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20, method="inclusive")[-1] if len(waits) > 1 else waits[0]


def row(pool: str, flood: str, waits: Waits) -> str:
    alone, beside = p95(waits.alone), p95(waits.beside)
    middle = statistics.median(waits.beside) / statistics.median(waits.alone)
    return f"{pool:<12} {flood:<46} {len(waits.beside):>4} {alone:>9.1f} {beside:>9.1f} {beside / alone:>7.2f} {middle:>7.2f}"


async def timed(times: int, work: Callable[[], Awaitable[Any]]) -> list[float]:
    waits = []
    for _ in range(times):
        began = time.monotonic()
        await work()
        waits.append((time.monotonic() - began) * 1000)
    return waits


async def beside_flood(times: int, work: Callable[[], Awaitable[Any]], flood: Sequence[Callable[[], Awaitable[Any]]]) -> Waits:
    """In turns, so that both meet the same noise of the machine."""
    waits = Waits([], [])
    await timed(5, work)
    for _ in range(ROUNDS):
        waits.alone.extend(await timed(times, work))
        flooding = [asyncio.ensure_future(one()) for one in flood]
        await asyncio.sleep(1)
        waits.beside.extend(await timed(times, work))
        for each in flooding:
            each.cancel()
        await asyncio.gather(*flooding, return_exceptions=True)
    return waits


# In a web process ----------------------------------------------------------------------------------------------------------
async def look_ups(name_server: str) -> Waits:
    lookup = NameLookup([name_server])

    async def swallowed(number: int) -> None:
        with suppress(Unresolvable):
            await lookup.addresses(f"n{number}.swallowed", 443, FLOODER)

    try:
        flood = [partial(swallowed, number) for number in range(500)]
        return await beside_flood(200, lambda: lookup.addresses("good.example", 443, VICTIM), flood)
    finally:
        lookup.close()


async def answers(url: str) -> Waits:
    def fetched(path: str) -> None:
        with suppress(FetchFailed):
            fetch("GET", url + path, deadline_seconds=10, max_bytes=1000, reach=settings.DIAL_REACH, headers={}, body=b"")

    async def asked(whose: str, path: str) -> None:
        await consumers._answers.run(whose, fetched, path)

    return await beside_flood(100, lambda: asked(VICTIM, "/"), [lambda: asked(FLOODER, "/hang")] * 200)


# In a worker -----------------------------------------------------------------------------------------------------------------
def callbacks(seconds: float, urls: Sequence[str], flooders: int) -> Waits:
    """One each fifth of a second. An account's flood goes to several hosts, so that its own share is what bounds it."""
    waits = Waits([], [])
    called_back(2.0, urls[0])  # its endpoint is known then
    for turn in range(ROUNDS):
        waits.alone.extend(called_back(seconds / ROUNDS, urls[0]))
        for number in range(400):
            url = urls[1 + number % (len(urls) - 1)] + "/hang"
            late = owed(stream(account(f"flooder {number % flooders} of {flooders}, {turn}")), url)
            delivery.hint(late.stream_id, late.account_id)
        time.sleep(2)
        waits.beside.extend(called_back(seconds / ROUNDS, urls[0]))
        Callback.objects.filter(state=CallbackState.PENDING).update(state=CallbackState.GIVEN_UP, due_at=None)
        time.sleep(settings.CALLBACK_TIMEOUT_SECONDS + 1)  # for those that hang
    return waits


def called_back(seconds: float, url: str) -> list[float]:
    sent: dict[str, float] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        callback = owed(stream(account(VICTIM)), url + "/")
        sent[callback.message_id] = time.monotonic()
        delivery.hint(callback.stream_id, callback.account_id)
        time.sleep(0.2)
    until = time.monotonic() + LIMIT_SECONDS
    while sent.keys() - arrived_at(url).keys() and time.monotonic() < until:
        time.sleep(0.5)
    arrived = arrived_at(url)
    return [(arrived.get(message_id, until) - at) * 1000 for message_id, at in sent.items()]


def arrived_at(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url + "/arrived", timeout=30) as answer:
        return dict(json.load(answer))


def until_finished(job: Any) -> float:
    began = time.monotonic()
    while time.monotonic() - began < LIMIT_SECONDS:
        job.refresh_from_db(fields=["finished_at"])
        if job.finished_at is not None:
            break
        time.sleep(0.05)
    return (time.monotonic() - began) * 1000


def url_tests(hanging_url: str, times: int = 8) -> Waits:
    """A test lasts for two seconds of tone; a worker looks for some each second."""
    serving = asyncio.new_event_loop()
    thread = threading.Thread(target=serving.run_forever, daemon=True)
    thread.start()
    customer = Customer()
    asyncio.run_coroutine_threadsafe(customer.__aenter__(), serving).result(30)

    def asked(whose: str, url: str) -> UrlTest:
        owner, _ = User.objects.get_or_create(username=whose)
        seen = {"call_id": uuid4(), "stream_id": uuid4()}
        return UrlTest.objects.create(owner=owner, account=account(whose), url=url, content_type="audio/x-mulaw;rate=8000", **seen)

    try:
        alone = [until_finished(asked(VICTIM, customer.url)) for _ in range(times)]
        flood = [asked(FLOODER, hanging_url) for _ in range(40)]
        time.sleep(3)
        beside = [until_finished(asked(VICTIM, customer.url)) for _ in range(times)]
        UrlTest.objects.filter(pk__in=[test.pk for test in flood], finished_at=None).update(finished_at=timezone.now())
        return Waits(alone, beside)
    finally:
        asyncio.run_coroutine_threadsafe(customer.__aexit__(None, None, None), serving).result(30)
        serving.call_soon_threadsafe(serving.stop)
        thread.join(10)


def exports(times: int = 8) -> Waits:
    """A small one of one call, beside many of all calls; a worker looks for some each two seconds."""
    owner = account("many calls")
    began = timezone.now() - timedelta(days=1)
    Call.objects.bulk_create(Call(account=owner, started_at=began, ended_at=began, state="ended") for _ in range(EXPORTED_CALLS))
    one = Call.objects.create(account=owner, started_at=began, ended_at=began, state="ended")

    def asked(whose: str, query: str) -> Export:
        person = User.objects.filter(username=whose).first() or User.objects.create_superuser(whose)
        return Export.objects.create(owner=person, section="cdr_calldetail", query=query, format="xlsx")

    alone = [until_finished(asked(VICTIM, f"q={one.uuid}")) for _ in range(times)]
    flood = [asked(FLOODER, "") for _ in range(20)]
    time.sleep(3)
    beside = [until_finished(asked(VICTIM, f"q={one.uuid}")) for _ in range(times)]
    Export.objects.filter(pk__in=[export.pk for export in flood], finished_at=None).update(finished_at=timezone.now())
    return Waits(alone, beside)


def main(seconds: str, only: str, name_server: str, *urls: str) -> int:
    print(
        f"{'pool':<12} {'flood':<46} {'n':>4} {'alone ms':>9} {'beside ms':>9} {'ratio':>7} {'median':>7}  (p95 of another)",
        flush=True,
    )
    measured: dict[tuple[str, str], Callable[[], Waits]] = {
        ("look-ups", "500 names that never resolve"): lambda: asyncio.run(look_ups(name_server)),
        ("answers", "200 answer URLs that hang"): lambda: asyncio.run(answers(urls[0])),
        ("callbacks", "400 to endpoints that hang, of one account"): lambda: callbacks(float(seconds), urls, 1),
        ("callbacks", "400 to endpoints that hang, of four accounts"): lambda: callbacks(float(seconds), urls, 4),
        ("URL tests", "40 of services that hang"): lambda: url_tests(urls[1].replace("http", "ws", 1) + "/hang"),
        ("exports", f"20 of {EXPORTED_CALLS} calls, of one person"): exports,
    }
    for (pool, flood), measure in measured.items():
        if only in pool:
            print(row(pool, flood, measure()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
