"""Recordings that are kept, without a call that was recorded."""

import io
import secrets
from pathlib import Path
from typing import Any

from django.utils import timezone

from streams.models import Stream, StreamRecording
from streams.pure.sealed_chunks import KEY_BYTES, SealedWriter
from streams.recordings import store
from streams.stored_files import work_folder

AUDIO = bytes(range(256)) * 1000


def kept(stream: Stream, audio: bytes = AUDIO, **columns: Any) -> StreamRecording:
    """A recording of a minute whose file is there; use it with `recordings_folder`."""
    file, key = io.BytesIO(), secrets.token_bytes(KEY_BYTES)
    writer = SealedWriter(file, key)
    writer.write(audio)
    writer.finish()
    row = store.begin_row(stream.uuid, columns.pop("created_at", timezone.now()))
    assert row is not None
    columns = {"file_key": key.hex(), "size": len(audio), "length_ms": 60_000, "rate": 8000, "began_at": stream.requested_at, **columns}
    for name, value in columns.items():
        setattr(row, name, value)
    path = work_folder(store.IN_WORK) / "finished.part"
    path.write_bytes(file.getvalue())
    store.keep(row, path)
    return row


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
