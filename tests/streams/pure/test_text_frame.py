"""The frame of a text: as the `websockets` library makes and reads it."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader
from websockets.utils import apply_mask

from streams.pure.text_frame import MASKS_AT_ONCE, masks, text_frame


def read(data: bytes) -> Frame:
    """As a server reads it."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    parser = Frame.parse(reader.read_exact, mask=True, max_size=None)
    try:
        next(parser)
    except StopIteration as read:
        assert next_is_end(reader)
        return read.value
    raise AssertionError("the frame is not whole")


def next_is_end(reader: StreamReader) -> bool:
    try:
        next(reader.at_eof())
    except StopIteration as end:
        return bool(end.value)
    return False


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_of_every_size(size: int) -> None:
    text = b"x" * size
    assert read(text_frame(text, b"\x01\x80\xff\x00", apply_mask)) == Frame(Opcode.TEXT, text)


@given(st.text(max_size=300).map(str.encode), st.binary(min_size=4, max_size=4))
def test_of_any_text_and_mask(text: bytes, mask: bytes) -> None:
    data = text_frame(text, mask, apply_mask)
    assert read(data) == Frame(Opcode.TEXT, text)
    assert len(data) == len(Frame(Opcode.TEXT, text).serialize(mask=True))
    assert mask in data[:8]


def test_no_mask_is_used_twice_nor_by_two_connections() -> None:
    """Four random bytes may meet by chance: 1 in 30 that of 16,000 two do, and hardly ever that ten do."""
    drawn = [*islice(masks(), 30 * MASKS_AT_ONCE), *islice(masks(), 30 * MASKS_AT_ONCE)]
    assert {len(mask) for mask in drawn} == {4}
    assert len(set(drawn)) > len(drawn) - 10
