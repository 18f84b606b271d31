"""A log line as JSON (LOG_FORMAT=json): when, how bad, who says it, what, about which call and stream, and the traceback. For programs.

Owns the names of these fields. What is secret is taken out of each before it is written, as ScrubbedFormatter does with plain lines."""

import json
import logging
import re
from datetime import UTC, datetime

from config.scrubbed_logs import ScrubbedFormatter
from streams.log_subject import spoken_of

NAMED = re.compile(r"\b(call|stream) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE)


class JsonLines(ScrubbedFormatter):
    """One object a line, whatever is in it: no line break, and nothing but ASCII."""

    def __init__(self, **_: object) -> None:
        super().__init__("{message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """What the words name counts for more than what the work is about."""
        message, error = self.scrubbed_parts(record)
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            **spoken_of(),
            **{kind.lower(): uuid.lower() for kind, uuid in NAMED.findall(message)},
            "process": record.process,
        }
        return json.dumps(line | {"error": error} if error else line, ensure_ascii=True)

    def scrubbed_parts(self, record: logging.LogRecord) -> tuple[str, str]:
        """The message, and the traceback that stands below it in a plain line."""
        whole, breaks = super().format(record), record.getMessage().count("\n")
        lines = whole.split("\n")
        return "\n".join(lines[: breaks + 1]), "\n".join(lines[breaks + 1 :])
