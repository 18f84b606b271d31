"""FreeSWITCH's mod_audio_stream on the wire: metadata or none, L16 before and behind it; digits and other texts of its application.

Owns its words in both directions. Must not know sockets, clocks, calls or customers.
Sources: amigniter/mod_audio_stream ec2a781 and its README, and recordings of it and of an older build (ece7b89)."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

import orjson

from streams.pure.gateway.closing import ended_message
from streams.pure.gateway.freeswitch import ForkedMedia, digit_read
from streams.pure.messages import Clear, Ended, GatewayCommand, GatewayMessage, HangUp, Mark, Play


class AudioStream:
    """One connection's dialect. `query` may say `rate` and `mix` (mono, mixed, stereo) where no metadata does."""

    name = "audio_stream"
    subprotocols: tuple[str, ...] = ()
    resumes = True
    marks = False

    def __init__(self, query: Mapping[str, str]) -> None:
        self._media = ForkedMedia(query)

    def decode_text(self, text: str) -> Sequence[GatewayMessage]:
        return self._media.text(text, {"dtmf": digit_read})

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]:
        return self._media.binary(data) if data else ()

    @property
    def hold_seconds(self) -> float:
        return self._media.hold_seconds

    def waited(self) -> Sequence[GatewayMessage]:
        return self._media.waited()

    def encode(self, command: GatewayCommand) -> list[str | bytes]:
        """The module itself knows streamAudio only. killAudio and disconnect reach the dialplan's application as mod_audio_stream::json
        events, which it may act upon (docs/gateways)."""
        match command:
            case Play(payload):
                return self._stream_audio(payload)
            case Clear():
                return ['{"type":"killAudio"}']
            case HangUp():
                return ['{"type":"disconnect"}']
            case Mark():
                return []

    def closed(self, code: int | None, by_us: bool) -> Ended:
        return ended_message(code, by_us)

    def _stream_audio(self, payload: bytes) -> list[str | bytes]:
        if self._media.format is None or not payload:
            return []
        data = {"audioDataType": "raw", "sampleRate": self._media.format.rate, "audioData": b64encode(payload).decode()}
        return [orjson.dumps({"type": "streamAudio", "data": data}).decode()]
