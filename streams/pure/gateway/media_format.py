"""The formats that Twilio's lookalikes name, each in its own words: PCMU, audio/x-mulaw, L16@24000h, base64 and the like.

Owns those words. Must not know which service says them."""

import re

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.json_text import Fields, said, whole
from streams.pure.messages import AudioFormat, Encoding, Unsupported

# Exotel calls its L16 "base64" or "raw"; the rest are the names of RTP, of MIME and of habit.
_ENCODINGS = {
    **dict.fromkeys(("mulaw", "ulaw", "pcmu", "g711ulaw", "g711u"), Encoding.MULAW),
    **dict.fromkeys(("alaw", "pcma", "g711alaw", "g711a"), Encoding.ALAW),
    **dict.fromkeys(("l16", "raw", "pcm", "pcm16", "pcms16le", "slin", "slin16", "linear16", "base64"), Encoding.L16),
}
# SignalWire writes the rate, and how long a packet is, behind the name; MIME writes it as a parameter.
_NAME = re.compile(r"(?:audio/)?(?:x-)?([a-z0-9._-]+?)(?:@(\d+)h)?(?:@\d+i)?(?:;\s*rate=(\d+))?\Z")


def format_of(media: Fields, default: AudioFormat) -> AudioFormat | Unsupported:
    """What `media`, plainly spelled, says; `default` where it says nothing."""
    word = said(media, "encoding", "codec").lower()
    name, rates = spoken_codec(word)
    encoding = name if word else default.encoding
    told = said(media, "samplerate", "rate") or rates
    rate = whole(told, 8000, 48_000) if told else default.rate if encoding is default.encoding else 8000
    if encoding is None or rate is None or said(media, "channels") not in ("", "1"):
        shown = cleaned(", ".join(f"{name} {said(media, name)}" for name in ("encoding", "samplerate", "channels") if name in media), 120)
        return Unsupported(
            f"The gateway's media format ({shown}) is not spoken here. Choose PCMU, PCMA or L16 with one channel at 8000 to 48000 Hz; "
            "at Telnyx that is stream_codec, Twilio has no other than PCMU."
        )
    return AudioFormat(encoding, rate)


def spoken_codec(word: str) -> tuple[Encoding | None, str]:
    """The encoding that a codec's name means, None for one that is not spoken here, and the rate in it, or ""."""
    found = _NAME.match(word.strip().lower())
    if found is None:
        return None, ""
    return _ENCODINGS.get(re.sub(r"[._-]", "", found[1])), found[2] or found[3] or ""
