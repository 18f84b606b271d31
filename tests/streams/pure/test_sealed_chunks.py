import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.sealed_chunks import CHUNK, TAG, CannotRead, SealedWriter, read_range, sealed_size

PLAIN = bytes(range(256)) * (2 * CHUNK // 256) + b"the end"


def sealed(plain: bytes, key: bytes, header: bytes = b"") -> io.BytesIO:
    file = io.BytesIO()
    writer = SealedWriter(file, key)
    for start in range(0, len(plain), 1000):
        writer.write(plain[start : start + 1000])
    if header:
        writer.seek(0)
        writer.write(header)
    writer.finish()
    assert writer.size == len(plain)
    return file


KEY, OTHER = bytes(range(32)), bytes(32)
SEALED = sealed(PLAIN, KEY)


@given(start=st.integers(0, len(PLAIN)), length=st.integers(0, len(PLAIN)))
def test_any_range_is_read_without_the_rest(start, length):
    stop = min(start + length, len(PLAIN))
    assert b"".join(read_range(SEALED, KEY, start, stop)) == PLAIN[start:stop]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_the_size_of_a_file_is_known_beforehand(size):
    file = sealed(b"x" * size, KEY)
    assert len(file.getvalue()) == sealed_size(size)
    assert b"".join(read_range(file, KEY, 0, size)) == b"x" * size


def test_the_beginning_may_be_written_again_until_the_end():
    file = sealed(PLAIN, KEY, header=b"HEADER")
    assert b"".join(read_range(file, KEY, 0, len(PLAIN))) == b"HEADER" + PLAIN[6:]


def test_nothing_of_it_can_be_read_in_the_file():
    assert b"the end" not in SEALED.getvalue()


@pytest.mark.parametrize("at", [0, CHUNK + TAG, 2 * (CHUNK + TAG)])
def test_a_chunk_that_was_changed_is_not_read(at):
    changed = bytearray(SEALED.getvalue())
    changed[at] ^= 1
    with pytest.raises(CannotRead, match="changed or cut off"):
        list(read_range(io.BytesIO(changed), KEY, 0, len(PLAIN)))


def test_chunks_cannot_change_places():
    both = SEALED.getvalue()
    first, second = both[: CHUNK + TAG], both[CHUNK + TAG : 2 * (CHUNK + TAG)]
    with pytest.raises(CannotRead):
        list(read_range(io.BytesIO(second + first), KEY, 0, CHUNK))


def test_a_file_that_was_cut_off_says_so():
    with pytest.raises(CannotRead):
        list(read_range(io.BytesIO(SEALED.getvalue()[: CHUNK + TAG]), KEY, 0, len(PLAIN)))


def test_another_key_reads_nothing():
    with pytest.raises(CannotRead):
        list(read_range(SEALED, OTHER, 0, 1))


def test_what_the_disk_says_is_raised_at_the_end():
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    writer = SealedWriter(Full(), KEY)
    assert writer.write(PLAIN) == len(PLAIN)
    with pytest.raises(OSError, match="No space"):
        writer.finish()


def test_only_the_beginning_may_be_written_again():
    writer = SealedWriter(io.BytesIO(), KEY)
    writer.write(PLAIN)
    writer.seek(CHUNK + 5)
    writer.write(b"x")
    with pytest.raises(ValueError, match="first 65536 bytes"):
        writer.finish()
