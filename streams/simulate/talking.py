"""What a bot does in a conversation, at its simplest: it greets, and answers whenever the caller has stopped speaking.

Owns when it speaks, and what. Must not know sockets."""

from base64 import b64decode, b64encode
from typing import Any

from streams.pure.audio.convert import MIME_TYPES, Converter, to_linear
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.wav import SPEECH, load_wav, loudness

ANSWERS_AFTER_MS = 500
"""So long the caller is silent when an answer begins."""
LOUD = 300.0
"""The root mean square of a frame in which somebody speaks."""
GREETING_MS, ANSWER_MS = (200, 1420), (2720, 3900)
"""Pieces of the shipped speech."""
ENCODINGS = {mime: encoding for encoding, mime in MIME_TYPES.items()}


class Talker:
    """To one stream, in its own format."""

    def __init__(self) -> None:
        self._format = AudioFormat(Encoding.MULAW, 8000)
        self._silent_ms = 0.0
        self._spoken_to = False

    def hears(self, message: dict[str, Any]) -> dict[str, Any] | None:
        match message:
            case {"event": "start", "start": {"mediaFormat": {"encoding": encoding, "sampleRate": rate}}}:
                self._format = AudioFormat(ENCODINGS[encoding], rate)
                return self._says(GREETING_MS)
            case {"event": "media", "media": {"payload": payload}}:
                return self._says(ANSWER_MS) if self._is_asked(b64decode(payload)) else None
        return None

    def _is_asked(self, frame: bytes) -> bool:
        """Whether the caller has said something, and waits."""
        if loudness(to_linear(frame, self._format)) > LOUD:
            self._silent_ms, self._spoken_to = 0.0, True
        else:
            self._silent_ms += self._format.duration_ms(len(frame))
        asked = self._spoken_to and self._silent_ms >= ANSWERS_AFTER_MS
        self._spoken_to = self._spoken_to and not asked
        return asked

    def _says(self, span_ms: tuple[int, int]) -> dict[str, Any]:
        samples, shipped = load_wav(SPEECH)
        begin, end = (round(ms * shipped.bytes_per_ms) for ms in span_ms)
        converter = Converter(shipped, self._format)
        audio = b"".join([*converter.convert(samples[begin:end]), *converter.flush()])
        form = {"contentType": MIME_TYPES[self._format.encoding], "sampleRate": self._format.rate}
        return {"event": "playAudio", "media": {**form, "payload": b64encode(audio).decode()}}
