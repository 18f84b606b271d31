"""A WAV file becomes the 20 ms frames a gateway sends, in the gateway's codec.

Owns the reading of WAV files and Asterisk's frame sizes. Must not know sockets."""

import math
import wave
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from streams.pure.audio.convert import Converter
from streams.pure.audio.g711 import Samples
from streams.pure.audio.g722 import Codec
from streams.pure.messages import AudioFormat, Encoding

FRAME_SECONDS = 0.02
PAUSE_MS, PAUSE_STEP_MS, PAUSE_LEVEL = 300, 20, 0.03
"""Speech pauses where it is weaker than this part of its loudest for so long."""
SPEECH = Path(__file__).with_name("speech.wav")

# 20 ms of each codec, by Asterisk's name for it. Those that are not in FORMATS exist here to be refused by the platform.
FORMATS = {
    "ulaw": AudioFormat(Encoding.MULAW, 8000),
    "alaw": AudioFormat(Encoding.ALAW, 8000),
    "g722": AudioFormat(Encoding.L16, 16_000),
    "slin": AudioFormat(Encoding.L16, 8000),
    "slin12": AudioFormat(Encoding.L16, 12_000),
    "slin16": AudioFormat(Encoding.L16, 16_000),
    "slin24": AudioFormat(Encoding.L16, 24_000),
    "slin32": AudioFormat(Encoding.L16, 32_000),
    "slin44": AudioFormat(Encoding.L16, 44_100),
    "slin48": AudioFormat(Encoding.L16, 48_000),
}
_SIZES = {"g722": 160, "gsm": 33, "opus": 0}
FRAME_BYTES = {codec: round(form.bytes_per_ms * 20) for codec, form in FORMATS.items()} | _SIZES
# What each dialect can send, its usual codec first.
CODECS = {
    "asterisk": ("ulaw", *sorted(set(FRAME_BYTES) - {"ulaw"})),
    "audio_stream": ("slin", "slin16", "slin24", "slin32", "slin48"),
    "audio_fork": ("slin", "slin16", "slin24", "slin32", "slin48"),
    "twilio": ("ulaw", "alaw", "slin", "slin16", "slin24"),
}


class UnusableWav(Exception):
    """The file is no WAV file a call can be made of; the message says what would be right."""


def load_wav(path: Path) -> tuple[bytes, AudioFormat]:
    """The samples of a mono 16-bit WAV file, little-endian, and their format. Raises UnusableWav."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            samples = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise UnusableWav(f"{path} cannot be read as a WAV file ({error}).") from error
    if (channels, width) != (1, 2) or rate not in (8000, 16_000):
        found = f"{channels} channel(s) of {width * 8} bits at {rate} Hz"
        raise UnusableWav(f"{path} has {found}. It should be mono, 16 bits, 8000 or 16000 Hz.")
    if not samples:
        raise UnusableWav(f"{path} has no audio in it.")
    return samples, AudioFormat(Encoding.L16, rate)


def frames(samples: bytes, source: AudioFormat, codec: str) -> list[bytes]:
    """Whole 20 ms frames in `codec`; a last partial one is dropped. A codec that is not in FORMATS gives frames of zeros."""
    size = FRAME_BYTES[codec]
    if codec not in FORMATS:
        return [bytes(size or 60)] * int(source.duration_ms(len(samples)) / 20)
    converter = Converter(source, FORMATS[codec])
    audio = b"".join(converter.convert(samples) + converter.flush())
    audio = Codec().encode(audio) if codec == "g722" else audio
    return [audio[start : start + size] for start in range(0, len(audio) - size + 1, size)]


def with_pauses(samples: bytes, source: AudioFormat, seconds: float) -> bytes:
    """The same speech with so much silence more before it and wherever it pauses, so that somebody can answer. Only L16."""
    window = round(source.bytes_per_ms * PAUSE_STEP_MS)
    pieces = [samples[start : start + window] for start in range(0, len(samples), window)]
    levels = [loudness(np.frombuffer(piece, "<i2")) for piece in pieces]
    silence = bytes(round(source.bytes_per_ms * seconds * 1000) // 2 * 2)
    spoken, quiet = [silence], 0
    for piece, level in zip(pieces, levels, strict=True):
        if level > PAUSE_LEVEL * max(levels):
            spoken += [silence] if quiet * PAUSE_STEP_MS >= PAUSE_MS else []
            quiet = 0
        else:
            quiet += 1
        spoken.append(piece)
    return b"".join(spoken)


def loudness(samples: Samples) -> float:
    """Their root mean square; 0 of none."""
    return float(np.sqrt(np.mean(samples.astype(float) ** 2))) if len(samples) else 0.0


def rate_of(codec: str) -> int:
    """Samples a second; 8000 for codecs that are not in FORMATS."""
    return FORMATS[codec].rate if codec in FORMATS else 8000


def lasting(some: Sequence[bytes], seconds: float) -> list[bytes]:
    """The frames repeated or cut to last `seconds`."""
    return list(islice(cycle(some), math.ceil(seconds / FRAME_SECONDS)))
