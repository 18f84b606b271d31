"""Which part of a file a request asks for: the Range header of RFC 9110, one range of bytes.

Owns the reading of the header. What is no single range of bytes is as if nobody had asked: the whole answers it, as the RFC has it."""

import re
from typing import NamedTuple

_ONE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*\Z", re.ASCII | re.IGNORECASE)


class ByteRange(NamedTuple):
    """From `start` to before `stop`."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class OutOfRange(Exception):
    """Nothing of what is asked for is there."""


def asked_range(header: str, size: int) -> ByteRange | None:
    """None: the whole. Raises OutOfRange."""
    match = _ONE.match(header)
    first, last = match.groups() if match else ("", "")
    if not first and not last:
        return None
    if not first:
        return _within(max(size - int(last), 0), size, size)
    if last and int(last) < int(first):
        return None
    return _within(int(first), int(last) + 1 if last else size, size)


def _within(start: int, stop: int, size: int) -> ByteRange:
    """The part of it that is there; of none there is an end alone."""
    if start >= min(stop, size):
        raise OutOfRange
    return ByteRange(start, min(stop, size))
