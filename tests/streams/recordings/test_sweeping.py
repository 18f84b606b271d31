"""What processes that died left behind is taken away, and what is in use is left alone."""

import io
import os
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from streams.models import Stream, StreamRecording
from streams.recordings import store, sweeping
from streams.stored_files import work_folder
from tests.cdr.factories import good_call
from tests.streams.recordings.kept_files import AUDIO, files, kept
from tests.streams.rows import gateway

NOW = timezone.now()


@pytest.fixture
def stream(db, recordings_folder):
    return good_call(gateway()).streams.get()


def test_what_is_kept_is_read_again_in_any_part(stream) -> None:
    row = StreamRecording.objects.get(pk=kept(stream).pk)
    assert b"".join(store.parts(row, 70_000, 70_010)) == AUDIO[70_000:70_010]


def test_a_file_without_a_row_goes_and_those_with_one_stay(stream, recordings_folder) -> None:
    row = kept(stream)
    storages["recordings"].save("2026-01-01/0123.sealed", io.BytesIO(b"nobody's"))
    assert sweeping.sweep_left(NOW) == 1
    assert files(recordings_folder / "kept") == [row.name.partition("/")[2]]


def test_the_file_of_a_stream_that_was_deleted_goes(stream, recordings_folder) -> None:
    kept(stream).delete()
    assert sweeping.sweep_left(NOW) == 1
    assert files(recordings_folder / "kept") == []


@pytest.mark.django_db
def test_what_is_written_is_left_alone_until_nobody_can_be_writing_it(recordings_folder) -> None:
    path = work_folder(store.IN_WORK) / "x.part"
    path.write_bytes(b"half")
    assert sweeping.sweep_left(NOW) == 0
    os.utime(path, (1, 1))
    assert sweeping.sweep_left(NOW) == 1
    assert not path.exists()


@pytest.mark.parametrize("state", ["recording", "writing"])
def test_a_recording_whose_process_was_killed_says_so_when_the_reaper_has_found_it(stream, recordings_folder, state) -> None:
    """In the middle of the stream, and while it is stored: with a half file, a whole one, a key."""
    row = kept(stream)
    StreamRecording.objects.update(state=state)
    store.work_path(stream.uuid).write_bytes(b"half")
    Stream.objects.update(end_cause="process_lost", ended_at=NOW)
    assert (sweeping.settle_lost(NOW), sweeping.settle_lost(NOW)) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.problem, row.file_key, row.size) == ("not kept", sweeping.KILLED, "", 0)
    assert files(recordings_folder) == []


def test_a_storage_that_is_away_keeps_no_row_back_and_is_swept_later(stream, recordings_folder, monkeypatch) -> None:
    row = kept(stream)
    StreamRecording.objects.update(state="writing")
    Stream.objects.update(end_cause="process_lost", ended_at=NOW)
    with monkeypatch.context() as away:
        away.setattr(type(storages["recordings"]), "delete", refuse)
        assert (sweeping.settle_lost(NOW), sweeping.settle_lost(NOW)) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.file_key) == ("not kept", "")
    assert sweeping.sweep_left(NOW) == 1
    assert files(recordings_folder) == []


def refuse(*_: object) -> None:
    raise OSError("no route to the bucket")


def test_one_that_nobody_has_stored_an_hour_after_its_stream_never_will_be(stream) -> None:
    row = store.begin_row(stream.uuid, NOW - timedelta(hours=4))
    Stream.objects.update(ended_at=NOW)
    assert sweeping.settle_lost(NOW + timedelta(minutes=50)) == 0
    assert sweeping.settle_lost(NOW + timedelta(minutes=70)) == 1
    row.refresh_from_db()
    assert (row.state, row.problem) == ("not kept", sweeping.NOT_STORED)


def test_a_stream_that_goes_on_for_hours_is_left_alone(stream) -> None:
    row = store.begin_row(stream.uuid, NOW - timedelta(hours=9))
    Stream.objects.update(state="streaming", ended_at=None, end_cause="")
    assert sweeping.sweep_left(NOW) == 0
    row.refresh_from_db()
    assert row.state == "recording"


def test_one_whose_file_was_taken_away_meanwhile_is_not_called_kept(stream, recordings_folder) -> None:
    row = store.begin_row(stream.uuid, NOW)
    with pytest.raises(OSError, match="its file is gone"):
        store.keep(row, store.work_path(stream.uuid))


def test_what_is_removed_can_be_read_by_nobody(stream, recordings_folder) -> None:
    row = kept(stream)
    store.remove(row, NOW)
    row.refresh_from_db()
    assert (row.state, row.file_key, row.size, row.removed_at) == ("removed", "", 0, NOW)
    assert files(recordings_folder / "kept") == []


def test_two_that_come_at_once_are_never_more_than_may_be(stream, settings) -> None:
    """Each has its size in its row before it looks, so that neither overlooks the other."""
    settings.RECORDINGS_MB = 0
    with pytest.raises(store.StoreFull, match="RECORDINGS_MB"):
        kept(stream)


def test_what_was_kept_half_is_kept_when_it_is_done_again(stream, monkeypatch) -> None:
    """The database goes away when the file is stored: the row, when it is back, has its file."""
    row = kept(stream)
    StreamRecording.objects.filter(pk=row.pk).update(state="writing")
    row.state = "writing"
    store.keep(row, work_folder(store.IN_WORK) / "gone.part")
    assert StreamRecording.objects.get(pk=row.pk).state == "kept"


def test_a_file_that_was_cut_off_is_not_there(stream, recordings_folder) -> None:
    row = kept(stream)
    path = recordings_folder / "kept" / row.name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(store.NotThere, match="not as large"):
        store.parts(row, 0, 10)
