"""One recording on its way to the disk: frames become FLAC, and FLAC a sealed file, part by part.

Owns the encoding. Blocks; used by one thread at a time. Must not know rows, or where the file goes when it is finished."""

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from streams.pure.recording.tape import Taken, Tape
from streams.pure.recording.tracks import Gaps, TwoTracks
from streams.pure.sealed_chunks import KEY_BYTES, SealedWriter

FREE_BYTES = 500_000_000
"""So much of the disk is left to the rest of the platform, whose notes of calls are on it as well."""
FORMAT, CONTENT_TYPE = "FLAC", "audio/flac"


class NotKept(Exception):
    """The recording cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A finished file; `began_ms` is the moment of its first sample, on the tape's clock."""

    path: Path
    key: bytes
    size: int
    began_ms: float
    length_ms: float
    rate: int
    gaps: Gaps


class RecordedFile:
    """At `path`, of what is taken from `tape`, from the first of it on. Its key is in memory alone until it is finished."""

    def __init__(self, path: Path, tape: Tape) -> None:
        self._tape, self._path, self._key = tape, path, secrets.token_bytes(KEY_BYTES)
        self._tracks: TwoTracks | None = None
        self.size = 0

    def add(self, taken: Taken) -> None:
        """Raises NotKept."""
        self._write(taken, last=False)

    def finish(self, taken: Taken) -> Recorded:
        """Raises NotKept."""
        self._write(taken, last=True)
        tracks = self._tracks
        assert tracks is not None
        try:
            self._sound.close()
            self._sealed.finish()
            self._file.close()
        except Exception as error:
            raise NotKept(f"the disk: {error}") from error
        return Recorded(self._path, self._key, self._sealed.size, tracks.began_ms, tracks.made_ms, tracks.rate, tracks.gaps)

    def discard(self) -> None:
        """Leaves nothing on the disk."""
        if self._tracks is not None:
            with suppress(Exception):
                self._sound.close()
            with suppress(OSError):
                self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, taken: Taken, *, last: bool) -> None:
        try:
            tracks = self._tracks or self._begin(taken)
            if shutil.disk_usage(self._path.parent).free < FREE_BYTES:
                raise NotKept(f"full: less than {FREE_BYTES // 1_000_000} MB of the disk are free.")
            self._sound.write(tracks.finish(taken) if last else tracks.add(taken))
            os.utime(self._path)  # however little comes of it, somebody writes it
        except NotKept:
            raise
        except Exception as error:
            raise NotKept(f"the disk: {error}") from error
        self.size = self._sealed.size
        if self._sealed.problem is not None:
            raise NotKept(f"the disk: {self._sealed.problem}")

    def _begin(self, taken: Taken) -> TwoTracks:
        """What was said before the application had answered is older than the stream, and the tape's end alone begins later."""
        try:
            import soundfile  # noqa: PLC0415 - with a library of C that most processes never need
        except (ImportError, OSError) as error:  # or it is there, and its library is not
            raise NotKept(f"there is no soundfile on this machine: {error}") from error
        first_ms = [side[0].at_ms for side in (taken.caller, taken.bot) if side]
        tape = self._tape
        began_ms = min([*first_ms, taken.until_ms, *([tape.began_ms] if tape.whole else [])])
        tracks = TwoTracks(tape.caller_format, tape.bot_format, began_ms)
        self._file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        self._sealed = SealedWriter(self._file, self._key)
        self._sound = soundfile.SoundFile(self._sealed, "w", tracks.rate, 2, format=FORMAT, subtype="PCM_16")
        self._tracks = tracks
        return tracks
