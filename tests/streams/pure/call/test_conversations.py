"""The conversation of a stream in its call: measured beside the audio, never in its way."""

import json
from base64 import b64encode
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pure.audio.convert import from_linear, tone
from streams.pure.call.conversations import Conversations
from streams.pure.call.limits import StreamLimits
from streams.pure.conversation.caller import CallerSide
from streams.pure.conversation.detector import webrtc
from streams.pure.lifecycle import EndCause, EventKind
from streams.pure.messages import Audio, AudioFormat, Clear, Encoding, Started, StreamRequest
from tests.streams.pure.call.driven import FRAME, MULAW, Driven
from tests.streams.pure.conversation.spoken import Spoken, frames, spoken

TALKS = StreamRequest("wss://bot.example/audio", content_type="audio/x-mulaw;rate=8000", bidirectional=True)
ON = StreamLimits(turns=True)
LOUD = tone(440, 20, MULAW)
WIDE = AudioFormat(Encoding.L16, 16_000)


def says(call: Driven, stream: UUID, ms: int) -> None:
    media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": b64encode(tone(440, ms, MULAW)).decode()}
    call.says(stream, event="playAudio", media=media)


def listens(call: Driven, track: Spoken, format: AudioFormat, acts: dict[int, Any]) -> None:
    """The call hears the track; at the given milliseconds of it something is done."""
    began, size = call.now, round(format.bytes_per_ms * 20)
    for number, frame in enumerate(frames(from_linear(track.samples, format.encoding), size)):
        call.now = began + (number + 1) * 0.02
        call.session.audio(Audio(frame), call.now)
        if act := acts.get((number + 1) * 20):
            act()
        if number % 5 == 0:
            call.session.tick(call.now)


def ended(call: Driven, stream: UUID) -> dict[str, Any]:
    call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    measured = call.last(EventKind.STREAM_ENDED).measured
    assert measured is not None
    figures: dict[str, Any] = measured["conversation"]
    return json.loads(json.dumps(figures))


@pytest.mark.parametrize("format", [MULAW, WIDE], ids=str)
def test_the_bot_answers_what_the_caller_says(format: AudioFormat) -> None:
    call = Driven(ON, format=format)
    stream, track = call.connected(TALKS), spoken(2, rate=format.rate, gaps=(3000, 3001))
    answers_at = round(track.said[0][1] / 20) * 20 + 1000
    listens(call, track, format, {200: lambda: says(call, stream, 1000), answers_at: lambda: says(call, stream, 1500)})
    figures = ended(call, stream)
    assert figures["turns"] == 3
    greeting, first, second = figures["course"]["turns"]
    assert (greeting[0], greeting[2], greeting[3]) == (None, 200, 200)
    assert figures["greeting_ms"] == 200
    assert (first[2], first[3]) == (answers_at, answers_at)
    assert first[5] == pytest.approx(answers_at - track.said[0][1], abs=60)
    assert second[5] is None
    assert first[:2] == pytest.approx(track.said[0], abs=60)
    assert figures["response_longest_ms"] == first[5]
    assert figures["bot_ms"] == 2500


def test_the_caller_interrupts_and_the_bot_takes_back_what_it_had_sent() -> None:
    call, track = Driven(ON), spoken(1, gaps=(2000, 2001))
    stream = call.connected(TALKS)
    began_ms = round(track.said[0][0] / 20) * 20

    def clear() -> None:
        call.told()
        call.says(stream, event="clearAudio", streamId=str(stream))
        assert Clear() in call.told()

    listens(call, track, MULAW, {200: lambda: says(call, stream, 8000), began_ms + 600: clear})
    figures = ended(call, stream)
    assert figures["caller_interruptions"] == 1
    turn = figures["course"]["turns"][1]
    assert turn[6] == "caller"
    assert turn[7] == pytest.approx(600, abs=60)
    assert turn[8] == pytest.approx(600, abs=60)
    assert figures["course"]["bot"] == [[200, pytest.approx(began_ms + 600, abs=20)]]


def test_a_detector_that_raises_never_touches_the_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> bool:
        raise RuntimeError("out of order")

    call = Driven(ON)
    monkeypatch.setattr(call.session._conversations, "_detector", lambda: broken)
    stream, sent = call.connected(TALKS), 0
    for number in range(300):
        call.now += 0.02
        call.session.audio(Audio(LOUD if number % 50 < 25 else FRAME), call.now)
        call.session.tick(call.now)
        sent += sum(text["event"] == "media" for text in call.texts(stream))
    assert sent == 300
    assert call.kinds().count(EventKind.CALL_TURNS_FAILED) == 1
    assert "out of order" in call.last(EventKind.CALL_TURNS_FAILED).details["problem"]
    call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    assert "conversation" not in (call.last(EventKind.STREAM_ENDED).measured or {})


def test_calls_that_begin_together_are_not_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor those that go on together after a silence. Each look holds up the audio of all for a while: fifty in a row fifty times that."""
    now, looked_at = 100.0, list[float]()
    look = CallerSide.look
    monkeypatch.setattr(CallerSide, "look", lambda caller, now_ms: looked_at.append(now_ms) or look(caller, now_ms))
    calls, drawn = [Driven(ON).session._conversations for _ in range(50)], Random(7)
    for conversations in calls:
        conversations.media_began(Started(MULAW, 20, "a call"))
        conversations.begin(UUID(int=drawn.getrandbits(128), version=4), now)
    for number in range(800):
        now += 0.02
        for conversations in calls:
            if not 150 < number < 250:
                conversations.heard(Audio(FRAME), now)
            if number % 5 == 0:
                conversations.look(now)
    assert len(looked_at) > 5 * len(calls)
    assert max(Counter(looked_at).values()) <= len(calls) // 5


def test_a_machine_without_a_detector_says_so_once() -> None:
    def missing() -> None:
        raise ImportError("No module named 'webrtcvad'")

    call = Driven(ON)
    conversations = Conversations(call.session.note, missing)
    conversations.media_began(call.session.media)
    first, second = call.stream(TALKS), call.stream(TALKS)
    conversations.begin(first, call.now)
    conversations.begin(second, call.now)
    assert call.kinds().count(EventKind.CALL_TURNS_FAILED) == 1
    assert conversations.end(first, call.now) is None


@pytest.mark.parametrize(
    ("limits", "request_"),
    [(StreamLimits(), TALKS), (ON, StreamRequest("wss://bot.example/audio", content_type="audio/x-mulaw;rate=8000"))],
    ids=["off", "one way"],
)
def test_nothing_is_measured_where_nobody_wants_it_or_nobody_may_speak(limits: StreamLimits, request_: StreamRequest) -> None:
    call = Driven(limits)
    stream = call.connected(request_)
    call.frames(10)
    call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    assert "conversation" not in (call.last(EventKind.STREAM_ENDED).measured or {})
    assert call.session._conversations._caller is None


def test_two_streams_have_a_conversation_each_and_what_one_takes_back_the_other_is_not_heard_saying() -> None:
    call = Driven(ON)
    one, other = call.connected(TALKS), call.connected(TALKS)
    call.frames(5)
    says(call, one, 2000)
    says(call, other, 2000)
    call.ticks(0.5)
    call.says(one, event="clearAudio", streamId=str(one))
    call.ticks(4)
    first, second = ended(call, one), ended(call, other)
    assert first["bot_ms"] == pytest.approx(500, abs=40)
    assert second["bot_ms"] == pytest.approx(2000, abs=40)


def test_a_stream_that_begins_while_the_caller_speaks_hears_the_rest_of_it() -> None:
    call, track, later = Driven(ON), spoken(7, gaps=(100, 101)), []
    first = call.connected(TALKS)
    listens(call, track, MULAW, {4000: lambda: later.append(call.connected(TALKS))})
    second, whole = ended(call, later[0]), ended(call, first)
    assert EventKind.CALL_TURNS_FAILED not in call.kinds()
    assert second["course"]["caller"][0][0] == 0
    assert 0 < second["caller_ms"] < whole["caller_ms"] - 2000
    assert second["length_ms"] == whole["length_ms"] - 4000


def test_what_waits_to_be_looked_at_is_bounded() -> None:
    call = Driven(ON)
    stream = call.connected(TALKS)
    for _ in range(1000):
        call.now += 0.02
        call.session.audio(Audio(FRAME), call.now)
        call.session.tick(call.now)
        caller = call.session._conversations._caller
        assert caller is not None
        assert sum(len(run.audio) for run in caller._runs) <= 200 * len(FRAME)  # two blocks
    ended(call, stream)
    assert call.session._conversations._caller is None
    assert webrtc()(bytes(320), 8000) is False


TRACK = list(frames(from_linear(spoken(4, gaps=(200, 900)).samples, Encoding.MULAW), 160))
ACTS = st.sampled_from(["hear", "hear", "hear", "hold", "begin", "end", "say", "clear", "checkpoint"])


def acts_on(call: Driven, live: dict[UUID, float], act: str, number: int) -> None:
    """Something that the first of the streams, which are known with when they began, does or has done to it."""
    stream = next(iter(live), None)
    if act == "begin":
        live[call.connected(TALKS)] = call.now
    elif stream is None:
        return
    elif act == "say":
        says(call, stream, number * 20)
    elif act == "end":
        stays_within(ended(call, stream), (call.now - live.pop(stream)) * 1000)
    else:
        call.says(stream, event={"clear": "clearAudio"}.get(act, act), streamId=str(stream), name="x")


def stays_within(figures: dict[str, Any], lasted_ms: float) -> None:
    length_ms = figures["length_ms"]
    assert length_ms == pytest.approx(lasted_ms, abs=1)
    assert figures["both_ms"] <= min(figures["caller_ms"], figures["bot_ms"])
    assert max(figures["caller_ms"], figures["bot_ms"], figures["longest_silence_ms"]) <= length_ms + 1
    for side in ("caller", "bot"):
        spans = figures["course"][side]
        assert all(0 <= begin <= end <= length_ms + 1 for begin, end in spans)
        assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ACTS, st.integers(1, 150)), max_size=40))
def test_whatever_happens_in_whatever_order_figures_stay_within_the_time_there_was(acts: list[tuple[str, int]]) -> None:
    call, live, at = Driven(ON), dict[UUID, float](), 0
    for act, number in [("begin", 1), *acts, *[("end", 1)] * 40]:
        if act == "hear":
            for frame in TRACK[at : at + number]:
                call.now += 0.02
                call.session.audio(Audio(frame), call.now)
            call.session.tick(call.now)
            at = (at + number) % len(TRACK)
        elif act == "hold":
            call.ticks(number / 20)
        else:
            acts_on(call, live, act, number)
    assert EventKind.CALL_TURNS_FAILED not in call.kinds()
