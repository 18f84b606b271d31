"""Where recordings are: sealed files in a storage of Django's, and those that are being written in a folder of this machine.

Owns their names, and that a file is never without a row: the row comes first and goes last. Must not know what is in a file."""

from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from streams.models import Stream, StreamRecording
from streams.pure.lifecycle import RecordingState
from streams.pure.sealed_chunks import read_range, sealed_size
from streams.stored_files import store_as, work_folder

MB = 1_000_000
SUFFIX = ".sealed"
IN_WORK = "recordings_in_work"
"""The folder of files that are being written."""
UNDER_WAY = (RecordingState.RECORDING, RecordingState.WRITING)
"""What came of it is not known yet: its stream goes on, or it is being stored."""
THERE = (RecordingState.WRITING, RecordingState.KEPT)


class StoreFull(Exception):
    """One more recording would be more than may be; the message says which limit it is."""


class NotThere(Exception):
    """Of a recording whose file is not in the storage, or cannot be had from it now."""


def recordings_storage() -> Storage:
    return storages["recordings"]


def work_path(stream_uuid: UUID) -> Path:
    """Of the recording of a stream, while it is written."""
    return work_folder(IN_WORK) / f"{stream_uuid.hex}.part"


def new_name(now: datetime) -> str:
    return f"{now:%Y-%m-%d}/{uuid4().hex}{SUFFIX}"


# How much there is ------------------------------------------------------------------------------------------------------
def no_room(account_id: int, size: int) -> str:
    """Why so many bytes more cannot be kept for the account, in a sentence; "" where they can."""
    there = StreamRecording.objects.filter(state__in=THERE)
    total = there.aggregate(bytes=Coalesce(Sum(F("size")), 0))["bytes"]
    if total + size > settings.RECORDINGS_MB * MB:
        return f"full: all recordings may have {settings.RECORDINGS_MB:,} MB together (RECORDINGS_MB)."
    own = there.filter(account_id=account_id).aggregate(bytes=Coalesce(Sum(F("size")), 0))["bytes"]
    if own + size > settings.RECORDINGS_ACCOUNT_MB * MB:
        return f"full: the recordings of one account may have {settings.RECORDINGS_ACCOUNT_MB:,} MB (RECORDINGS_ACCOUNT_MB)."
    return ""


# One recording ------------------------------------------------------------------------------------------------------------
def begin_row(stream_uuid: UUID, now: datetime) -> StreamRecording | None:
    """The row of a recording that begins, or its row if it has one; None while the stream has no row itself."""
    stream = Stream.objects.filter(uuid=stream_uuid).only("pk", "account_id").first()
    if stream is None:
        return None
    columns = {"account_id": stream.account_id, "name": new_name(now), "created_at": now, "state": RecordingState.RECORDING}
    made, _ = StreamRecording.objects.get_or_create(stream=stream, defaults=columns)
    return made


def keep(row: StreamRecording, path: Path) -> None:
    """Moves a finished file into the storage. Its row, which has its key and size, is written before: no file is unknown, and of several
    processes that keep one at once none overlooks the others'. Doing it again does what is left of it. Raises StoreFull."""
    row.state = RecordingState.WRITING
    row.save()
    if problem := no_room(row.account_id, 0):
        raise StoreFull(problem)
    if path.exists():
        store_as(recordings_storage(), row.name, path)
        path.unlink()
    elif not recordings_storage().exists(row.name):
        raise OSError("its file is gone")
    row.state = RecordingState.KEPT
    # One that was removed meanwhile stays removed, and its file goes.
    if not StreamRecording.objects.filter(pk=row.pk, state=RecordingState.WRITING).update(state=RecordingState.KEPT):
        recordings_storage().delete(row.name)
        raise OSError("it was removed while it was written")


def not_kept(row: StreamRecording, problem: str) -> None:
    """Nothing of it stays but why."""
    row.state, row.problem, row.file_key, row.size = RecordingState.NOT_KEPT, problem[:300], "", 0
    StreamRecording.objects.filter(pk=row.pk).update(state=row.state, problem=row.problem, file_key="", size=0)
    recordings_storage().delete(row.name)


def note_unreadable(row: StreamRecording, words: str) -> None:
    """What is kept cannot be read (any more), or could not for a moment: whoever looks at its stream is told."""
    StreamRecording.objects.filter(pk=row.pk, state=RecordingState.KEPT).update(problem=words[:300])


def remove(row: StreamRecording, now: datetime) -> None:
    """Its key goes first: from then on nobody can read the file, wherever copies of it are."""
    StreamRecording.objects.filter(pk=row.pk).update(state=RecordingState.REMOVED, file_key="", removed_at=now)
    recordings_storage().delete(row.name)
    StreamRecording.objects.filter(pk=row.pk).update(size=0)


def parts(row: StreamRecording, start: int, stop: int) -> Generator[bytes]:
    """The bytes from `start` to before `stop` of what was recorded. Raises NotThere at once where there is no file; who reads one that
    was changed gets CannotRead in the middle of it. Who does not read to the end closes it."""
    try:
        whole = recordings_storage().size(row.name) == sealed_size(row.size)
    except Exception as error:  # each storage has errors of its own
        raise NotThere(str(error)) from error
    if not whole:
        raise NotThere(f"The file {row.name} is not as large as it was.")
    return _read(row, start, stop)


def _read(row: StreamRecording, start: int, stop: int) -> Generator[bytes]:
    with recordings_storage().open(row.name, "rb") as file:
        yield from read_range(file, bytes.fromhex(row.file_key), start, stop)  # type: ignore[arg-type]
