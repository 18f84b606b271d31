"""Two minutes of the stream of hours, in which its memory stands still; of its recording nothing is missing, and it goes in time."""

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from streams.recordings import store, sweeping
from tests.benchmarks.long_stream import heard_seconds, long_stream
from tests.cdr.factories import good_call
from tests.streams.recordings.kept_files import files
from tests.streams.rows import gateway

MINUTES = 2


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def held_mb() -> float:
    return tracemalloc.get_traced_memory()[0] / 1e6


@pytest.mark.django_db
def test_a_long_stream_holds_no_more_than_a_short_one(traced, recordings_folder) -> None:
    """A minute of both sides is 2.5 MB of frames."""
    stream = good_call(gateway()).streams.get()
    path = store.work_path(stream.uuid)
    went = long_stream(MINUTES / 60, path, held_mb, every_minutes=1)
    assert len(went.looks) == MINUTES
    assert max(went.looks[1:]) - went.looks[0] < 0.5
    assert went.conversation["turns"] == pytest.approx(went.said, abs=2)
    recorded = went.recorded
    assert recorded.length_ms == pytest.approx(MINUTES * 60_000, abs=50)
    assert heard_seconds(recorded, path, recordings_folder) == pytest.approx(MINUTES * 60, abs=0.05)
    assert not recorded.gaps.spans
    row = store.begin_row(stream.uuid, timezone.now())
    assert row is not None
    row.file_key, row.size = recorded.key.hex(), recorded.size
    store.keep(row, path)
    assert b"".join(store.parts(row, 0, 4)) == b"fLaC"
    assert sweeping.remove_old(stream.account, timezone.now() + timedelta(days=1), timezone.now()) == 1
    assert files(recordings_folder) == ["read.flac"]
