"""What Asterisk does with the audio we send it: a queue of 20 ms frames, played one a tick, with flow control and marks.

Owns the queue's levels and its commands, as chan_websocket 23.4.1 has them. Must not know sockets or the clock: `tick` is one 20 ms."""

from collections import deque

from streams.simulate.asterisk_control import COMMANDS, Control, ControlCommand

XON_FRAMES, XOFF_FRAMES, FULL_FRAMES = 800, 900, 1000


class GatewayPlayback:
    """Methods that return a list return the events Asterisk sends at that moment."""

    def __init__(self, control: Control, frame_bytes: int) -> None:
        self.control = control
        self.frame_bytes = frame_bytes
        self.played: list[bytes] = []
        self.lost_messages = 0
        self._queue: deque[bytes | str] = deque()  # audio, or the text of an event that is sent when its turn comes
        self._queued_frames = 0
        self._remainder = b""
        self._full = self._bulk = self._paused = self._report_drained = False

    def take_audio(self, data: bytes) -> list[str]:
        """One binary message. Outside bulk mode a trailing partial frame is thrown away; a full queue drops the message silently."""
        if self._queued_frames >= FULL_FRAMES:
            self.lost_messages += 1
            return []
        data = self._remainder + data if self._bulk else data
        whole = len(data) - len(data) % self.frame_bytes
        self._remainder = data[whole:] if self._bulk else b""
        return [event for start in range(0, whole, self.frame_bytes) for event in self._queue_frame(data[start : start + self.frame_bytes])]

    def take_command(self, command: ControlCommand) -> list[str]:
        """Any command but ANSWER and HANGUP, which are the channel's. An unknown one is ignored, as Asterisk does."""
        match command.name:
            case "START_MEDIA_BUFFERING":
                self._bulk = True
            case "STOP_MEDIA_BUFFERING":
                return self._stop_buffering(command.correlation_id)
            case "MARK_MEDIA":
                self._queue.append(self.control.correlated("MEDIA_MARK_PROCESSED", command.correlation_id))
            case "FLUSH_MEDIA":
                self._flush()
            case "PAUSE_MEDIA" | "CONTINUE_MEDIA":
                self._paused = command.name == "PAUSE_MEDIA"
            case "REPORT_QUEUE_DRAINED":
                self._report_drained = True
            case "GET_STATUS":
                return [self._status()]
        return []

    def tick(self) -> list[str]:
        """20 ms pass: one frame is played. Marks take no time: those before the frame are all reported with it."""
        if self._paused:
            return []
        events = self._resumed()
        if not self._queue:
            return events + self._drained()
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, bytes):
                self._queued_frames -= 1
                self.played.append(item)
                break
            events.append(item)
        return events

    def _queue_frame(self, frame: bytes) -> list[str]:
        self._queue.append(frame)
        self._queued_frames += 1
        if self._full or self._queued_frames < XOFF_FRAMES:
            return []
        self._full = True
        return [self.control.bare("MEDIA_XOFF")]

    def _stop_buffering(self, correlation_id: str) -> list[str]:
        events = self._queue_frame(self._remainder) if self._remainder else []
        self._bulk, self._remainder = False, b""
        self._queue.append(self.control.correlated("MEDIA_BUFFERING_COMPLETED", correlation_id))
        return events

    def _flush(self) -> None:
        self._queue.clear()
        self._queued_frames = 0
        self._bulk, self._remainder = False, b""

    def _resumed(self) -> list[str]:
        if not self._full or self._queued_frames >= XON_FRAMES:
            return []
        self._full = False
        return [self.control.bare("MEDIA_XON")]

    def _drained(self) -> list[str]:
        if not self._report_drained:
            return []
        self._report_drained = False
        return [self.control.bare("QUEUE_DRAINED")]

    def _status(self) -> str:
        return self.control.status(
            queue_length=self._queued_frames,
            xon_level=XON_FRAMES,
            xoff_level=XOFF_FRAMES,
            queue_full=self._full,
            bulk_media=self._bulk,
            media_paused=self._paused,
        )


def complaint(command: ControlCommand, size: int, longest: int) -> str:
    """What Asterisk would only have written to its log about a command of `size` bytes; empty when it would take it."""
    if size > longest:
        return f"A text message of {size} bytes: Asterisk drops those over {longest} bytes without a word."
    return "" if command.name in COMMANDS else f"An unknown command: {command.name[:60]!r}."
