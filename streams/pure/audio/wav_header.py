"""The header of a WAV file: which format its samples have, and where they begin.

Owns the reading of RIFF chunks (Microsoft, Multimedia Programming Interface 1.0; WAVE_FORMAT_EXTENSIBLE of mmreg.h). Must not know
who sent the file."""

import struct
from typing import NamedTuple

from streams.pure.messages import AudioFormat, Encoding

_ENCODINGS = {(1, 16): Encoding.L16, (6, 8): Encoding.ALAW, (7, 8): Encoding.MULAW}
"""Format tag and bits a sample: linear PCM, A-law, mu-law."""
_EXTENSIBLE = 0xFFFE
RATES_HZ = range(8000, 48_001)


class WavFile(NamedTuple):
    format: AudioFormat
    samples: bytes


def is_wav(audio: bytes) -> bool:
    return audio[:4] == b"RIFF" and audio[8:12] == b"WAVE"


def read_wav(audio: bytes) -> WavFile:
    """The samples of a file that begins here. A size that does not fit is not believed: who streams a file does not know its length.
    Raises ValueError with the rest of a sentence that begins with "a WAV file"."""
    at, found = 12, None
    while at + 8 <= len(audio):
        name, size = audio[at : at + 4], int.from_bytes(audio[at + 4 : at + 8], "little")
        if name == b"data":
            if found is None:
                raise ValueError("without a format before its samples")
            return WavFile(found, audio[at + 8 :] if size in (0, 0xFFFFFFFF) else audio[at + 8 : at + 8 + size])
        if name == b"fmt ":
            found = _format(audio[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    raise ValueError("without samples: its header must come whole, and samples with it")


def _format(chunk: bytes) -> AudioFormat:
    if len(chunk) < 16:
        raise ValueError("with a format that is cut off")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = int.from_bytes(chunk[24:26], "little")
    if channels != 1:
        raise ValueError(f"with {channels} channels; it has to have one")
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None:
        raise ValueError(f"of {bits} bits a sample in format {tag}; it has to be linear PCM of 16 bits, mu-law or A-law")
    if rate not in RATES_HZ:
        raise ValueError(f"of {rate} samples a second; it has to have 8000 to 48000")
    return AudioFormat(encoding, rate)
