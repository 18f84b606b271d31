"""Which format the audio of a playAudio has: what the message says, what its WAV header says, or what the stream has.

What can be known is used, and resampled later where it differs from the call's; what would be noise or at half speed is refused with a
sentence. Owns that rule (Plivo, audio streaming reference: contentType and sampleRate match the stream's). Must not know who plays it."""

from typing import NamedTuple

from streams.pure.audio.convert import MIME_TYPES
from streams.pure.audio.wav_header import is_wav, read_wav
from streams.pure.foreign_text import cleaned
from streams.pure.messages import AudioFormat, Encoding

RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_ENCODINGS = {
    "audio/x-mulaw": Encoding.MULAW,
    "audio/mulaw": Encoding.MULAW,
    "audio/pcmu": Encoding.MULAW,
    "audio/basic": Encoding.MULAW,
    "audio/x-l16": Encoding.L16,
}
_FILES = ("wav", "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
# Content types of an older interface that mean: bare samples in the stream's own format.
_UNSAID = ("", "raw", "wav")


class Playable(NamedTuple):
    """Samples without a header, and what they are."""

    payload: bytes
    format: AudioFormat


def playable(audio: bytes, content_type: object, sample_rate: object, own: AudioFormat) -> Playable:
    """What `audio` is on a stream whose own format is `own`. Clients leave content type or rate out, send the rate as text, or write it
    behind the content type. Raises ValueError with a sentence when it cannot be known."""
    if is_wav(audio):
        try:
            samples = read_wav(audio)
        except ValueError as problem:
            raise ValueError(f"playAudio carries a WAV file {problem}.") from None
        return Playable(samples.samples, samples.format)
    mime, parameters = _split(content_type)
    rate = _rate(sample_rate, parameters)
    if mime in _UNSAID:
        return Playable(audio, _own_at(rate, own))
    if mime in _FILES:
        raise ValueError(f"playAudio says {mime}, and its payload does not begin with a WAV header; send audio/x-l16 for bare samples.")
    if mime not in _ENCODINGS:
        raise ValueError(f"playAudio has contentType {cleaned(content_type, 60)!r}; it has to be audio/x-mulaw or audio/x-l16.")
    return Playable(audio, _said(mime, _ENCODINGS[mime], rate, own))


def _said(mime: str, encoding: Encoding, rate: int | None, own: AudioFormat) -> AudioFormat:
    if encoding is Encoding.MULAW:
        if rate not in (None, 8000):
            raise ValueError(f"playAudio has sampleRate {rate}; with {mime} it has to be 8000.")
        return AudioFormat(encoding, 8000)
    if rate is None and own.encoding is not encoding:
        mine = f"{MIME_TYPES[own.encoding]};rate={own.rate}"
        raise ValueError(f"playAudio has contentType {mime} and no sampleRate, and this stream is {mine}: say at which rate it is.")
    return AudioFormat(encoding, rate or own.rate)


def _own_at(rate: int | None, own: AudioFormat) -> AudioFormat:
    """Bare samples: the stream's own encoding, and its rate unless another one is given, which only linear samples can have."""
    if rate in (None, own.rate):
        return own
    if own.encoding is not Encoding.L16:
        mine = f"{MIME_TYPES[own.encoding]};rate={own.rate}"
        raise ValueError(f"playAudio has sampleRate {rate} and no contentType, and this stream is {mine}: say with contentType what it is.")
    return AudioFormat(own.encoding, rate or own.rate)


def _split(content_type: object) -> tuple[str, dict[str, str]]:
    """The type in small letters, and its parameters."""
    mime, *rest = str(content_type or "").replace(" ", "").lower().split(";")
    return mime, {name: value.strip('"') for name, _, value in (part.partition("=") for part in rest)}


def _rate(sample_rate: object, parameters: dict[str, str]) -> int | None:
    """Samples a second, None where nothing is said (0 is what typed clients send for nothing)."""
    if parameters.get("channels", "1") != "1":
        raise ValueError(f"playAudio has {cleaned(parameters['channels'], 20)} channels; it has to have one.")
    given, behind = _number(sample_rate), _number(parameters.get("rate"))
    if given and behind and given != behind:
        raise ValueError(f"playAudio has sampleRate {given}, and its contentType says rate={behind}; leave one out or make them alike.")
    return given or behind


def _number(said: object) -> int | None:
    text = cleaned("" if said is None else said, 40).strip().removesuffix(".0")
    if text in ("", "0"):
        return None
    if text not in map(str, RATES_HZ):
        raise ValueError(f"playAudio has sampleRate {text!r}; it has to be one of {', '.join(map(str, RATES_HZ))}.")
    return int(text)
