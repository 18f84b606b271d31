"""The control messages of Asterisk's chan_websocket, in both its formats: events as Asterisk 23.4.1 writes them, commands as it reads them.

Owns their exact text and key order (taken from recordings). Must not know sockets or queues."""

import json
from dataclasses import dataclass
from typing import NamedTuple

# A longer text message is dropped by Asterisk with a log line only (MAX_TEXT_MESSAGE_LEN).
LONGEST_COMMAND_BYTES = 128

COMMANDS = frozenset(
    {
        "ANSWER",
        "HANGUP",
        "START_MEDIA_BUFFERING",
        "STOP_MEDIA_BUFFERING",
        "MARK_MEDIA",
        "FLUSH_MEDIA",
        "PAUSE_MEDIA",
        "CONTINUE_MEDIA",
        "REPORT_QUEUE_DRAINED",
        "GET_STATUS",
        "SET_MEDIA_DIRECTION",
    }
)


class UnreadableCommand(Exception):
    """JSON control, and what came is no JSON object."""


class ControlCommand(NamedTuple):
    name: str
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """Writes events and reads commands, as JSON or as plain text. An empty `channel_id` is a release before 22.8, which names none."""

    as_json: bool
    channel_id: str

    def media_start(self, *, connection_id: str, channel: str, codec: str, frame_bytes: int, variables: dict[str, str]) -> str:
        fields: dict[str, object] = {"connection_id": connection_id, "channel": channel}
        if self.channel_id:
            fields["channel_id"] = self.channel_id
        fields |= {"format": codec, "optimal_frame_size": frame_bytes, "ptime": 20}
        if self.as_json:
            fields["channel_variables"] = variables
        return self._event("MEDIA_START", fields)

    def dtmf_end(self, digit: str) -> str:
        # The two formats differ in the order of their keys.
        channel = {"channel_id": self.channel_id} if self.channel_id else {}
        return self._event("DTMF_END", {**channel, "digit": digit} if self.as_json else {"digit": digit, **channel})

    def bare(self, event: str) -> str:
        """MEDIA_XON, MEDIA_XOFF or QUEUE_DRAINED."""
        return self._event(event, {"channel_id": self.channel_id} if self.as_json else {})

    def correlated(self, event: str, correlation_id: str) -> str:
        """MEDIA_MARK_PROCESSED or MEDIA_BUFFERING_COMPLETED."""
        if self.as_json:
            return self._event(event, {"channel_id": self.channel_id, "correlation_id": correlation_id})
        return f"{event} {correlation_id}" if correlation_id else event

    def status(self, *, queue_length: int, xon_level: int, xoff_level: int, queue_full: bool, bulk_media: bool, media_paused: bool) -> str:
        counts = {"queue_length": queue_length, "xon_level": xon_level, "xoff_level": xoff_level}
        flags = {"queue_full": queue_full, "bulk_media": bulk_media, "media_paused": media_paused}
        return self._event("STATUS", {"channel_id": self.channel_id, **counts, **flags})

    def error(self, text: str) -> str:
        return self._event("ERROR", {"channel_id": self.channel_id, "error_text": text})

    def command(self, text: str) -> ControlCommand:
        """What the platform asks for; raises UnreadableCommand."""
        if not self.as_json:
            name, _, correlation_id = text.strip().partition(" ")
            return ControlCommand(name, correlation_id)
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise UnreadableCommand(str(error)) from error
        if not isinstance(fields, dict):
            raise UnreadableCommand("not an object")
        return ControlCommand(str(fields.get("command", "")), str(fields.get("correlation_id") or ""))

    def _event(self, name: str, fields: dict[str, object]) -> str:
        if self.as_json:
            return json.dumps({"event": name, **fields}, separators=(",", ":"))
        return " ".join([name, *(f"{key}:{_plain(value)}" for key, value in fields.items())])


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
