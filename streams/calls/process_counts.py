"""What this process has done with calls since it began, in numbers that only grow, and what its live calls are like: for monitoring.

Owns the counting. Nothing here is on a frame's way: facts are counted as they are noted, and what a stream counts anyway is added up when
its call is over, or when somebody asks. No names, numbers or uuids: what is told apart is a list that we know the end of. No clock."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import add
from typing import Any

from streams.calls.relay import Relay
from streams.pure.call.buffer import LEVELS
from streams.pure.call.measure import Histogram
from streams.pure.call.notes import Note
from streams.pure.lifecycle import EventKind, StreamState

STREAMS_AT_ONCE = 50
"""How many streams are added up without a pause: audio must not wait for a figure."""
CAUSES_AT_MOST = 60
"""Gateways bring hangup causes of their own; more different ones than these are one."""
OTHER = ("Other", "Other")


@dataclass
class AudioCounts:
    """Of calls that are over; or of those and of live ones. `latency`: from the arrival of audio to its sending, by measure's buckets.
    `noise_*`: audio whose noise was suppressed, and what that took."""

    sent_frames: int = 0
    late_frames: int = 0
    noise_audio_ms: float = 0.0
    noise_cpu_seconds: float = 0.0
    latency: Histogram = field(default_factory=Histogram)

    def copy(self) -> "AudioCounts":
        copied = AudioCounts(self.sent_frames, self.late_frames, self.noise_audio_ms, self.noise_cpu_seconds)
        copied.latency.counts = list(self.latency.counts)
        return copied

    def add(self, relay: Relay) -> int:
        """How many streams that were."""
        streams = list(relay.session.streams.values())
        self.late_frames += relay.session.late_frames
        for stream in streams:
            self.sent_frames += stream.sent.frames
            self.latency.counts = list(map(add, self.latency.counts, stream.sent.latency.counts))
            if stream.noise is not None:
                self.noise_audio_ms += stream.noise.audio_ms
                self.noise_cpu_seconds += stream.noise.cpu_seconds
        return len(streams)


@dataclass
class LiveCounts:
    """`filled`: how many live streams have at least so many per cent of their buffer waiting; `fullest_ms`: the most that waits for one;
    `noise`: of how many the noise is suppressed."""

    calls: int = 0
    streams: Counter[StreamState] = field(default_factory=Counter)
    filled: Counter[int] = field(default_factory=lambda: Counter(dict.fromkeys(LEVELS, 0)))
    fullest_ms: float = 0.0
    noise: int = 0

    def add(self, relay: Relay) -> None:
        self.calls += relay.live
        for stream in relay.session.streams.values():
            if stream.live:
                waiting_ms = stream.fill.waiting_ms(stream.backlog.held_ms)
                self.streams[stream.state] += 1
                self.fullest_ms = max(self.fullest_ms, waiting_ms)
                self.noise += stream.noise is not None and stream.noise.active
                for level in LEVELS:
                    self.filled[level] += 100 * waiting_ms >= level * stream.limits.buffer_ms


class ProcessCounts:
    """Of one process and event loop. `peaks`: how much audio waited at most for each stream that ended; `responses`: how long
    bots let callers wait."""

    def __init__(self) -> None:
        self.events: Counter[EventKind] = Counter()
        self.call_ends: Counter[tuple[str, str]] = Counter()
        self.stream_ends: Counter[str] = Counter()
        self.degraded: Counter[int] = Counter()
        self.discarded_ms: Counter[str] = Counter()
        self.peaks = Histogram()
        self.responses = Histogram()
        self.interruptions: Counter[str] = Counter()
        self.long_silences = 0
        self.audio = AudioCounts()

    def note(self, note: Note) -> None:
        details = note.details
        self.events[note.kind] += 1
        if note.kind is EventKind.STREAM_ENDED:
            self.stream_ends[details["cause"]] += 1
            self.discarded_ms[details["cause"]] += details["discarded_ms"]
            self.peaks.add(details["peak_buffered_ms"] / 1000)
            if talk := (note.measured or {}).get("conversation"):
                self._conversed(talk)
        elif note.kind is EventKind.BUFFER_DEGRADED:
            self.degraded[details["percent"]] += 1
        elif note.kind is EventKind.CALL_ENDED:
            cause = (details["source"], details["name"])
            self.call_ends[cause if cause in self.call_ends or len(self.call_ends) < CAUSES_AT_MOST else OTHER] += 1

    def _conversed(self, talk: dict[str, Any]) -> None:
        """Of the turns that are kept."""
        place = talk["course"]["columns"].index("response_ms")
        for turn in talk["course"]["turns"]:
            if turn[place] is not None:
                self.responses.add(turn[place] / 1000)
        self.interruptions["caller"] += talk["caller_interruptions"]
        self.interruptions["bot"] += talk["bot_interruptions"]
        self.long_silences += talk["long_silences"]

    def over(self, relay: Relay) -> None:
        """A call has ended, and its customers' sockets are closed: nothing of it grows any more."""
        self.audio.add(relay)

    async def so_far(self, relays: Iterable[Relay]) -> tuple[AudioCounts, LiveCounts]:
        """With the live calls in it, in slices. A call that ends meanwhile is in it once: what was over is taken first, and then each
        that was live."""
        audio, live, unseen = self.audio.copy(), LiveCounts(), STREAMS_AT_ONCE
        for relay in list(relays):
            unseen -= 1 + audio.add(relay)
            live.add(relay)
            if unseen <= 0:
                unseen = STREAMS_AT_ONCE
                await asyncio.sleep(0)
        return audio, live
