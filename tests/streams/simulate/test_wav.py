"""WAV files become frames of every codec."""

import wave
from pathlib import Path

import numpy as np
import pytest

from streams.pure.audio.convert import to_linear
from streams.pure.audio.g722 import Codec
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.wav import FORMATS, FRAME_BYTES, SPEECH, UnusableWav, frames, lasting, load_wav


def tone(hz: float, rate: int, seconds: float = 1) -> bytes:
    return (8000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype("<i2").tobytes()


def pitch_hz(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency of one second of audio."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate / len(samples))


def written(path: Path, channels: int = 1, width: int = 2, rate: int = 8000, samples: bytes = bytes(320)) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)
    return path


def test_the_speech_we_ship() -> None:
    samples, form = load_wav(SPEECH)
    assert form == AudioFormat(Encoding.L16, 8000)
    assert 8 <= form.duration_ms(len(samples)) / 1000 <= 12
    assert SPEECH.stat().st_size <= 200_000


@pytest.mark.parametrize("codec", sorted(FORMATS))
@pytest.mark.parametrize("rate", [8000, 16_000])
def test_a_tone_keeps_its_pitch_and_length(codec: str, rate: int) -> None:
    made = frames(tone(440, rate, 2), AudioFormat(Encoding.L16, rate), codec)
    assert {len(frame) for frame in made} == {FRAME_BYTES[codec]}
    assert 98 <= len(made) <= 100
    audio = b"".join(made[20:70])
    samples = to_linear(Codec().decode(audio) if codec == "g722" else audio, FORMATS[codec])
    assert pitch_hz(samples, FORMATS[codec].rate) == pytest.approx(440, abs=1)


def test_a_codec_we_cannot_make_gives_frames_of_its_size() -> None:
    assert frames(tone(440, 8000), AudioFormat(Encoding.L16, 8000), "gsm") == [bytes(33)] * 50


def test_lasting_repeats_and_cuts() -> None:
    assert lasting([b"a", b"b", b"c"], 0.1) == [b"a", b"b", b"c", b"a", b"b"]
    assert lasting([b"a", b"b", b"c"], 0.02) == [b"a"]


@pytest.mark.parametrize(("fault", "words"), [({"channels": 2}, "2 channel"), ({"width": 1}, "8 bits"), ({"rate": 44_100}, "44100 Hz")])
def test_wav_files_that_will_not_do(tmp_path: Path, fault: dict[str, int], words: str) -> None:
    with pytest.raises(UnusableWav, match=words):
        load_wav(written(tmp_path / "bad.wav", **fault))


def test_files_that_are_no_wav(tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("this is no sound")
    for path in (text, tmp_path / "missing.wav", tmp_path):
        with pytest.raises(UnusableWav, match="cannot be read"):
            load_wav(path)
    with pytest.raises(UnusableWav, match="no audio"):
        load_wav(written(tmp_path / "empty.wav", samples=b""))
