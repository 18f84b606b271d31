"""What a stream of hours holds in memory, where it is recorded and its turns are measured, and what its recording is like at the end.

    python -m tests.benchmarks.long_stream [--hours 4]        make bench PART=long_stream

Faster than real time, without sockets or database: a call's session, the tapes of its recordings, the file as a process writes it. The
caller speaks in noise, with pauses; the service answers each time. What a minute of it takes is CPU of one thread."""

import argparse
import itertools
import os
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import soundfile

from streams.calls.call_recordings import CallRecordings
from streams.pure.audio.convert import from_linear, tone
from streams.pure.call.limits import StreamLimits
from streams.pure.lifecycle import EndCause, EventKind
from streams.pure.messages import Audio, StreamRequest
from streams.pure.recording.tape import Taken, Tape
from streams.pure.sealed_chunks import read_range
from streams.recordings.recorded_file import Recorded, RecordedFile
from tests.process_use import use_of
from tests.streams.pure.call.driven import MULAW, Driven
from tests.streams.pure.conversation.spoken import frames, spoken

TALKS = StreamRequest("wss://bot.example/audio", content_type="audio/x-mulaw;rate=8000", bidirectional=True)
SENTENCES = 39
ANSWER_AFTER_MS, ANSWER_MS = 700, 900
TICKS = 5
"""Frames from one look at a call to the next."""
LOOKED_MINUTES = 10


class Writing:
    """A recording that is written at once, in this thread: a process hands it to others, and holds no more than they leave."""

    def __init__(self, path: Path, tape: Tape) -> None:
        self.problem = ""
        self.kept = False
        self.recorded: Recorded | None = None
        self._file = RecordedFile(path, tape)

    def add(self, taken: Taken) -> None:
        self._file.add(taken)

    def finish(self, taken: Taken) -> None:
        self.recorded, self.kept = self._file.finish(taken), True


@dataclass(slots=True)
class LongStream:
    """What came of it. `looks`: what was looked at each LOOKED_MINUTES of it."""

    recorded: Recorded
    conversation: dict[str, Any]
    said: int
    cpu_seconds: float
    looks: list[float] = field(default_factory=list)


def long_stream(hours: float, path: Path, look: Callable[[], float], every_minutes: float = LOOKED_MINUTES) -> LongStream:
    call, writings = Driven(StreamLimits(turns=True, recorded_seconds=float("inf"))), list[Writing]()

    def begin(stream_id: UUID, tape: Tape) -> Writing:
        writings.append(Writing(path, tape))
        return writings[-1]

    stream_id, recordings = call.connected(TALKS), CallRecordings(call.session, begin)
    stream, track = call.session.streams[stream_id], spoken(SENTENCES, noise_db=30, seed=4)
    audio = list(frames(from_linear(track.samples, MULAW.encoding), 160))[:-1]
    answers = {round((ended_ms + ANSWER_AFTER_MS) / 20) for _, ended_ms in track.said}
    media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": b64encode(tone(440, ANSWER_MS, MULAW)).decode()}
    count, said, looks, began = round(hours * 3600 * 50), 0, list[float](), time.thread_time()
    for number, frame in zip(range(count), itertools.cycle(audio), strict=False):
        call.now += 0.02
        call.session.audio(Audio(frame), call.now)
        while stream.take(call.now) is not None:
            pass
        if number % len(audio) in answers:
            call.says(stream_id, event="playAudio", media=media)
            said += 1
        if number % TICKS == 0:
            call.session.tick(call.now)
            recordings.look(call.now)
            call.session.effects.drain()
        if (number + 1) % round(every_minutes * 3000) == 0:
            looks.append(look())
    call.session.stop_stream(stream_id, EndCause.STOPPED_BY_API, "API", call.now)
    measured = call.last(EventKind.STREAM_ENDED).measured or {}
    while stream.take(call.now) is not None:
        pass
    recordings.look(call.now)
    (writing,) = writings
    assert writing.recorded is not None, writing.problem
    return LongStream(writing.recorded, measured["conversation"], said, time.thread_time() - began, looks)


def heard_seconds(recorded: Recorded, sealed: Path, folder: Path) -> float:
    """How much of it is there when all of it is read, as who downloads it would."""
    whole = folder / "read.flac"
    with sealed.open("rb") as file, whole.open("wb") as copy:
        for part in read_range(file, recorded.key, 0, recorded.size):
            copy.write(part)
    with soundfile.SoundFile(whole) as sound:
        read = sum(len(block) for block in sound.blocks(480_000, dtype="int16"))
        assert read == sound.frames, "its length is noted in it"
        return read / float(sound.samplerate)


def rss_mb() -> float:
    used = use_of(os.getpid())
    return used.rss_mb if used else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=4.0)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.part"
        went = long_stream(hours, path, rss_mb)
        print(f"{'RSS, MB, every half an hour':<40}{'  '.join(f'{mb:.1f}' for mb in [*went.looks[:1], *went.looks[2::3]])}")
        print(f"{'recording':<40}{went.recorded.size / 1e6:.1f} MB, {went.recorded.length_ms / 3_600_000:.3f} h")
        print(f"{'of which can be heard':<40}{heard_seconds(went.recorded, path, Path(folder)) / 3600:.3f} h")
        print(f"{'turns, of answers given':<40}{went.conversation['turns']} of {went.said}")
        print(f"{'CPU, ms for each minute':<40}{went.cpu_seconds * 1000 / hours / 60:.0f}")
        grown = went.looks[-1] - went.looks[0]
        print(f"{'grown after ten minutes':<40}{grown:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
