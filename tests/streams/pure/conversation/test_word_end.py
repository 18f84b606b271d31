"""The end of a word, found in the audio around it: exactly where it is quiet, near it in noise, somewhere sensible in whatever comes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pure.audio.g711 import Samples
from streams.pure.conversation.word_end import BEFORE_MS, BEHIND_MS, HeardLately, word_end
from tests.streams.pure.conversation.spoken import LEVEL, sentences

BEHIND = np.zeros(BEHIND_MS * 8, np.int16)


def ending(noise_db: float | None = None) -> tuple[Samples, float]:
    """The end of the longest sentence with a pause behind it, and when it ends."""
    word = max(sentences(), key=len)[-BEFORE_MS * 8 :]
    samples = np.concatenate([word, BEHIND]).astype(float)
    if noise_db is not None:
        samples += np.random.default_rng(3).standard_normal(len(samples)) * LEVEL * 10 ** (-noise_db / 20)
    return samples.astype(np.int16), float(BEFORE_MS)


@pytest.mark.parametrize(("noise_db", "near_ms"), [(None, 12), (20, 60), (10, 100)])
@pytest.mark.parametrize("rough_ms", [-80, 0, 60])
def test_it_is_found_however_roughly_it_is_known(noise_db: float | None, near_ms: float, rough_ms: float) -> None:
    samples, ended_ms = ending(noise_db)
    assert word_end(samples, 8000, ended_ms + rough_ms) == pytest.approx(ended_ms, abs=near_ms)


def test_where_nothing_is_heard_behind_it_it_is_as_it_was_known() -> None:
    samples, ended_ms = ending()
    assert word_end(samples[: round(ended_ms * 8) + 1600], 8000, ended_ms) == ended_ms


def test_at_16_khz_it_is_the_same_moment() -> None:
    samples, ended_ms = ending(20)
    wide = np.repeat(samples, 2)
    assert word_end(wide, 16_000, ended_ms) == pytest.approx(word_end(samples, 8000, ended_ms), abs=10)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 7000), st.sampled_from([0, 1, 300, 9000]), st.floats(-50, 1000), st.sampled_from([8000, 16_000]))
def test_whatever_comes_it_is_a_moment_near_to_what_was_known(count: int, loud: int, rough_ms: float, rate: int) -> None:
    samples = (np.random.default_rng(count).uniform(-1, 1, count) * loud).astype(np.int16)
    assert -50 <= word_end(samples, rate, rough_ms) <= max(rough_ms, 0) + 300


def test_pieces_are_one_run_and_a_gap_ends_it() -> None:
    """What came before a gap, and what came behind one, has no part in it."""
    samples, ended_ms = ending(20)
    whole, torn = HeardLately(8000), HeardLately(8000)
    whole.add(1000.0, samples)
    torn.add(0.0, np.full(800, 9000, np.int16))
    for start in range(0, len(samples), 160):
        torn.add(1000.0 + start / 8, samples[start : start + 160])
    torn.add(1000.0 + len(samples) / 8 + 200, np.full(800, 9000, np.int16))
    found_ms = whole.word_end(1000 + ended_ms)
    assert found_ms == pytest.approx(1000 + ended_ms, abs=60)
    assert torn.word_end(1000 + ended_ms) == found_ms


def test_of_what_was_heard_no_more_is_held_than_an_end_to_come_needs() -> None:
    lately, samples = HeardLately(8000), ending(20)[0]
    for number in range(20):
        lately.add(number * 750.0, samples)
        lately.forget()
    assert sum(len(piece) for _, piece in lately._pieces) <= (BEFORE_MS + BEHIND_MS) * 8 + 1
    assert lately.word_end(19 * 750.0 + BEFORE_MS) == pytest.approx(19 * 750 + BEFORE_MS, abs=60)
    assert lately.word_end(20_000_000.0) <= 20_000_000 and HeardLately(8000).word_end(5.0) == 5.0
