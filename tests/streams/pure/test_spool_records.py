"""A file of records that was cut off anywhere is a prefix of what was written; one that was damaged loses what was damaged, and no more."""

import time

from hypothesis import given
from hypothesis import strategies as st

from streams.pure import spool_records
from streams.pure.spool_records import MARK, Damage, framed, heading, heading_of, pieces

payloads = st.lists(st.text("abcXYZ-_=", max_size=40).map(str.encode), max_size=8)


def payloads_in(data: bytes, begin: int = 0) -> list[bytes]:
    return [piece for piece in pieces(data, begin) if isinstance(piece, bytes)]


def damages_in(data: bytes) -> list[Damage]:
    return [piece for piece in pieces(data, 0) if isinstance(piece, Damage)]


@given(payloads, st.data())
def test_what_was_cut_off_anywhere_is_a_prefix(written: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(framed, written))
    cut = data.draw(st.integers(0, len(whole)))
    read = payloads_in(whole[:cut])
    assert read == written[: len(read)]
    lost = cut - sum(len(framed(payload)) for payload in read)
    assert damages_in(whole[:cut]) == ([Damage(cut - lost, lost, torn=True)] if lost else [])


@given(payloads.filter(bool), st.data())
def test_a_flipped_bit_loses_its_record_and_no_other(written: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(framed, written)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    before, hit = 0, 0
    while before + len(framed(written[hit])) <= place:
        before += len(framed(written[hit]))
        hit += 1
    assert payloads_in(bytes(whole)) == [*written[:hit], *written[hit + 1 :]]
    assert [(damage.begin, damage.size) for damage in damages_in(bytes(whole))] == [(before, len(framed(written[hit])))]


@given(st.binary(max_size=300), payloads)
def test_what_follows_any_bytes_is_found(junk: bytes, written: list[bytes]) -> None:
    assert payloads_in(junk + b"".join(map(framed, written)))[-len(written) or 300 :] == written


def test_a_file_of_nothing_but_marks_is_given_up_in_time() -> None:
    """Each might be the head of a record as long as may be."""
    head = MARK + (1_000_000).to_bytes(4, "little") + bytes(4)
    began = time.monotonic()
    assert len(list(pieces(head * 700_000, 0))) == 1
    assert time.monotonic() - began < 20


def test_the_heading_says_how_and_with_which_key_it_was_written() -> None:
    found = heading_of(heading("0123abcd") + framed(b"x"))
    assert found is not None and (found.version, found.fingerprint) == (spool_records.VERSION, "0123abcd")
    assert payloads_in(heading("0123abcd") + framed(b"x"), found.size) == [b"x"]
    assert heading_of(b"") is None and heading_of(b"something else\n") is None
