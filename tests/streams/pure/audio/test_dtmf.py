"""Digits: which can be sent, with which words the others are refused, and how they sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.convert import to_linear
from streams.pure.audio.dtmf import dtmf_tones
from streams.pure.audio.dtmf_digits import LONGEST_MS, MOST_CHARACTERS, checked_digits, digits_in, duration_ms
from streams.pure.messages import AudioFormat, Encoding

MULAW, ALAW = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.ALAW, 8000)
L16, WIDE = AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16000)


class TestDigits:
    def test_keys_and_pauses_are_taken_and_small_letters_made_large(self) -> None:
        assert checked_digits("0123456789*#ABCD") == "0123456789*#ABCD"
        assert checked_digits("1w2W3ad") == "1w2W3AD"

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("12x4", "digits has 'x' as character 3; use 0-9, *, #, A-D, and for a pause w (0.5 s) or W (1 s)."),
            ("1 2", "digits has ' ' as character 2; use"),
            ("+1", "digits has '+' as character 1; use"),
            ("1\n", "digits has '\ufffd' as character 2; use"),
            ("\u0661", "digits has '\u0661' as character 1; use"),  # a digit, of Arabic
            ("", "digits has no digit; it has to have at least one of 0-9, *, #, A-D."),
            ("wW", "digits has no digit; it has"),
            ("1" * 101, "digits has 101 characters; send at most 100 at once."),
            ("1" + "W" * 30, "digits lasts 30.2 s with its pauses; send at most 30 s at once."),
        ],
    )
    def test_what_cannot_be_sent_is_refused_with_its_place_and_what_would_be_right(self, text: str, sentence: str) -> None:
        with pytest.raises(ValueError) as refused:
            checked_digits(text)
        assert str(refused.value).startswith(sentence)

    @given(st.text("0123456789*#ABCDwW", max_size=120), st.sampled_from("xyz ,+\u0000"))
    def test_a_refusal_never_tells_the_digits(self, digits: str, wrong: str) -> None:
        with pytest.raises(ValueError) as refused:
            checked_digits(f"4711{digits}{wrong}")
        assert "4711" not in str(refused.value)

    @given(st.text("0123456789*#ABCDabcdwW", max_size=MOST_CHARACTERS + 10))
    def test_whatever_is_taken_can_be_played_and_lasts_as_long_as_is_said(self, text: str) -> None:
        try:
            digits = checked_digits(text)
        except ValueError:
            return
        assert MULAW.duration_ms(len(dtmf_tones(digits, MULAW))) == duration_ms(digits) <= LONGEST_MS

    def test_pauses_are_not_counted_as_digits(self) -> None:
        assert digits_in("1w2W#") == 3


class TestTones:
    @pytest.mark.parametrize("audio_format", [MULAW, ALAW, L16, WIDE])
    @pytest.mark.parametrize(
        ("digit", "row_hz", "column_hz"),
        [("1", 697, 1209), ("5", 770, 1336), ("#", 941, 1477), ("*", 941, 1209), ("D", 941, 1633), ("0", 941, 1336)],
    )
    def test_a_digit_is_its_two_tones(self, audio_format: AudioFormat, digit: str, row_hz: int, column_hz: int) -> None:
        sound = dtmf_tones(digit, audio_format)
        assert audio_format.duration_ms(len(sound)) == 200
        samples = to_linear(sound, audio_format).astype(float)
        half = len(samples) // 2
        spectrum = np.abs(np.fft.rfft(samples[:half] * np.hanning(half)))
        peaks = [index * audio_format.rate / half for index in range(1, len(spectrum) - 1) if spectrum[index] > 0.3 * spectrum.max()]
        assert all(min(abs(peak - row_hz), abs(peak - column_hz)) <= 20 for peak in peaks)
        assert any(abs(peak - row_hz) <= 10 for peak in peaks)
        assert any(abs(peak - column_hz) <= 10 for peak in peaks)
        assert np.abs(samples[half:]).max() <= 8

    def test_digits_follow_each_other_in_whole_frames(self) -> None:
        assert len(dtmf_tones("1A#", MULAW)) == 3 * 1600
        assert dtmf_tones("", MULAW) == b""

    @pytest.mark.parametrize(("pause", "milliseconds"), [("w", 500), ("W", 1000)])
    def test_a_pause_is_silence_between_its_neighbours(self, pause: str, milliseconds: int) -> None:
        samples = to_linear(dtmf_tones(f"1{pause}1", L16), L16)
        assert len(samples) == 8 * (200 + milliseconds + 200)
        assert not samples[8 * 100 : 8 * (200 + milliseconds)].any()
        assert np.array_equal(samples[: 8 * 200], samples[8 * (200 + milliseconds) :])

    def test_the_two_tones_stay_below_full_scale(self) -> None:
        samples = to_linear(dtmf_tones("123456789*0#ABCD", WIDE), WIDE)
        assert 25_000 < np.abs(samples.astype(int)).max() < 32_767
