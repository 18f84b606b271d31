"""Audio in base64: what strangers write, and what would be noise, on every Python alike."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.base64_text import from_base64


@given(st.binary(), st.integers(0, 4), st.sampled_from(["", "\n", "\r\n"]))
def test_it_is_what_was_written_whatever_is_too_many_at_its_end(audio: bytes, padding: int, line_end: str) -> None:
    text = b64encode(audio).decode()
    assert from_base64(text + line_end) == audio
    assert from_base64(text + ("=" * padding if audio else "") + line_end) == audio


@given(st.binary(min_size=1), st.integers(1, 80))
def test_lines_of_any_length(audio: bytes, length: int) -> None:
    text = b64encode(audio).decode()
    assert from_base64("\r\n".join(text[at : at + length] for at in range(0, len(text), length))) == audio


@pytest.mark.parametrize("text", ["A", "AAA", "AAAAA===", "AA=A", "AA==AA==", "===", "AA-_", "AAA\0", "ééé", "not base64!"])
def test_what_would_be_noise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_base64(text)
