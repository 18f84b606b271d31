"""What `callbacks` measures, in its process: owes callbacks and sees when they arrive."""

import json
import subprocess
import sys
import time
from collections.abc import Collection
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.db import transaction  # noqa: E402 - after the setup

from streams import delivery  # noqa: E402
from streams.database_clock import database_now  # noqa: E402
from streams.models import Account, Call, Callback, CallbackState, Stream  # noqa: E402
from tests.benchmarks.worker_site import ROOT  # noqa: E402
from tests.process_use import cpu_seconds  # noqa: E402
from tests.streams.callback_rows import account  # noqa: E402

LIMIT_SECONDS = 180.0
FLOW_SECONDS = 10.0
TICK_SECONDS = 0.02


class Sink:
    """The endpoints, in a process of their own."""

    def __init__(self, count: int, answer_ms: float) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.callback_sink", str(count), str(answer_ms)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.urls = [f"http://127.0.0.1:{port}/status" for port in self._line()]

    def seen(self) -> tuple[dict[str, float], int]:
        """When each callback came first, and how many came again."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        arrived, again = self._line()
        return arrived, again

    def until_arrived(self, message_ids: Collection[str]) -> dict[str, float]:
        until = time.monotonic() + LIMIT_SECONDS
        while not (arrived := self.seen()[0]).keys() >= set(message_ids) and time.monotonic() < until:
            time.sleep(0.5)
        return arrived

    def _line(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


# Owing -----------------------------------------------------------------------------------------------------------------------
def owe(accounts: list[Account], urls: list[str], count: int, first: int) -> list[Callback]:
    """Each of a stream of its own, committed together; the accounts and endpoints take turns."""
    now = database_now()
    with transaction.atomic():
        owners = [accounts[(first + number) % len(accounts)] for number in range(count)]
        calls = Call.objects.bulk_create(Call(account=owner, started_at=now) for owner in owners)
        streams = Stream.objects.bulk_create(
            Stream(call=call, account=call.account, call_started_at=now, requested_at=now, service_url="wss://bot.example/audio")
            for call in calls
        )
        return Callback.objects.bulk_create(
            callback_of(stream, urls[(first + number) % len(urls)]) for number, stream in enumerate(streams)
        )


def callback_of(stream: Stream, url: str) -> Callback:
    facts = {"CallUUID": str(uuid4()), "Event": "StartStream", "From": "+4930123456", "To": "sip:a@b", "StreamID": str(stream.uuid)}
    return Callback(
        stream=stream,
        account=stream.account,
        number=1,
        event="StartStream",
        url=url,
        host=url.split("/")[2],
        message_id=f"msg_{stream.uuid.hex}001",
        parameters=[[name, value] for name, value in facts.items()],
        created_at=stream.requested_at,
        due_at=stream.requested_at,
    )


def drained(sink: Sink, rows: list[Callback]) -> tuple[dict[str, float], dict[str, float]]:
    """When each was owed, and when it arrived. They are in the database already: what that costs is not delivery's."""
    at = time.monotonic()
    for row in rows[: len(sink.urls)]:
        delivery.hint(row.stream_id, row.account_id)
    sent = {row.message_id: at for row in rows}
    return sent, sink.until_arrived(sent.keys())


def flowed(sink: Sink, accounts: list[Account], rate: int) -> tuple[dict[str, float], dict[str, float]]:
    sent: dict[str, float] = {}
    began = time.monotonic()
    while (now := time.monotonic()) < began + FLOW_SECONDS:
        due = round((now - began) * rate) - len(sent)
        rows = owe(accounts, sink.urls, due, len(sent)) if due else []
        at = time.monotonic()
        sent.update((row.message_id, at) for row in rows)
        for row in rows:
            delivery.hint(row.stream_id, row.account_id)
        time.sleep(max(now + TICK_SECONDS - time.monotonic(), 0))
    return sent, sink.until_arrived(sent.keys())


def told(name: str, what: str, sent: dict[str, float], arrived: dict[str, float], cpu_seconds: dict[str, float]) -> None:
    waits = sorted((arrived.get(message_id, float("inf")) - at) * 1000 for message_id, at in sent.items())
    seconds = max(arrived[message_id] for message_id in sent if message_id in arrived) - min(sent.values())
    p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    cpu = ", ".join(f"{who} {used * 1000 / len(sent):.2f}" for who, used in cpu_seconds.items() if used)
    print(f"{name:<12} {what:<34} {len(sent) / seconds:>9.0f} {p50:>8.0f} {p99:>8.0f}  {cpu}", flush=True)


def until_settled() -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while Callback.objects.filter(state=CallbackState.PENDING).exists() and time.monotonic() < until:
        time.sleep(0.1)


def main(words: str) -> int:
    name, endpoints, answer_ms, owed, rate, pids = json.loads(words)
    sink = Sink(endpoints, answer_ms)
    accounts = [account(f"Account {number}") for number in range(endpoints)]
    processes: dict[str, list[int]] = {**pids, "endpoints": [sink.process.pid]}
    try:
        drained(sink, owe(accounts, sink.urls, 3 * len(accounts), 0))  # the endpoints are known then
        until_settled()
        rows = owe(accounts, sink.urls, owed, 0)
        for what, measure in (
            (f"drain of {owed}", lambda: drained(sink, rows)),
            (f"flow of {rate} a second", lambda: flowed(sink, accounts, rate)),
        ):
            before = {who: cpu_seconds(those) for who, those in processes.items()}
            sent, arrived = measure()
            until_settled()
            told(name, what, sent, arrived, {who: cpu_seconds(those) - before[who] for who, those in processes.items()})
        again = sink.seen()[1]
        print(f"{name:<12} came twice: {again}; not settled: {Callback.objects.filter(state=CallbackState.PENDING).count()}", flush=True)
        return int(again > 0)
    finally:
        sink.process.kill()
        sink.process.wait(20)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
