"""Conversions between audio formats: exact where nothing changes, true to pitch and loudness where the rate does."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.convert import CONTENT_TYPES, Converter, format_of_content_type, from_linear, to_linear
from streams.pure.messages import AudioFormat, Encoding

MULAW, ALAW = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.ALAW, 8000)
L16, WIDE = AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16000)
SOURCES = (MULAW, ALAW, L16, WIDE)
PAIRS = list(itertools.product(SOURCES, SOURCES))
CHANGING_RATE = [(source, target) for source, target in PAIRS if source.rate != target.rate]


def tone(audio_format: AudioFormat, seconds: float = 2.0, hz: float = 440.0, amplitude: float = 10_000) -> bytes:
    time = np.arange(int(audio_format.rate * seconds)) / audio_format.rate
    return from_linear((amplitude * np.sin(2 * np.pi * hz * time)).astype(np.int16), audio_format.encoding)


def frames(audio: bytes, audio_format: AudioFormat, ms: int = 20) -> list[bytes]:
    size = round(audio_format.bytes_per_ms * ms)
    return [audio[start : start + size] for start in range(0, len(audio), size)]


def converted(source: AudioFormat, target: AudioFormat, payloads: list[bytes]) -> list[bytes]:
    converter = Converter(source, target)
    return [frame for payload in payloads for frame in converter.convert(payload)] + converter.flush()


def loudest_hz(audio: bytes, audio_format: AudioFormat) -> float:
    samples = to_linear(audio, audio_format).astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * audio_format.rate / len(samples))


def loudness_db(audio: bytes, audio_format: AudioFormat) -> float:
    samples = to_linear(audio, audio_format).astype(float)
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    return float(10 * np.log10(np.mean(middle**2)))


class TestContentTypes:
    @pytest.mark.parametrize(
        ("text", "audio_format"),
        [
            ("audio/x-l16;rate=8000", L16),
            ("audio/x-l16;rate=16000", WIDE),
            ("audio/x-mulaw;rate=8000", MULAW),
            ("Audio/X-Mulaw; rate=8000", MULAW),
        ],
    )
    def test_what_they_mean(self, text, audio_format):
        assert format_of_content_type(text) == audio_format

    @pytest.mark.parametrize("text", ["", "audio/x-l16", "audio/x-mulaw;rate=16000", "audio/x-l16;rate=24000", "audio/wav", "x" * 1000])
    def test_others_are_refused_in_a_sentence_that_names_the_good_ones(self, text):
        with pytest.raises(ValueError, match="has to be one of audio/x-l16;rate=8000, ") as raised:
            format_of_content_type(text)
        assert len(str(raised.value)) < 250


class TestConverter:
    @pytest.mark.parametrize(("source", "target"), PAIRS)
    def test_a_tone_stays_that_tone_as_loud_as_it_was(self, source, target):
        before = tone(source)
        after = b"".join(converted(source, target, frames(before, source)))
        assert loudest_hz(after, target) == pytest.approx(440, abs=0.6)
        assert loudness_db(after, target) == pytest.approx(loudness_db(before, source), abs=0.5)

    @pytest.mark.parametrize(("source", "target"), PAIRS)
    def test_no_audio_is_lost_or_made(self, source, target):
        after = b"".join(converted(source, target, frames(tone(source), source)))
        assert target.duration_ms(len(after)) == 2000

    @pytest.mark.parametrize("audio_format", SOURCES)
    @given(payloads=st.lists(st.binary(max_size=700)))
    def test_the_same_format_passes_byte_for_byte_as_it_comes(self, audio_format, payloads):
        assert converted(audio_format, audio_format, payloads) == [payload for payload in payloads if payload]

    def test_the_same_rate_keeps_the_gateways_packets(self):
        assert [len(payload) for payload in converted(MULAW, L16, [b"\xff" * 160, b"\xff" * 240])] == [320, 480]
        assert [len(payload) for payload in converted(L16, ALAW, [b"\0" * 320, b"\0" * 480])] == [160, 240]

    @pytest.mark.parametrize("target", [MULAW, ALAW])
    def test_what_g711_can_say_survives_l16_and_back(self, target):
        every_byte = bytes(range(256))
        there = b"".join(converted(target, L16, [every_byte]))
        back = b"".join(converted(L16, target, [there]))
        assert np.array_equal(to_linear(back, target), to_linear(every_byte, target))

    @pytest.mark.parametrize("target", [MULAW, WIDE])
    @given(cuts=st.lists(st.integers(1, 999), max_size=8))
    def test_odd_cuts_of_l16_change_nothing(self, target, cuts):
        audio = tone(L16, seconds=0.1)
        places = [0, *sorted(set(cuts)), len(audio)]
        pieces = [audio[start:end] for start, end in itertools.pairwise(places)]
        cut, whole = (to_linear(b"".join(converted(L16, target, payloads)), target).astype(int) for payloads in (pieces, [audio]))
        # soxr rounds with dither: two runs differ by a step or two.
        assert np.abs(cut - whole).max() <= (2 if target is WIDE else 0)

    @pytest.mark.parametrize(("source", "target"), CHANGING_RATE)
    def test_a_changed_rate_comes_in_whole_frames_one_for_each_and_soon(self, source, target):
        converter = Converter(source, target)
        came = [converter.convert(frame) for frame in frames(tone(source), source)]
        size = target.bytes_per_ms * 20
        assert {len(frame) for got in came for frame in got} == {size}
        assert all(len(got) == 1 for got in came[2:])
        late_ms = 20 * sum(not got for got in came)
        assert late_ms <= 40

    def test_other_frame_lengths(self):
        converter = Converter(MULAW, WIDE, frame_ms=30)
        came = [frame for payload in frames(tone(MULAW, 1.0), MULAW) for frame in converter.convert(payload)]
        assert {len(frame) for frame in came} == {960}

    def test_flush_gives_a_short_last_frame_and_starts_anew(self):
        converter = Converter(MULAW, WIDE)
        audio = tone(MULAW, 0.05)
        first = converter.convert(audio) + converter.flush()
        assert [len(frame) for frame in first] == [640, 640, 320]
        second = converter.convert(audio) + converter.flush()
        # Dither makes two runs differ by a step or two.
        assert np.abs(to_linear(b"".join(second), WIDE).astype(int) - to_linear(b"".join(first), WIDE)).max() <= 2

    def test_what_8_khz_cannot_hold_is_filtered_out_not_folded_back(self):
        after = b"".join(converted(WIDE, L16, frames(tone(WIDE, hz=5000), WIDE)))
        assert loudness_db(after, L16) < loudness_db(tone(L16, hz=3000), L16) - 60

    def test_full_scale_does_not_wrap_around(self):
        square = np.tile(np.repeat(np.array([32_767, -32_768], np.int16), 40), 100).tobytes()
        samples = to_linear(b"".join(converted(L16, WIDE, [square])), WIDE)
        middle = samples[1000:-1000].astype(int)
        crossings = np.count_nonzero(np.diff(middle > 0))
        assert crossings == pytest.approx(len(middle) / 80, abs=2)

    def test_silence_stays_silence(self):
        assert np.abs(to_linear(b"".join(converted(MULAW, WIDE, [b"\xff" * 1600])), WIDE)).max() <= 1

    @pytest.mark.parametrize(("source", "target"), PAIRS)
    def test_nothing_in_nothing_out(self, source, target):
        converter = Converter(source, target)
        assert converter.convert(b"") == []
        assert converter.flush() == []


def test_every_content_type_can_be_made_of_every_codec():
    for source, target in itertools.product(SOURCES, CONTENT_TYPES.values()):
        Converter(source, target).convert(tone(source, 0.02))
