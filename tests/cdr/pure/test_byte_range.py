import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.byte_range import ByteRange, OutOfRange, asked_range

SIZES = st.integers(0, 10_000)


@given(st.integers(0, 20_000), st.integers(0, 20_000), SIZES)
def test_from_one_byte_to_another(first, last, size):
    header = f"bytes={first}-{last}"
    if last < first:
        assert asked_range(header, size) is None
    elif first >= size:
        with pytest.raises(OutOfRange):
            asked_range(header, size)
    else:
        assert asked_range(header, size) == (first, min(last + 1, size))


@given(st.integers(0, 20_000), SIZES)
def test_from_a_byte_to_the_end(first, size):
    if first >= size:
        with pytest.raises(OutOfRange):
            asked_range(f"bytes={first}-", size)
    else:
        assert asked_range(f"bytes={first}-", size) == (first, size)


@given(st.integers(0, 20_000), SIZES)
def test_the_last_of_it(length, size):
    if not length or not size:
        with pytest.raises(OutOfRange):
            asked_range(f"bytes=-{length}", size)
    else:
        assert asked_range(f"bytes=-{length}", size) == (max(size - length, 0), size)


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=-", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes=--5", "bytes=1-٣", f"bytes=0-{'9' * 5000}", "x" * 9000],
)
def test_what_is_no_single_range_is_as_if_nobody_had_asked(header):
    assert asked_range(header, 100) is None


@given(st.text(max_size=60), SIZES)
def test_whatever_comes_is_understood_or_let_be(text, size):
    try:
        found = asked_range(text, size)
    except OutOfRange:
        return
    assert found is None or 0 <= found.start < found.stop <= size


def test_how_it_is_said():
    assert ByteRange(0, 10).content_range(100) == "bytes 0-9/100"
