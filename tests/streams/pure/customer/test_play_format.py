"""What a playAudio's bytes are: the right format, or a refusal that says what is missing; never noise, never half speed."""

import struct

import pytest

from streams.pure.customer.play_format import RATES_HZ, playable
from streams.pure.messages import AudioFormat, Encoding

MULAW, L16, L16_16K = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16000)
AUDIO = bytes(range(100))
WAV = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 24000, 48000, 2, 16) + b"data" + struct.pack("<I", 100) + AUDIO


@pytest.mark.parametrize(
    ("content_type", "rate", "own", "meant"),
    [
        (None, None, MULAW, MULAW),
        (None, None, L16_16K, L16_16K),
        ("", 8000, MULAW, MULAW),
        ("raw", 8000, L16, L16),
        ("raw", 16000, L16, L16_16K),
        (None, 16000, L16, L16_16K),
        (None, "24000", L16, AudioFormat(Encoding.L16, 24000)),
        ("wav", None, L16, L16),
        ("audio/x-l16", None, L16_16K, L16_16K),
        ("audio/x-l16", 0, L16_16K, L16_16K),
        ("audio/x-l16", 24000, MULAW, AudioFormat(Encoding.L16, 24000)),
        ("audio/x-l16", "24000.0", MULAW, AudioFormat(Encoding.L16, 24000)),
        ("audio/x-l16;rate=44100", None, MULAW, AudioFormat(Encoding.L16, 44100)),
        ('Audio/X-L16; rate="16000"; channels=1', 16000, MULAW, L16_16K),
        ("audio/x-mulaw", None, L16_16K, MULAW),
        ("audio/x-mulaw;rate=8000", 8000.0, L16, MULAW),
        ("audio/basic", None, L16, MULAW),
        ("AUDIO/PCMU", 8000, L16, MULAW),
    ],
)
def test_what_can_be_known_is_used(content_type: object, rate: object, own: AudioFormat, meant: AudioFormat) -> None:
    assert playable(AUDIO, content_type, rate, own) == (AUDIO, meant)


@pytest.mark.parametrize("content_type", [None, "raw", "wav", "audio/wav", "audio/x-wav", "audio/x-l16", "audio/x-mulaw"])
@pytest.mark.parametrize("rate", [None, 8000])
def test_a_wav_files_header_is_believed_whatever_the_message_says(content_type: object, rate: object) -> None:
    assert playable(WAV, content_type, rate, MULAW) == (AUDIO, AudioFormat(Encoding.L16, 24000))


@pytest.mark.parametrize(
    ("content_type", "rate", "own", "words"),
    [
        ("audio/x-l16", None, MULAW, "no sampleRate, and this stream is audio/x-mulaw;rate=8000: say at which rate"),
        ("raw", 16000, MULAW, "no contentType, and this stream is audio/x-mulaw;rate=8000: say with contentType"),
        (None, 24000, MULAW, "sampleRate 24000 and no contentType"),
        ("audio/x-mulaw", 16000, L16, "with audio/x-mulaw it has to be 8000"),
        ("audio/x-l16;rate=8000", 16000, L16, "sampleRate 16000, and its contentType says rate=8000"),
        ("audio/x-l16;rate=16000;channels=2", None, L16, "2 channels"),
        ("audio/x-l16", 96000, L16, "it has to be one of 8000"),
        ("audio/x-l16", -8000, L16, "it has to be one of 8000"),
        ("audio/x-l16", True, L16, "it has to be one of 8000"),
        ("audio/x-l16", [8000], L16, "it has to be one of 8000"),
        ("audio/l16", 16000, L16, "it has to be audio/x-mulaw or audio/x-l16"),
        ("audio/mpeg", None, L16, "it has to be audio/x-mulaw or audio/x-l16"),
        ("audio/wav", None, L16, "does not begin with a WAV header"),
    ],
)
def test_what_would_be_noise_is_refused_with_what_is_missing(content_type: object, rate: object, own: AudioFormat, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        playable(AUDIO, content_type, rate, own)


def test_a_wav_file_that_cannot_be_played_says_why() -> None:
    with pytest.raises(ValueError, match="playAudio carries a WAV file with 2 channels; it has to have one"):
        playable(WAV.replace(struct.pack("<HHI", 1, 1, 24000), struct.pack("<HHI", 1, 2, 24000)), None, None, L16)


@pytest.mark.parametrize("rate", RATES_HZ)
def test_every_rate_of_a_speech_service(rate: int) -> None:
    assert playable(AUDIO, "audio/x-l16", rate, MULAW).format.rate == rate
