"""What recordings leave behind when a process dies, and those whose time is over: rows and files go together.

Owns that no file stays that nobody knows. Must not know how long anything is kept."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db.models import Q

from streams.models import Account, StreamRecording
from streams.pure.lifecycle import EndCause, RecordingState
from streams.recordings import store
from streams.stored_files import work_folder

log = logging.getLogger(__name__)

LEFT_AFTER = timedelta(hours=1)
"""A file that is written is touched every few seconds, and one is stored within minutes."""
AT_ONCE = 200
KILLED = "the process that recorded it was killed or cut off."
NOT_STORED = "its process was stopped before it was stored."


def sweep_left(now: datetime) -> int:
    """How much was left behind, and is gone now."""
    return sum((settle_lost(now), clear_work(), sum(1 for _ in _remove_unknown())))


def settle_lost(now: datetime) -> int:
    """Recordings whose process was killed, as the reaper found, or is long done with their streams: they say so, and nothing of them stays.
    What was on disk nobody can read: its key died with the process."""
    lost = Q(stream__end_cause=EndCause.PROCESS_LOST) | Q(stream__ended_at__lt=now - LEFT_AFTER)
    unfinished = StreamRecording.objects.filter(lost, state__in=store.UNDER_WAY).select_related("stream")
    left = list(unfinished.order_by("created_at")[:AT_ONCE])
    for row in left:
        try:
            store.not_kept(row, KILLED if row.stream.end_cause == EndCause.PROCESS_LOST else NOT_STORED)
            store.work_path(row.stream.uuid).unlink(missing_ok=True)
        except DatabaseError:
            raise
        except Exception as error:  # each storage has errors of its own
            log.warning("What is left of the recording of stream %s stays for now: %s", row.stream.uuid, error)
    return len(left)


def remove_old(account: Account, before: datetime, now: datetime) -> int:
    """Removes the recordings of an account that were begun before then; at most AT_ONCE of them, the oldest first."""
    old = StreamRecording.objects.filter(account=account, state=RecordingState.KEPT, created_at__lt=before).order_by("created_at")
    rows = list(old[:AT_ONCE])
    for row in rows:
        store.remove(row, now)
    return len(rows)


def clear_work() -> int:
    """On this machine: also where no worker runs beside what takes calls."""
    cleared = 0
    for path in work_folder(store.IN_WORK).iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > LEFT_AFTER.total_seconds():
                path.unlink()
                cleared += 1
    return cleared


def _remove_unknown() -> Iterator[str]:
    """A row is written before its file: a file without one is of nobody. Its row may have gone with its stream."""
    storage = store.recordings_storage()
    try:
        days = storage.listdir("")[0]
    except (FileNotFoundError, NotImplementedError):
        return
    for day in days:
        names = [f"{day}/{name}" for name in storage.listdir(day)[1] if name.endswith(store.SUFFIX)]
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            known = set(StreamRecording.objects.filter(name__in=part, state__in=store.THERE).values_list("name", flat=True))
            for name in part:
                if name not in known:
                    storage.delete(name)
                    yield name
