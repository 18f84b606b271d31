"""Every input that fuzzing has kept, and changes of it, read by its parser: whatever strangers send, nothing but a refusal comes of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import corpus, parsers

CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), st.binary(max_size=6)), min_size=1, max_size=4)
"""Where, how many bytes go, and what comes in their place."""


def changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for where, gone, instead in changes:
        at = round(where * len(data))
        data = data[:at] + instead + data[at + gone :]
    return data


@pytest.mark.parametrize("name", parsers.PARSERS)
def test_what_is_kept_is_read(name: str) -> None:
    inputs = corpus.inputs(name)
    assert len(inputs) > 1, "a parser has examples of what it is to read"
    for data in inputs:
        parsers.throw(name, data)


@pytest.mark.parametrize("name", parsers.PARSERS)
def test_what_is_changed_is_read(name: str) -> None:
    inputs = corpus.inputs(name)

    @settings(max_examples=60)
    @given(st.sampled_from(inputs), CHANGES)
    def throw(data: bytes, changes: list[tuple[float, int, bytes]]) -> None:
        parsers.throw(name, changed(data, changes))

    throw()


def test_every_input_is_of_a_parser() -> None:
    assert {file.stem for file in corpus.FOLDER.glob("*.b64")} == set(parsers.PARSERS)


def test_a_fault_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def bad(data: bytes) -> None:
        raise KeyError(data)

    monkeypatch.setitem(parsers.PARSERS, "bad", parsers.Parser(bad, (ValueError,)))
    with pytest.raises(KeyError):
        parsers.throw("bad", b"x")
