"""A simulated bot in a real call: it greets, and answers what a caller says who leaves it time."""

import json
from base64 import b64decode, b64encode
from uuid import UUID

import pytest

from streams.pure.audio.convert import CONTENT_TYPES
from streams.pure.call.limits import StreamLimits
from streams.pure.lifecycle import EndCause, EventKind
from streams.pure.messages import Audio, StreamRequest
from streams.simulate.talking import Talker
from streams.simulate.wav import SPEECH, frames, load_wav, with_pauses
from tests.streams.pure.call.driven import Driven

CODECS = {"audio/x-mulaw;rate=8000": "ulaw", "audio/x-l16;rate=8000": "slin", "audio/x-l16;rate=16000": "slin16"}


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_call_with_pauses_has_turns(content_type: str) -> None:
    request = StreamRequest("wss://bot.example/", bidirectional=True, content_type=content_type)
    call, talker = Driven(StreamLimits(turns=True), format=CONTENT_TYPES[content_type]), Talker()
    stream, said = call.connected(request), 0
    samples, form = load_wav(SPEECH)
    for number, frame in enumerate(frames(with_pauses(samples, form, 2), form, CODECS[content_type])):
        call.now += 0.02
        call.session.audio(Audio(frame), call.now)
        if number % 5 == 0:
            call.session.tick(call.now)
        said += answered(call, stream, talker)
    call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    figures = (call.last(EventKind.STREAM_ENDED).measured or {})["conversation"]
    assert said == 5, "a greeting, and an answer in each pause"
    assert (figures["responses"], figures["turns"]) == (4, 6)
    assert 400 <= figures["response_longest_ms"] <= 900
    assert (figures["caller_interruptions"], figures["bot_interruptions"]) == (0, 0)


def answered(call: Driven, stream: UUID, talker: Talker) -> int:
    """What the bot hears, and how often it speaks."""
    spoke = 0
    for message in call.texts(stream):
        if says := talker.hears(message):
            assert b64decode(says["media"]["payload"])
            call.says(stream, **says)
            spoke += 1
    return spoke


def test_what_is_no_audio_is_not_answered() -> None:
    talker = Talker()
    for message in ({"event": "dtmf"}, {"event": "stop"}, {}, {"event": "media", "media": {"payload": b64encode(b"").decode()}}):
        assert talker.hears(json.loads(json.dumps(message))) is None
