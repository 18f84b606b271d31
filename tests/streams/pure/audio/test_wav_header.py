"""WAV headers as recorders, speech services and command lines write them."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.wav_header import is_wav, read_wav
from streams.pure.messages import AudioFormat, Encoding

SAMPLES = bytes(range(200))


def wav(tag: int = 1, channels: int = 1, rate: int = 16000, bits: int = 16, *, size: int | None = None) -> bytes:
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    chunks = chunk(b"fmt ", form) + b"data" + struct.pack("<I", len(SAMPLES) if size is None else size) + SAMPLES
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def test_a_file_of_the_standard_library() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(24000)
        writer.writeframes(SAMPLES)
    assert read_wav(file.getvalue()) == (AudioFormat(Encoding.L16, 24000), SAMPLES)


@pytest.mark.parametrize(("tag", "bits", "encoding"), [(1, 16, Encoding.L16), (6, 8, Encoding.ALAW), (7, 8, Encoding.MULAW)])
def test_encodings(tag: int, bits: int, encoding: Encoding) -> None:
    assert read_wav(wav(tag, bits=bits, rate=8000)) == (AudioFormat(encoding, 8000), SAMPLES)


def test_an_extensible_format() -> None:
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4) + struct.pack("<H", 1) + bytes(14)
    file = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form) + chunk(b"data", SAMPLES)
    assert read_wav(file).format == AudioFormat(Encoding.L16, 8000)


def test_other_chunks_are_passed_over_and_what_follows_the_samples_is_left() -> None:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    file = b"RIFF\0\0\0\0WAVE" + chunk(b"LIST", b"odd") + chunk(b"fmt ", form) + chunk(b"fact", b"1234") + chunk(b"data", SAMPLES)
    assert read_wav(file + chunk(b"LIST", b"title")).samples == SAMPLES


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 10_000])
def test_a_size_that_was_not_known_when_the_header_was_written(size: int) -> None:
    assert read_wav(wav(size=size)).samples == SAMPLES


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (wav(channels=2), "with 2 channels; it has to have one"),
        (wav(bits=24), "of 24 bits a sample in format 1"),
        (wav(tag=85), "in format 85"),
        (wav(rate=4000), "of 4000 samples a second"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "without samples"),
        (b"RIFF\x24\0\0\0WAVE" + chunk(b"data", SAMPLES), "without a format before its samples"),
        (b"RIFF\x24\0\0\0WAVE" + chunk(b"fmt ", b"\1\0\1\0"), "cut off"),
    ],
)
def test_what_cannot_be_read_says_why(file: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_wav(file)


@given(st.binary(max_size=80))
def test_nothing_that_follows_the_first_twelve_bytes_breaks_it(rest: bytes) -> None:
    assert is_wav(b"RIFF\0\0\0\0WAVE" + rest)
    try:
        read_wav(b"RIFF\0\0\0\0WAVE" + rest)
    except ValueError as problem:
        assert str(problem)
