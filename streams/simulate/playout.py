"""What a gateway does with audio and marks it was sent: a queue, played 20 ms a tick, that says which marks were reached.

Owns the queue. Must not know sockets, dialects or the clock."""

from collections import deque

FILE_TICKS = 5
"""A FreeSWITCH takes about 100 ms to begin with a file."""
FILE_END = "the end of a file"


class Playout:
    """`played` is what the caller heard; a last piece shorter than a frame is played as it is."""

    def __init__(self, frame_bytes: int) -> None:
        self.frame_bytes = frame_bytes
        self.played: list[bytes] = []
        self._queue: deque[bytes | str] = deque()

    @property
    def marks(self) -> list[str]:
        """Those not reached yet."""
        return [item for item in self._queue if isinstance(item, str)]

    def take_audio(self, data: bytes) -> None:
        self._queue.extend(data[start : start + self.frame_bytes] for start in range(0, len(data), self.frame_bytes))

    def take_file(self, data: bytes) -> None:
        """As audio, but it takes a gateway FILE_TICKS of silence to begin with each file, and marks say where files end."""
        self._queue.extend([b""] * FILE_TICKS)
        self.take_audio(data)
        self.take_mark(FILE_END)

    @property
    def files(self) -> int:
        """Those not played to their ends."""
        return self.marks.count(FILE_END)

    def take_mark(self, name: str) -> None:
        self._queue.append(name)

    def clear(self) -> list[str]:
        """Silence at once; returns the marks that were still to come."""
        marks = [mark for mark in self.marks if mark != FILE_END]
        self._queue.clear()
        return marks

    def tick(self) -> list[str]:
        """20 ms pass: one frame is played; returns the marks reached. Marks take no time."""
        reached: list[str] = []
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, bytes):
                self.played += [item] if item else []
                break
            reached += [item] if item != FILE_END else []
        return reached
