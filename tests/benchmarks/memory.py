"""What a web process holds in memory: without a call, for each call that is connected, for each that streams, and for each whose customer
has stopped reading until its buffer of 40 s was full.

    python -m tests.benchmarks.memory [--streams 200]        make bench PART=memory

RSS from /proc, mu-law at 8 kHz from Asterisk. A first round of calls comes and goes before, so that caches, pools and the allocator's own
memory are not counted as a call's."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from streams.simulate.listener import Listener
from tests.benchmarks.contenders import AUTHORIZATION, streamdesk
from tests.benchmarks.load import CustomerSide, GatewaySide, Measured, connect_gateways, send_for
from tests.benchmarks.relay import until_listening
from tests.free_port import free_port
from tests.process_use import use_of

WARM_UP_SECONDS = 3.0
STREAMED_SECONDS = 10.0
FULL_SECONDS = 50.0
"""The buffer holds 40 s; what sockets hold comes first."""
SETTLE_SECONDS = 3.0


class Reader(CustomerSide):
    """A customer that may stop reading; `all_of` are those that are there."""

    def __init__(self, measured: Measured, all_of: "set[Reader]") -> None:
        super().__init__(measured)
        self.all_of = all_of

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.all_of.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.all_of.discard(self)

    def stop_reading(self) -> None:
        assert isinstance(self.transport, asyncio.ReadTransport)
        self.transport.pause_reading()


async def ended(gateways: list[GatewaySide]) -> None:
    for gateway in gateways:
        gateway.hang_up()
    await asyncio.wait_for(asyncio.gather(*(gateway.lost.wait() for gateway in gateways)), 60)
    await asyncio.sleep(SETTLE_SECONDS)


async def measure(streams: int) -> None:
    readers: set[Reader] = set()
    measured, listener = Measured(), Listener()
    customers = await asyncio.get_running_loop().create_server(lambda: Reader(measured, readers), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder, streamdesk(port, customer_url, Path(folder)) as process:
        await until_listening(port)

        def rss_mb() -> float:
            use = use_of(process.pid)
            assert use is not None, "the process has gone, or this is no Linux"
            return use.rss_mb

        def tell(what: str, mb: float, since: float) -> None:
            print(f"{what:<52}{mb:7.0f} MB   {1024 * (mb - since) / streams:7.1f} kB each", flush=True)

        print(f"{'ready, no call yet':<52}{rss_mb():7.0f} MB", flush=True)
        gateways = await connect_gateways(port, streams, AUTHORIZATION, measured)
        await send_for(gateways, WARM_UP_SECONDS, measured)
        await ended(gateways)
        before = rss_mb()
        print(f"{f'{streams} calls have come and gone':<52}{before:7.0f} MB", flush=True)
        gateways = await connect_gateways(port, streams, AUTHORIZATION, measured)
        await asyncio.sleep(SETTLE_SECONDS)
        tell("connected, before its first frame", rss_mb(), before)
        await send_for(gateways, STREAMED_SECONDS, measured)
        streaming = rss_mb()
        tell("streaming", streaming, before)
        for reader in readers:
            reader.stop_reading()
        await send_for(gateways, FULL_SECONDS, measured)
        full = rss_mb()
        tell("its buffer of 40 s full", full, before)
        tell("  of which the buffer", full, streaming)
        await ended(gateways)
        print(f"{'they have gone, too':<52}{rss_mb():7.0f} MB", flush=True)
    for reader in [*readers]:
        reader.transport.abort()
    await listener.end(customers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    asyncio.run(measure(parser.parse_args().streams))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
