"""Bytes of WebSocket peers: frames of any form, right ones and wrong ones, in streams that are split anywhere."""

import itertools
import random

from hypothesis import strategies as st

MASK = b"\x37\xfa\x21\x3d"


def framed(first: int, payload: bytes = b"", *, mask: bytes = MASK, length: bytes | None = None) -> bytes:
    """`length`: the length's bytes, where they are to be others than the shortest."""
    size = len(payload)
    shortest = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big") if size < 65_536 else b"\x7f" + size.to_bytes(8, "big")
    length = length or shortest
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)) if mask.strip(b"\0") else payload
    return bytes([first, length[0] | (0x80 if mask else 0)]) + length[1:] + mask + masked


SIZED = st.sampled_from([0, 1, 124, 125, 126, 127, 160, 2047, 2048, 4096]).map(lambda size: random.Random(size).randbytes(size))
UTF8 = st.text(max_size=40).map(str.encode)
PAYLOADS = st.one_of(st.binary(max_size=20), SIZED, UTF8, UTF8.map(lambda words: words * 60))
LENGTHS = st.one_of(
    st.none(),
    st.none(),
    st.integers(0, 300).map(lambda size: b"\x7e" + size.to_bytes(2, "big")),
    st.sampled_from([0, 5, 160, 65_535, 65_536, 300_000, 1 << 63]).map(lambda size: b"\x7f" + size.to_bytes(8, "big")),
    st.integers(0, 125).map(lambda size: bytes([size])),
)
FIRST_BYTES = st.one_of(st.sampled_from([0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0xC1, 0xC2]), st.integers(0, 255))
CODES = st.one_of(
    st.sampled_from([999, 1000, 1001, 1004, 1005, 1006, 1007, 1011, 1012, 1015, 2999, 3000, 4999, 5000]), st.integers(0, 65_535)
)
REASONS = st.one_of(st.just(b""), st.text(max_size=30).map(str.encode), st.binary(max_size=123))
CLOSES = st.builds(lambda code, reason: code.to_bytes(2, "big") + reason, CODES, REASONS)


def pieces(masks: st.SearchStrategy[bytes], odd_masks: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """What a peer sends that masks its frames with one of `masks` as it should, or is wrong with `odd_masks`; b"" is none. Of what is
    neither, any first byte with any length said of it."""
    usual = st.one_of(st.tuples(st.just(0x82), PAYLOADS), st.tuples(st.just(0x81), UTF8))
    ordinary = st.builds(lambda kind, mask: framed(*kind, mask=mask), usual, masks)
    ping = st.builds(lambda mask: framed(0x89, b"ping", mask=mask), masks)
    any_frame = st.builds(
        lambda first, payload, mask, length: framed(first, payload, mask=mask, length=length),
        FIRST_BYTES,
        PAYLOADS,
        st.one_of(masks, masks, odd_masks),
        LENGTHS,
    )
    closes = st.builds(lambda said, mask: framed(0x88, said, mask=mask), CLOSES, masks)
    fragmented = st.builds(
        lambda kind, first, between, last, mask: framed(kind, first, mask=mask) + between + framed(0x80, last, mask=mask),
        st.sampled_from([1, 2]),
        PAYLOADS,
        st.one_of(st.just(b""), ping, ordinary),
        PAYLOADS,
        masks,
    )
    return st.one_of(ordinary, ordinary, ordinary, any_frame, fragmented, closes, ping, st.binary(max_size=12))


def split_anywhere(of: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    """A stream of at most twelve pieces as it is read: each read ends anywhere."""
    sizes = st.one_of(*(st.lists(st.integers(1, most), min_size=1, max_size=8) for most in (2, 10, 200, 3000, 100_000)))
    return st.builds(_split, st.lists(of, max_size=12), sizes)


def _split(parts: list[bytes], sizes: list[int]) -> list[bytes]:
    data, reads, at = b"".join(parts), list[bytes](), 0
    for size in itertools.cycle(sizes):
        if at >= len(data):
            break
        at, begin = at + max(size, len(data) // 200), at
        reads.append(data[begin:at])
    return reads
