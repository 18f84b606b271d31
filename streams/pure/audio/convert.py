"""Audio as bytes: content types, G.711 and L16, sample rates, frames, and a pure tone.

Owns every conversion between two AudioFormats. Must not know streams, buffers or sockets."""

import numpy as np
import soxr

from streams.pure.audio.g711 import ALAW_TO_LINEAR, LINEAR_TO_ALAW, LINEAR_TO_MULAW, MULAW_TO_LINEAR, Samples
from streams.pure.messages import AudioFormat, Encoding

MIME_TYPES = {Encoding.MULAW: "audio/x-mulaw", Encoding.L16: "audio/x-l16"}
CONTENT_TYPES = {
    "audio/x-l16;rate=8000": AudioFormat(Encoding.L16, 8000),
    "audio/x-l16;rate=16000": AudioFormat(Encoding.L16, 16000),
    "audio/x-mulaw;rate=8000": AudioFormat(Encoding.MULAW, 8000),
}
FRAME_MS = 20
SILENCE = {Encoding.MULAW: b"\xff", Encoding.ALAW: b"\xd5", Encoding.L16: b"\0"}

# soxr's variable-rate engine at a constant ratio, because it answers every 20 ms frame with 20 ms. Measured per frame, here:
# 10 us; 8 -> 16 kHz comes 30 ms later, 16 -> 8 kHz 15 ms; flat to 3.6 kHz, spurious tones below -85 dB. The usual engine takes
# 4 us but works in blocks: LQ 60 ms at once, HQ 100 ms at once and up to 115 ms late; QQ has no delay and aliases at -1 dB.
_QUALITY = "HQ"


def format_of_content_type(content_type: str) -> AudioFormat:
    """The format a stream's content type means, without regard to case and spaces; raises ValueError with a sentence."""
    try:
        return CONTENT_TYPES[content_type.replace(" ", "").lower()]
    except KeyError:
        raise ValueError(f"{content_type[:60]!r} is no content type of a stream; it has to be one of {', '.join(CONTENT_TYPES)}.") from None


def to_linear(payload: bytes, format: AudioFormat) -> Samples:
    """16-bit samples of `payload`; an odd last byte of L16 is left out."""
    if format.encoding is Encoding.L16:
        return np.frombuffer(payload, "<i2", count=len(payload) // 2)
    table = MULAW_TO_LINEAR if format.encoding is Encoding.MULAW else ALAW_TO_LINEAR
    return table.take(np.frombuffer(payload, np.uint8))  # in half the time of table[...]


def from_linear(samples: Samples, encoding: Encoding) -> bytes:
    """16-bit samples as bytes of `encoding`; L16 is little-endian."""
    if encoding is Encoding.L16:
        return samples.astype("<i2", copy=False).tobytes()
    table = LINEAR_TO_MULAW if encoding is Encoding.MULAW else LINEAR_TO_ALAW
    return table[samples.view(np.uint16)].tobytes()


class FrameCutter:
    """Frames of `frame_ms` out of audio in pieces of any size. `rest` is what makes none yet."""

    def __init__(self, format: AudioFormat, frame_ms: int = FRAME_MS) -> None:
        self.frame_bytes = round(format.bytes_per_ms * frame_ms)
        self.rest = b""

    def cut(self, audio: bytes) -> list[bytes]:
        audio, size = self.rest + audio, self.frame_bytes
        whole = len(audio) - len(audio) % size
        self.rest = audio[whole:]
        return [audio[start : start + size] for start in range(0, whole, size)]

    def end(self) -> list[bytes]:
        """The rest as a short frame, where there is one."""
        rest, self.rest = self.rest, b""
        return [rest] if rest else []


class Converter:
    """One direction of one stream, from `source` to `target`. Holds what does not fill a sample or a frame yet.

    Same format: payloads pass as they are. Same rate: each payload is encoded anew. Other rate: resampled, and cut into frames
    of `frame_ms`; the first payloads give fewer bytes, because the resampler looks ahead."""

    def __init__(self, source: AudioFormat, target: AudioFormat, frame_ms: int = FRAME_MS) -> None:
        self._source = source
        self._target = target
        self._same = source == target
        self._odd = b""
        self._cutter = FrameCutter(target, frame_ms)
        self._resampler: soxr.ResampleStream | None = None
        if source.rate != target.rate:
            self._resampler = soxr.ResampleStream(source.rate, target.rate, 1, dtype="int16", quality=_QUALITY, vr=True)

    def convert(self, payload: bytes) -> list[bytes]:
        """What `payload` adds, as zero or more payloads of the target format."""
        if not payload:
            return []
        if self._same:
            return [payload]
        samples = to_linear(self._even(payload), self._source)
        if self._resampler is not None:
            return self._framed(self._resampler.resample_chunk(samples))
        return [from_linear(samples, self._target.encoding)] if len(samples) else []

    def flush(self) -> list[bytes]:
        """What is still held, the last frame perhaps short. The converter starts anew after it."""
        self._odd = b""
        if self._resampler is None:
            return []
        frames = self._framed(self._resampler.resample_chunk(np.empty(0, np.int16), last=True))
        self._resampler.clear()
        return [*frames, *self._cutter.end()]

    def _even(self, payload: bytes) -> bytes:
        """Whole L16 samples; a half sample waits for its other half."""
        if self._source.encoding is not Encoding.L16 or not (self._odd or len(payload) % 2):
            return payload
        audio = self._odd + payload
        whole = len(audio) // 2 * 2
        self._odd = audio[whole:]
        return audio[:whole]

    def _framed(self, samples: Samples) -> list[bytes]:
        return self._cutter.cut(from_linear(samples, self._target.encoding))


def tone(hz: int, duration_ms: int, format: AudioFormat) -> bytes:
    """A pure tone, -10 dBFS."""
    seconds = np.arange(format.rate * duration_ms // 1000) / format.rate
    return from_linear((10_362 * np.sin(2 * np.pi * hz * seconds)).astype(np.int16), format.encoding)
