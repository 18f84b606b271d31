"""20 ms of a call's voice that say whose they are and which: what is sent, and what of it is there again.

Owns those bytes. Must not know who sends them, nor how they come."""

from tests.chaos.history import HeardStream

MAGIC = b"\x5a\xa7"


def numbered_frame(tag: int, number: int, size: int) -> bytes:
    head = MAGIC + tag.to_bytes(4, "big") + number.to_bytes(4, "big")
    return head + bytes([number % 251]) * (size - len(head))


def read_frame(payload: bytes) -> tuple[int, int] | None:
    """(tag, number); None for what is no frame of ours, such as silence filled in."""
    if payload[:2] != MAGIC:
        return None
    return int.from_bytes(payload[2:6], "big"), int.from_bytes(payload[6:10], "big")


def keep(stream: HeardStream, payload: bytes) -> int | None:
    """What came in a media message; its number, if it has one."""
    if (frame := read_frame(payload)) is None:
        stream.filled += 1
        return None
    tag, number = frame
    stream.take(tag, number)
    stream.altered += payload != numbered_frame(tag, number, len(payload))
    return number
