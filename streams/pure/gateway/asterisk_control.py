"""The control text of Asterisk's chan_websocket in its two formats, plain and JSON: text to fields, commands to text.

Owns their syntax. Must not know what an event or a command means."""

from typing import Any

import orjson

from streams.pure.gateway.json_text import Fields

TEXT_CHARACTERS = 65_536
# The events whose plain form carries a bare correlation id instead of key:value pairs.
_CORRELATED = ("MEDIA_MARK_PROCESSED", "MEDIA_BUFFERING_COMPLETED")


class NotControlText(ValueError):
    """The text is neither of the two formats; the message is a sentence for the debug log."""


def fields_of(text: str) -> Fields:
    """`event` and its values, told apart by the first byte as JSON or plain. Raises NotControlText."""
    if len(text) > TEXT_CHARACTERS:
        raise NotControlText(f"The gateway sent a control message of {len(text)} characters; Asterisk's have a few thousand at most.")
    return _json_fields(text) if text.startswith("{") else _plain_fields(text)


def control_text(command: str, as_json: bool, correlation_id: str = "") -> str:
    """A command in the format the gateway spoke. Asterisk drops a text of more than 128 bytes without a word."""
    if not as_json:
        return f"{command} {correlation_id}" if correlation_id else command
    fields = {"command": command, "correlation_id": correlation_id} if correlation_id else {"command": command}
    return orjson.dumps(fields).decode()


def _json_fields(text: str) -> Fields:
    try:
        fields: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotControlText(f"The gateway sent a control message that begins like JSON and is none: {error}.") from None
    return fields


def _plain_fields(text: str) -> Fields:
    """`EVENT key:value key:value`. Only error_text, which comes last, holds spaces."""
    event, _, rest = text.strip().partition(" ")
    if event in _CORRELATED:
        return {"event": event, "correlation_id": rest.strip()}
    pairs, _, error_text = rest.partition("error_text:")
    fields = {key: value for key, _, value in (word.partition(":") for word in pairs.split())}
    return {**fields, "error_text": error_text, "event": event}
