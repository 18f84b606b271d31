"""Which messages are taken off the front, and which are left; beside the parser they are tried by tests/streams/serving/test_lane.py."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.utils import apply_mask

from streams.pure.ordinary_messages import Front, ordinary_messages

AUDIO, WORDS = bytes(range(160)), "héllo".encode()
PING = Frame(Opcode.PING, b"").serialize(mask=True)


def binary(payload: bytes = AUDIO, fin: bool = True) -> bytes:
    return Frame(Opcode.BINARY, payload, fin).serialize(mask=True)


def text(payload: bytes = WORDS) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=True)


def front(data: bytes) -> Front:
    return ordinary_messages(data, apply_mask)


def test_all_that_are_whole_are_taken_in_their_order() -> None:
    data = binary() + text() + binary(b"")
    assert front(data) == ([(AUDIO, True), (WORDS, False), (b"", True)], len(data), False)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535])
@pytest.mark.parametrize("make", [binary, text])
def test_of_every_size_below_64_kib(size: int, make: object) -> None:
    payload = b"x" * size
    data = make(payload)  # type: ignore[operator]
    assert front(data) == ([(payload, make is binary)], len(data), False)
    for cut in {1, 2, 3, 4, 5, 6, 7, 8, len(data) // 2, len(data) - 1}:
        assert front(data[: min(cut, len(data) - 1)]) == ([], 0, True)
        assert front(binary() + data[: min(cut, len(data) - 1)]) == ([(AUDIO, True)], len(binary()), True)


LEFT = {
    "a ping": PING,
    "a close": Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True),
    "the first of two fragments": binary(fin=False),
    "the rest of a message": Frame(Opcode.CONT, AUDIO).serialize(mask=True),
    "compressed": b"\xc2" + binary()[1:],
    "of a kind that there is not": b"\x83" + binary()[1:],
    "not masked": Frame(Opcode.BINARY, AUDIO).serialize(mask=False),
    "64 KiB": binary(bytes(65_536)),
    "a longer length than needed": b"\x82\xfe\x00\x7d" + bytes(4 + 125),
    "a much longer length than needed": b"\x82\xff" + (160).to_bytes(8, "big") + bytes(4 + 160),
    "no UTF-8": text(b"\xff"),
    "half a surrogate pair": text(b"\xed\xa0\x80"),
    "half a character": text(WORDS[:2]),
}


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT.keys())
def test_anything_else_is_left_from_there_on(data: bytes) -> None:
    assert front(data) == ([], 0, False)
    assert front(binary() + data + binary()) == ([(AUDIO, True)], len(binary()), False)


NO_BEGINNING = {
    "of a ping": b"\x89",
    "of a fragment": b"\x01",
    "of a compressed one": b"\xc2",
    "not masked": b"\x82\x05",
    "not masked, and longer": b"\x82\x7e",
    "of 64 KiB and more": b"\x81\xff",
    "of a longer length than needed": b"\x82\xfe\x00\x7d",
    "no UTF-8": text(b"\xff" * 20)[:10],
    "of a text outside of ASCII": text(WORDS * 9)[:10],  # which is UTF-8 only as a whole
}


@pytest.mark.parametrize("data", NO_BEGINNING.values(), ids=NO_BEGINNING.keys())
def test_the_beginning_of_anything_else_is_no_beginning(data: bytes) -> None:
    assert front(data) == ([], 0, False)
