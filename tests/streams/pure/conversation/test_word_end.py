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


@pytest.mark.parametrize("seed", range(4))
def test_a_last_consonant_is_found_behind_a_silence_in_which_noise_is_louder(seed: int) -> None:
    """As in "six": a vowel, 60 ms of nothing, 130 ms of hissing, all of it weaker than the noise."""
    drawn, ms = np.random.default_rng(seed), np.arange(BEFORE_MS * 8) / 8
    vowel = np.sum([np.sin(2 * np.pi * 0.12 * tone * ms + tone) for tone in range(1, 9)], axis=0)[: (BEFORE_MS - 190) * 8]
    hiss = np.diff(drawn.standard_normal(130 * 8 + 2), 2)
    word = np.concatenate([vowel * LEVEL / vowel.std(), np.zeros(60 * 8), hiss * LEVEL / hiss.std() * 10 ** (-14 / 20)])
    noise = drawn.standard_normal(len(word) + len(BEHIND)) * LEVEL * 10 ** (-10 / 20)
    samples = (np.concatenate([word, BEHIND]) + noise).astype(np.int16)
    assert word_end(samples, 8000, BEFORE_MS - 130) == pytest.approx(BEFORE_MS, abs=60)


def test_in_noise_alone_there_is_no_consonant() -> None:
    drawn = np.random.default_rng(1)
    lines = [(drawn.standard_normal((BEFORE_MS + BEHIND_MS) * 8) * 500).astype(np.int16) for _ in range(100)]
    for samples in lines:
        samples[: (BEFORE_MS - 60) * 8 : 67] += 20_000
    late = np.array([word_end(samples, 8000, BEFORE_MS) for samples in lines]) - (BEFORE_MS - 60)
    assert (late > 80).mean() <= 0.03


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
