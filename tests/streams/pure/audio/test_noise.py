"""Noise out of speech: how much less there is, that speech and digits stay, and that a frame stays as long as it was."""

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pure.audio.convert import from_linear, to_linear
from streams.pure.audio.dtmf import _TONES_HZ, dtmf_tones
from streams.pure.audio.noise import Strength, Suppressor, strength_of
from streams.pure.messages import AudioFormat, Encoding
from tests.streams.pure.audio.snr import level_db, noise, snr_db, speech
from tests.streams.pure.conversation.spoken import frames

MULAW, L16, WIDE = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16_000)
FORMATS = (MULAW, L16, WIDE)


def cleaned(samples: npt.ArrayLike, format: AudioFormat, strength: Strength = Strength.HIGH) -> npt.NDArray[np.int16]:
    suppressor, audio = Suppressor(format, strength), from_linear(np.asarray(samples, np.int16), format.encoding)
    return to_linear(b"".join(suppressor.clean(frame) for frame in frames(audio, round(format.bytes_per_ms * 20))), format)


@cache
def noisy(rate: int, noise_db: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The shipped speech, alone and in noise that is so many dB below it."""
    clean = speech(rate)
    return clean, clean + noise(len(clean), rate, level_db(clean) - noise_db)


@pytest.mark.parametrize(("noise_db", "gained_db"), [(0, 4.5), (10, 2.8), (20, -1.5)])
@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_speech_stands_further_above_noise(format: AudioFormat, noise_db: int, gained_db: float) -> None:
    clean, heard = noisy(format.rate, noise_db)
    learned = 4 * format.rate
    before, after = (snr_db(one[learned:], clean[learned:], format.rate) for one in (heard, cleaned(heard, format)))
    assert after - before > gained_db, f"{before:.1f} dB became {after:.1f}"


def test_each_strength_takes_more_of_the_noise_between_words() -> None:
    alone = noise(6 * 8000, 8000, 50)
    left = [level_db(cleaned(alone, L16, strength)[4 * 8000 :]) - level_db(alone) for strength in Strength]
    assert left == pytest.approx([-7, -12, -18, -21], abs=2.5)


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_speech_without_noise_stays_as_it_is_but_for_six_milliseconds(format: AudioFormat) -> None:
    clean = speech(format.rate)
    kept, late = cleaned(clean, format, Strength.VERY_HIGH), format.rate * 6 // 1000
    assert snr_db(kept, clean, format.rate) > 11
    assert level_db(kept) == pytest.approx(level_db(clean), abs=1.5)
    of_two_seconds = clean[: 2 * format.rate]
    lags = [float(np.dot(kept[lag : lag + len(of_two_seconds)].astype(float), of_two_seconds)) for lag in range(3 * late)]
    assert int(np.argmax(lags)) == pytest.approx(late, abs=4)


@pytest.mark.parametrize(("level", "strength"), [(60, 1), (69, 1), (70, 2), (79, 2), (80, 3), (85, 3), (89, 3), (90, 4), (100, 4)])
def test_ten_levels_are_a_strength(level: int, strength: int) -> None:
    assert strength_of(level) == strength


@given(level=st.integers())
def test_every_level_is_a_strength(level: int) -> None:
    assert strength_of(level) in Strength


@settings(max_examples=60, deadline=None)
@given(
    format=st.sampled_from(FORMATS),
    level=st.integers(0, 200),
    payloads=st.lists(st.binary(max_size=1500), max_size=6),
)
def test_what_goes_out_is_as_long_as_what_came(format: AudioFormat, level: int, payloads: list[bytes]) -> None:
    suppressor = Suppressor(format, strength_of(level))
    assert [len(suppressor.clean(payload)) for payload in payloads] == [len(payload) for payload in payloads]


def test_other_rates_are_refused_before_anything_is_heard() -> None:
    with pytest.raises(ValueError, match="at 16000 and 8000 Hz, not at 24000"):
        Suppressor(AudioFormat(Encoding.L16, 24_000), Strength.LOW)


def recognised(samples: npt.NDArray[np.int16], rate: int) -> str:
    """The digits that a listener for tones finds, in 40 ms steps: the strongest tone of each row and column, where both stand out."""
    step, found = rate * 40 // 1000, ""
    rows, columns = ({hz[place] for hz in _TONES_HZ.values()} for place in (0, 1))
    for start in range(0, len(samples) - step, step):
        piece = samples[start : start + step].astype(float)
        power = {hz: abs(np.dot(piece, np.exp(-2j * np.pi * hz * np.arange(step) / rate))) ** 2 for hz in (*rows, *columns)}
        row, column = max(rows, key=power.__getitem__), max(columns, key=power.__getitem__)
        clear = (power[row] + power[column]) * 2 / step > 0.7 * float(np.dot(piece, piece)) and level_db(piece) > 50
        found += next(digit for digit, pair in _TONES_HZ.items() if pair == (row, column)) if clear else " "
    return "".join(digit for digit, before in zip(found, " " + found, strict=False) if digit not in (" ", before))


@pytest.mark.parametrize("strength", Strength)
@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_digits_in_the_audio_are_still_recognised(format: AudioFormat, strength: Strength) -> None:
    """Behind ten seconds of a noisy caller, as on a real call."""
    tones = to_linear(dtmf_tones("159D*0#ABC", format), format).astype(float)
    _, before = noisy(format.rate, 20)
    track = np.concatenate([before, tones + noise(len(tones), format.rate, level_db(tones) - 25)])
    heard = cleaned(np.clip(track, -32768, 32767), format, strength)
    assert recognised(heard[len(before) :], format.rate) == "159D*0#ABC"
