"""The timing of a live call is in its rows while it lives."""

import pytest
from channels.db import database_sync_to_async

from streams.calls import timing
from streams.models import CallMeasure, StreamMeasure
from streams.simulate.customer import Customer
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)


def stream_measured(frames: int) -> StreamMeasure | None:
    """The row, once so many frames went out and the buffer was looked at."""
    rows = StreamMeasure.objects.all()
    found = [row for row in rows if sum(row.latency["counts_us"].values()) == frames and row.levels["peaks_ms"]]
    return found[0] if found else None


async def test_the_timing_of_a_live_call_is_in_its_rows_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MEASURE_SECONDS", 0.05)
    async with Customer() as customer:
        xml = f'<Response><Stream contentType="audio/x-mulaw;rate=8000">{customer.url}</Stream></Response>'
        await database_sync_to_async(gateway)("pbx", xml)
        async with switchboard_running(), call() as gateway_socket:
            for _ in range(5):
                await gateway_socket.send_to(bytes_data=b"\x55" * 160)
            stream = await until(lambda: stream_measured(5))
            arrivals = (await until(CallMeasure.objects.first)).arrivals
    assert stream.levels["capacity_ms"] == 40_000
    assert (sum(arrivals["counts_us"].values()), arrivals["frame_ms"]) == (4, 20)


async def test_many_calls_are_measured_one_after_the_other_in_all_of_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MEASURED_AT_ONCE", 1)
    monkeypatch.setattr(timing, "MEASURE_SECONDS", 0.6)
    await database_sync_to_async(gateway)("pbx")
    async with switchboard_running(), call("call=1"), call("call=2"), call("call=3"):
        at = await until(lambda: moments if len(moments := list(CallMeasure.objects.values_list("measured_at", flat=True))) == 3 else None)
    first, second, third = sorted(moment.timestamp() for moment in at)
    assert min(second - first, third - second) >= 0.19
