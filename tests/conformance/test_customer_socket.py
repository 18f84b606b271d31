"""The customer's socket against the Autobahn test suite, as a service that does everything a service should not."""

import asyncio
import ipaddress
import json
from pathlib import Path

import pytest

from streams.customers.dial import DialFailed, DialSettings, dial
from streams.customers.open_socket import CustomerSocket
from streams.guard import Reach
from tests.conformance import autobahn
from tests.free_port import free_port
from tests.streams.customer_services import TLS

SETTINGS = DialSettings(Reach((ipaddress.ip_network("127.0.0.0/8"),)), timeout_seconds=5.0, offer_subprotocol=False)
REVIEWED = {
    "7.1.5": "A close frame in the middle of a message is answered with 1002 (incomplete fragmented message), which says what was wrong; "
    "the suite wants 1000. That is how the `websockets` package has it, and the stream ends either way.",
}
"""Cases that go wrong, each with why that is right."""


async def connected(url: str) -> CustomerSocket:
    """Once the suite listens, which it says nowhere."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await dial(url, {}, SETTINGS, TLS)
            except DialFailed:
                await asyncio.sleep(0.1)


async def echo(url: str) -> None:
    customer = await connected(url)

    def send_back(message: str | bytes) -> None:
        if isinstance(message, str):
            customer.write(message.encode())
        else:  # which no customer is ever sent
            customer.connection.protocol.send_binary(message)
            customer.connection.send_data()

    await customer.listen(send_back)
    await customer.close(1000, "", 5)


async def case_count(url: str) -> int:
    said: list[str | bytes] = []
    customer = await connected(f"{url}/getCaseCount")
    await customer.listen(said.append)
    return int(json.loads(said[0]))


@autobahn.here
@pytest.mark.slow
async def test_no_case_goes_wrong_but_the_reviewed_ones(tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    async with autobahn.wstest("fuzzingserver", tmp_path, {"url": url}, "--wsuri", url, "--webport", "0"):
        async with asyncio.timeout(autobahn.LIMIT_SECONDS):
            for number in range(1, await case_count(url) + 1):
                await echo(f"{url}/runCase?case={number}&agent={autobahn.AGENT}")
            await echo(f"{url}/updateReports?agent={autobahn.AGENT}")
    found = autobahn.verdicts(tmp_path)
    print(found)  # to be read with -s
    assert found.counts.total() > 240
    assert found.bad.keys() == REVIEWED.keys(), found.bad
