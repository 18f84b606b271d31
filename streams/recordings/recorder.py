"""The recordings of this process while their streams go on: what tapes hold is handed to a few threads, and what is finished is kept.

Owns that a recording never holds up audio, whatever the disk does: what cannot be taken is not kept, and says why. Must not know calls."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from streams.database_threads import DatabaseThreads
from streams.models import StreamRecording
from streams.pure.lifecycle import RecordingState
from streams.pure.recording.tape import Taken, Tape
from streams.recordings import store
from streams.recordings.recorded_file import NotKept, Recorded, RecordedFile
from streams.recordings.sweeping import clear_work
from streams.shares import Places, Shares, StreamPlaces

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

RECORDING = Shares("recordings", places=4, each=2)
"""Encoded, written and kept at once, by threads of the process."""
WAITING = 15
"""So many parts, of two seconds each, may wait for a thread; more come only where disk or machine do not keep up."""
SAVE_SECONDS = 600.0
ROW_TRIES, ROW_SECONDS = 60, 1.0
LOOK_BYTES = 5_000_000
"""Whether there is room is asked again when a recording has grown by so much."""


class Recorder:
    """One recording. `problem`: why it is not kept, in words that follow "not kept: "; `kept`: whether it is there."""

    def __init__(self, whole: "Recorders", account_id: int, stream_id: UUID, tape: Tape) -> None:
        self.problem = ""
        self.kept = False
        self.done = asyncio.Event()
        self._of, self._account_id, self._stream_id, self._tape = whole, account_id, stream_id, tape
        self._file = RecordedFile(store.work_path(stream_id), tape)
        self._has_row = False
        self._parts: deque[tuple[Taken, bool]] = deque()
        self._more = asyncio.Event()
        self._asked_at = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    def add(self, taken: Taken) -> None:
        self._put(taken, last=False)

    def finish(self, taken: Taken) -> None:
        """Nothing follows."""
        self._put(taken, last=True)

    def cancel(self) -> None:
        self._task.cancel()

    def _put(self, taken: Taken, *, last: bool) -> None:
        if self.problem or self.done.is_set():
            return
        if len(self._parts) >= WAITING and not last:
            self.problem = "full: the machine did not keep up with encoding and writing it."
        else:
            self._parts.append((taken, last))
        self._more.set()

    # Beside the audio ---------------------------------------------------------------------------------------------------------
    async def _run(self) -> None:
        recorded = None
        try:
            recorded = await self._written()
        except NotKept as error:
            self.problem = self.problem or str(error)
        except Exception as error:
            log.exception("The recording of stream %s failed", self._stream_id)
            self.problem = self.problem or f"the platform failed at it: {error!r}"[:200]
        try:
            await self._settle(recorded)
        except Exception as error:
            log.exception("What became of the recording of stream %s could not be written down", self._stream_id)
            self.problem = self.problem or f"the platform failed at it: {error!r}"[:200]
        finally:
            self._parts.clear()
            self.done.set()

    async def _written(self) -> Recorded:
        await self._blocking(clear_work)
        await self._blocking(self._look_for_room)
        while True:
            await self._wait_for_more()
            self._more.clear()
            while self._parts and not self.problem:
                taken, last = self._parts.popleft()
                if last:
                    return await self._blocking(self._file.finish, taken)
                await self._blocking(self._add, taken)
            if self.problem:
                raise NotKept(self.problem)

    async def _wait_for_more(self) -> None:
        """Until then it asks each second whether its stream has a row, so that it can have one as well: who dies leaves that."""
        while not self._more.is_set():
            self._has_row = self._has_row or await self._blocking(self._begin_row)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._has_row else ROW_SECONDS):
                    await self._more.wait()

    def _begin_row(self) -> bool:
        try:
            return store.begin_row(self._stream_id, timezone.now()) is not None
        except DatabaseError:
            return False

    def _add(self, taken: Taken) -> None:
        self._file.add(taken)
        if self._file.size - self._asked_at > LOOK_BYTES:
            self._look_for_room()

    def _look_for_room(self) -> None:
        self._asked_at = self._file.size
        try:
            problem = store.no_room(self._account_id, self._file.size + self._of.in_work_of_others(self))
        except DatabaseError:
            return  # it is asked again before the file is kept
        if problem:
            raise NotKept(problem)

    async def _settle(self, recorded: Recorded | None) -> None:
        if recorded is None:
            await self._blocking(self._file.discard)
        for _ in range(ROW_TRIES):
            try:
                if await self._blocking(self._write_down, recorded):
                    return
            except DatabaseError as error:
                log.warning("The recording of stream %s waits for the database: %s", self._stream_id, error)
            await asyncio.sleep(ROW_SECONDS)
        await self._blocking(self._file.discard)
        self.problem = self.problem or "the database has no row of its stream."

    def _write_down(self, recorded: Recorded | None) -> bool:
        """Whether it was: not while the stream's own row is not written."""
        row = store.begin_row(self._stream_id, timezone.now())
        if row is None:
            return False
        if row.state not in store.UNDER_WAY:
            self._take_back(row)
            return True
        if recorded is None:
            store.not_kept(row, self.problem)
            return True
        self._fill(row, recorded)
        try:
            store.keep(row, recorded.path)
        except store.StoreFull as full:
            self.problem = str(full)
            self._file.discard()
            store.not_kept(row, self.problem)
            return True
        except DatabaseError:
            raise
        except Exception as error:  # each storage has errors of its own
            log.warning("The recording of stream %s could not be stored: %s", self._stream_id, error)
            self.problem = f"the storage did not take it: {error}"[:200]
            self._file.discard()
            store.not_kept(row, self.problem)
            return True
        self.kept = True
        return True

    def _take_back(self, row: StreamRecording) -> None:
        """It was settled without this process: by itself, whose database went away as it said so; or because it was taken for dead."""
        self.kept = row.state == RecordingState.KEPT
        if not self.kept:
            self.problem = self.problem or row.problem or "it was removed."
            self._file.discard()

    def _fill(self, row: StreamRecording, recorded: Recorded) -> None:
        row.file_key, row.size, row.rate = recorded.key.hex(), recorded.size, recorded.rate
        row.began_at = datetime.fromtimestamp(recorded.began_ms / 1000, UTC)
        row.length_ms = round(recorded.length_ms)
        row.gaps, row.gaps_ms = recorded.gaps.spans, round(recorded.gaps.total_ms)

    @property
    def size(self) -> int:
        return self._file.size

    @property
    def account_id(self) -> int:
        return self._account_id

    async def _blocking(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        return await self._of.threads.run_for(self._account_id, self._of.places, function, *arguments, **options)


class Recorders:
    """Those of a process."""

    def __init__(self) -> None:
        self.places = Places(RECORDING)
        self.threads = DatabaseThreads(RECORDING.places, "recordings", answer_seconds=SAVE_SECONDS)
        self._live: set[Recorder] = set()
        self._stream_places = StreamPlaces(settings.RECORDED_STREAMS, "records", "RECORDED_STREAMS")

    def begin(self, account_id: int, stream_id: UUID, tape: Tape) -> Recorder | str:
        """A recording of a stream, or why there is none."""
        self._forget_done()
        if problem := self._stream_places.no_room(Counter(recorder.account_id for recorder in self._live), account_id):
            return problem
        try:
            recorder = Recorder(self, account_id, stream_id, tape)
        except OSError as error:
            return f"the disk: {error}"
        self._live.add(recorder)
        return recorder

    def in_work_of_others(self, recorder: Recorder) -> int:
        """What else of the account is being written, and in no row yet."""
        return sum(each.size for each in list(self._live) if each is not recorder and each.account_id == recorder.account_id)

    async def stop(self, within_seconds: float) -> None:
        """Lets what is finished be kept, within the time."""
        self._forget_done()
        waits = [asyncio.ensure_future(recorder.done.wait()) for recorder in self._live]
        if waits:
            _, late = await asyncio.wait(waits, timeout=within_seconds)
            for wait in late:
                wait.cancel()
            for recorder in self._live:
                recorder.cancel()
        await self.threads.stop()

    def _forget_done(self) -> None:
        self._live = {recorder for recorder in self._live if not recorder.done.is_set()}
