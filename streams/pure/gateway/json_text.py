"""JSON that gateways write, each in its own spelling: objects, whole numbers and digits, read tolerantly.

Owns what is let pass. Must not know what a message means."""

from collections.abc import Mapping
from typing import Any

import orjson

Fields = Mapping[str, Any]

TEXT_CHARACTERS = 262_144
DIGITS = frozenset("0123456789*#ABCD")


class NotAnObject(ValueError):
    """The text is no JSON object; the message is a sentence for the debug log."""


def object_of(text: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises NotAnObject."""
    if len(text) > TEXT_CHARACTERS:
        raise NotAnObject(f"The gateway sent a text of {len(text)} characters; it has to be a JSON object of {TEXT_CHARACTERS} at most.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotAnObject(f"The gateway sent a text that is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise NotAnObject("The gateway sent JSON that is no object.")
    return value


def plainly(value: object) -> dict[str, Any]:
    """The items of an object, so that streamSid, stream_sid and StreamSID are all `streamsid`; nothing for what is no object."""
    return {name.replace("_", "").lower(): item for name, item in value.items()} if isinstance(value, dict) else {}


def said(fields: Fields, *names: str) -> str:
    """The first of `names` that has a text or a number to say, as text without spaces around it; '' when none has."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and (text := str(value).strip()):
            return text
    return ""


def whole(value: object, low: int, high: int) -> int | None:
    """A whole number within the limits, from JSON's number or from digits in a text; None for anything else."""
    text = str(value) if isinstance(value, str | int) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    return number if number is not None and low <= number <= high else None


def digit_of(message: Fields) -> str:
    """The digit in {"dtmf": "5"}, {"digit": 5}, {"dtmf": {"digit": "5"}} or {"data": {"digit": "5"}}; '' when there is none."""
    inner = plainly(message.get("dtmf")) or plainly(message.get("data")) or message
    digit = said(inner, "digit", "dtmf").upper()
    return digit if digit in DIGITS else ""
