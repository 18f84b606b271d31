"""Records in a file that is only appended to, by a process that may be killed at any moment: a mark, length, checksum and payload each.

Owns their form, and what can still be read of a file that was cut off or damaged. Must not know what a payload says, or where files are."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

VERSION = 1
MARK = b"\xf5SD\xf5"
"""Not in a sealed payload, which is ASCII: the next record is found again behind whatever was damaged."""
LONGEST_PAYLOAD = 4 * 1_048_576
_HEAD = struct.Struct(">4sII")
_HEADING = re.compile(rb"streamdesk spool (\d{1,6}) ([0-9a-f]{1,64})\n")
_LOOKED_AT = 1000
"""Marks behind a damaged record that are tried: a file may be made of nothing else."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a file begins with. `fingerprint`: of the key that its payloads are sealed with; `size` in bytes."""

    version: int
    fingerprint: str
    size: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no record. `torn`: the last record, which was not written to its end."""

    begin: int
    size: int
    torn: bool


def heading(fingerprint: str) -> bytes:
    return f"streamdesk spool {VERSION} {fingerprint}\n".encode()


def heading_of(data: bytes) -> Heading | None:
    found = _HEADING.match(data)
    return Heading(int(found[1]), found[2].decode(), found.end()) if found else None


def framed(payload: bytes) -> bytes:
    return _HEAD.pack(MARK, len(payload), zlib.crc32(payload)) + payload


def pieces(data: bytes, begin: int) -> Iterator[bytes | Damage]:
    """The payloads from `begin` on, and between them what is damaged."""
    at = begin
    while at < len(data):
        payload = _payload(data, at)
        if payload is not None:
            yield payload
            at += _HEAD.size + len(payload)
            continue
        following = _next_record(data, at + 1)
        yield Damage(at, following - at, torn=following == len(data) and _is_torn(data, at))
        at = following


def _payload(data: bytes, at: int) -> bytes | None:
    if len(data) - at < _HEAD.size:
        return None
    mark, length, checksum = _HEAD.unpack_from(data, at)
    end = at + _HEAD.size + length
    if mark != MARK or length > LONGEST_PAYLOAD or end > len(data):
        return None
    payload = data[at + _HEAD.size : end]
    return payload if zlib.crc32(payload) == checksum else None


def _next_record(data: bytes, at: int) -> int:
    for _ in range(_LOOKED_AT):
        at = data.find(MARK, at)
        if at < 0:
            break
        if _payload(data, at) is not None:
            return at
        at += 1
    return len(data)


def _is_torn(data: bytes, at: int) -> bool:
    """Whether it begins as a record does, and the file ends before it."""
    head = data[at : at + _HEAD.size]
    if len(head) < _HEAD.size:
        return MARK.startswith(head[: len(MARK)])
    mark, length, _ = _HEAD.unpack(head)
    return bool(mark == MARK and length <= LONGEST_PAYLOAD and at + _HEAD.size + length > len(data))
