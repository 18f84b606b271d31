"""Both dialects of FreeSWITCH against the recordings of a real one, to the byte; and their first messages in any order."""

import base64
import itertools
import json
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.convert import tone
from streams.pure.gateway.dialects import Dialect, dialect, identity
from streams.pure.gateway.freeswitch import HELD_BYTES, HELD_MESSAGES
from streams.pure.messages import (
    Audio,
    AudioFormat,
    Clear,
    Dtmf,
    Encoding,
    Ended,
    GatewayCommand,
    GatewayMessage,
    GatewayReport,
    HangUp,
    LateMetadata,
    Mark,
    MarkPlayed,
    Play,
    Started,
    Unreadable,
    Unsupported,
)
from tests.streams.simulate import recordings

REFUSED = [
    "audio_fork-jambonz-wrong-password",
    "audio_stream-ixwebsocket-api-hangup-then-comes-again-403-b",
    "audio_stream-libwsc-wrong-password",
]
CALLS = sorted(set(recordings.FREESWITCH) - set(REFUSED))
UUID = "7aea0680-1f8c-46c2-a04f-990e2e0d52eb"
WHO = {"call_uuid": UUID, "from": "18005550199", "to": "18005550100"}
FRAME = bytes(range(160)) * 4
both = pytest.mark.parametrize("name", ["audio_stream", "audio_fork"])


def decoded(spoken: Dialect, data: str | bytes) -> list[GatewayMessage]:
    return list(spoken.decode_text(data) if isinstance(data, str) else spoken.decode_binary(data))


def said_by_us(value: str | bytes) -> GatewayCommand:
    if isinstance(value, bytes):
        return Play(value)
    message = json.loads(value)
    data = message.get("data", {})
    commands: dict[str, GatewayCommand] = {"killAudio": Clear(), "disconnect": HangUp(), "mark": Mark(data.get("name", ""))}
    return commands.get(message["type"]) or Play(base64.b64decode(data.get("audioData") or data["audioContent"]))


def replay(name: str) -> tuple[list[GatewayMessage], list[tuple[str | bytes, str | bytes]]]:
    """What the dialect makes of FreeSWITCH's lines; and of ours, each beside what the dialect has for its command."""
    spoken, heard, said, by_us = dialect(name.partition("-")[0], recordings.query(name)), list[GatewayMessage](), [], False
    for line in recordings.read(name):
        if line.what in ("text", "binary") and line.sender == recordings.US:
            said += [(line.value, data) for data in spoken.encode(said_by_us(line.value))]
        elif line.what in ("text", "binary"):
            heard += decoded(spoken, line.value)
        elif line.what == "close" and line.sender == recordings.US:
            by_us = True
        elif line.what == "close" or (line.what == "tcp" and line.sender != recordings.US and not said_goodbye(heard)):
            heard += [*spoken.waited(), spoken.closed(line.value["code"] if line.what == "close" else 1006, by_us)]
    return heard, said


def said_goodbye(heard: Sequence[GatewayMessage]) -> bool:
    return bool(heard) and isinstance(heard[-1], Ended)


def metadata_of(name: str) -> dict[str, str]:
    texts = [line.value for line in recordings.read(name) if line.what == "text" and line.sender != recordings.US]
    found = [json.loads(text) for text in texts if text.startswith("{") and ("call_uuid" in text or "callSid" in text)]
    return found[0] if found else {}


def tracks(heard: Sequence[GatewayMessage]) -> dict[str, bytes]:
    audio = [message for message in heard if isinstance(message, Audio)]
    return {track: b"".join(frame.payload for frame in audio if frame.track == track) for track in ("inbound", "outbound")}


def test_there_are_22_of_them():
    assert len(recordings.FREESWITCH) == 22
    assert set(REFUSED) < set(recordings.FREESWITCH)
    assert all(any(line.what == "refused" for line in recordings.read(name)) for name in REFUSED)


@pytest.mark.parametrize("name", CALLS)
class TestRecordings:
    def test_audio_comes_out_as_the_same_bytes_in_order(self, name):
        heard, _ = replay(name)
        sent = recordings.audio(name)
        if "stereo" in name:
            samples = np.frombuffer(sent, "<i2").reshape(-1, 2)
            assert tracks(heard) == {"inbound": samples[:, 0].tobytes(), "outbound": samples[:, 1].tobytes()}
        else:
            assert tracks(heard) == {"inbound": sent, "outbound": b""}
        assert bool(sent) is ("no-audio" not in name)

    def test_the_call_starts_once_with_its_rate_its_mix_and_whose_it_is(self, name):
        heard, _ = replay(name)
        (start,) = [message for message in heard if isinstance(message, Started)]
        assert start is heard[0]
        assert start.format == AudioFormat(Encoding.L16, 16_000 if "16k" in name or "hangup" in name or "resumed" in name else 8000)
        assert start.facts["mix"] == next((mix for mix in ("stereo", "mixed") if mix in name), "mono")
        query, metadata = recordings.query(name), metadata_of(name)
        who = identity(query, start.variables)
        assert (who.from_number, who.to_number) == (metadata.get("from", ""), metadata.get("to", ""))
        if "fork" in query:
            assert who.call_uuid is not None
            assert start.gateway_call_id == metadata.get("call_uuid", metadata.get("callSid"))
        else:
            assert str(who.call_uuid) == str(query.get("call_uuid", metadata.get("call_uuid")))

    def test_nothing_of_it_is_unreadable_or_comes_too_late(self, name):
        heard, _ = replay(name)
        assert not [message for message in heard if isinstance(message, Unreadable | Unsupported | LateMetadata)]

    def test_the_end(self, name):
        heard, _ = replay(name)
        ended = heard[-1]
        assert isinstance(ended, Ended)
        assert ended.lost is name.endswith("cut-and-resumed-a")

    def test_digits_marks_and_the_applications_words(self, name):
        heard, _ = replay(name)
        assert [message.digit for message in heard if isinstance(message, Dtmf)] == (
            [("5" if "libwsc" in name else "7")] if "dtmf" in name else []
        )
        played = {"audio_fork-jambonz-playback-stream-clear-16k": ["m2"], "audio_fork-jambonz-playback-stream-marks-16k": ["m1"]}
        assert [message.name for message in heard if isinstance(message, MarkPlayed)] == played.get(name, [])
        reports = [message.text for message in heard if isinstance(message, GatewayReport)]
        words = {
            "audio_stream-libwsc-stereo-16k-dtmf-pause-resume-stop-text": ["hello", '{"bye":1}'],
            "audio_fork-jambonz-mono-16k-pause-resume-stop-text": ['{"final":true}'],
        }
        assert reports == [f"The gateway's application says: {said}" for said in words.get(name, [])]

    def test_our_commands_are_what_freeswitch_was_told(self, name):
        _, said = replay(name)
        assert [ours for _, ours in said] == [recorded for recorded, _ in said]
        told = [line for line in recordings.read(name) if line.what in ("text", "binary") and line.sender == recordings.US]
        assert len(said) == len(told)


# First messages in any order --------------------------------------------------------------------------------------------------------
def orders() -> Iterator[tuple[str | bytes, ...]]:
    """Two frames, the metadata and a digit, in every order that leaves the frames as they are."""
    digit = '{"event":"dtmf","dtmf":"5"}'
    told = json.dumps({**WHO, "rate": 16_000, "mix": "mono"})
    messages: tuple[str | bytes, ...] = (FRAME, FRAME[::-1], told, digit)
    for order in itertools.permutations(messages):
        if order.index(FRAME) < order.index(FRAME[::-1]):
            yield order


@both
@pytest.mark.parametrize("order", list(orders()))
def test_whatever_comes_first_the_call_is_the_same(name, order):
    spoken = dialect(name, {})
    heard = [message for data in order for message in decoded(spoken, data)]
    start = heard[0]
    assert isinstance(start, Started)
    assert start.format.rate == 16_000
    assert identity({}, start.variables)[:3] == identity(WHO, {})[:3]
    assert tracks(heard)["inbound"] == FRAME + FRAME[::-1]
    assert heard.count(Dtmf("5")) == 1
    rest = [message for message in heard[1:] if not isinstance(message, Audio | Dtmf)]
    assert rest == []


@both
def test_a_digit_keeps_its_place_among_what_was_held(name):
    spoken = dialect(name, {"rate": "16000"})
    for data in (FRAME, '{"event":"dtmf","dtmf":"5"}', FRAME):
        assert not decoded(spoken, data)
    heard = decoded(spoken, json.dumps(WHO))
    assert heard[1:] == [Audio(FRAME), Dtmf("5"), Audio(FRAME)]


@both
def test_where_the_url_says_all_of_it_nothing_is_held(name):
    spoken = dialect(name, {**WHO, "rate": "16k", "mix": "mono"})
    start, audio = decoded(spoken, FRAME)
    assert (start.format.rate, audio) == (16_000, Audio(FRAME))
    # What the metadata says as well is heard, and changes nothing.
    (late,) = decoded(spoken, json.dumps({**WHO, "rate": 16_000, "mix": "mono"}))
    assert (late.audio, identity({}, late.variables)[:3]) == ("", identity(WHO, {})[:3])


@pytest.mark.parametrize("withheld", ["from", "to"])
def test_a_number_that_is_withheld_is_said_all_the_same(withheld):
    spoken = dialect("audio_stream", {**WHO, withheld: "", "rate": "16k", "mix": "mono"})
    assert isinstance(decoded(spoken, FRAME)[0], Started)


@pytest.mark.parametrize("missing", ["call_uuid", "from", "to", "rate", "mix"])
def test_where_the_url_leaves_something_out_the_metadata_is_waited_for(missing):
    query = {**WHO, "rate": "16k", "mix": "mono"}
    del query[missing]
    spoken = dialect("audio_stream", query)
    assert decoded(spoken, FRAME) == []
    assert isinstance(spoken.waited()[0], Started)


@both
def test_what_is_no_metadata_does_not_stand_in_for_it(name):
    """An application's own words before the metadata, which the module queues as well."""
    spoken = dialect(name, {})
    for data in ("hello", '{"event":"ready"}', FRAME, "[1]", "null", '"call_uuid"'):
        assert not decoded(spoken, data)
    start, *rest = decoded(spoken, json.dumps({**WHO, "rate": 16_000}))
    assert start.format.rate == 16_000
    assert [message for message in rest if isinstance(message, Audio)] == [Audio(FRAME)]


@both
@pytest.mark.parametrize("size", [2, 640, 100_000])
def test_more_than_is_ever_queued_begins_the_call_and_nothing_is_lost(name, size):
    spoken, sent, heard = dialect(name, {}), 0, list[GatewayMessage]()
    while not heard:
        heard = decoded(spoken, b"\1\0" * (size // 2))
        sent += size
        assert sent <= HELD_BYTES + size
        assert sent / size <= HELD_MESSAGES + 1
    assert isinstance(heard[0], Started)
    assert len(tracks(heard)["inbound"]) == sent


@both
def test_waiting_in_vain_happens_once_and_not_behind_the_beginning(name):
    spoken = dialect(name, {})
    assert spoken.waited() == ()
    decoded(spoken, FRAME)
    assert isinstance(spoken.waited()[0], Started)
    assert spoken.waited() == ()


def test_a_rate_that_cannot_be_is_refused_with_all_that_was_held():
    spoken = dialect("audio_stream", {})
    decoded(spoken, FRAME)
    (refusal,) = decoded(spoken, '{"rate":"fast"}')
    assert isinstance(refusal, Unsupported)
    assert (decoded(spoken, FRAME), spoken.waited()) == ([], ())


def test_a_graceful_shutdown_loses_nothing_that_was_held():
    spoken = dialect("audio_fork", {})
    decoded(spoken, FRAME)
    start, *audio, ended = decoded(spoken, b"")
    assert (type(start), tracks(audio)["inbound"], type(ended)) == (Started, FRAME, Ended)


# Metadata that comes when nobody waits for it any more --------------------------------------------------------------------------------
def hz(audio: bytes, rate: int) -> float:
    samples = np.frombuffer(audio, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def given_up(name: str, query: dict[str, str]) -> Dialect:
    spoken = dialect(name, query)
    decoded(spoken, FRAME)
    spoken.waited()
    return spoken


@both
@pytest.mark.parametrize(("rate", "mix"), [(16_000, "mono"), (24_000, "mono"), (48_000, "mixed"), (16_000, "stereo"), (8000, "stereo")])
def test_440_hz_is_440_hz_from_late_metadata_on(name, rate, mix):
    spoken = given_up(name, {})
    (late,) = decoded(spoken, json.dumps({**WHO, "rate": rate, "mix": mix}))
    assert f"l16 {rate} Hz {mix}" in late.audio
    assert "until now it was taken for l16 8000 Hz mono" in late.audio
    left, right = tone(440, 1000, AudioFormat(Encoding.L16, rate)), tone(1000, 1000, AudioFormat(Encoding.L16, rate))
    sent = np.stack((np.frombuffer(left, "<i2"), np.frombuffer(right, "<i2")), axis=1).tobytes() if mix == "stereo" else left
    size = rate // 50 * 2 * (2 if mix == "stereo" else 1)
    heard = [message for start in range(0, len(sent), size) for message in decoded(spoken, sent[start : start + size])]
    assert hz(tracks(heard)["inbound"], 8000) == pytest.approx(440, abs=2)
    if mix == "stereo":
        assert hz(tracks(heard)["outbound"], 8000) == pytest.approx(1000, abs=2)


def test_what_is_played_to_such_a_fork_is_at_its_own_rate():
    spoken = given_up("audio_fork", {"bidirectional": "stream"})
    decoded(spoken, '{"rate":16000}')
    frames = tone(440, 1000, AudioFormat(Encoding.L16, 8000))
    played = b"".join(
        data for start in range(0, len(frames), 320) for data in spoken.encode(Play(frames[start : start + 320])) if isinstance(data, bytes)
    )
    assert hz(played, 16_000) == pytest.approx(440, abs=2)
    assert len(played) == pytest.approx(32_000, abs=3200)


def test_late_metadata_that_cannot_be_is_said_and_changes_nothing():
    spoken = given_up("audio_stream", {})
    (problem,) = decoded(spoken, '{"rate":"fast"}')
    assert isinstance(problem, Unreadable)
    assert decoded(spoken, b"\1\0" * 160) == [Audio(b"\1\0" * 160)]


@pytest.mark.parametrize("text", ['{"event":"transfer","to":"sales"}', '{"type":"note","from":"crm"}'])
def test_an_applications_message_about_somebody_else_is_no_metadata(text):
    (said,) = decoded(given_up("audio_stream", {}), text)
    assert isinstance(said, GatewayReport)


@given(
    data=st.lists(
        st.binary(max_size=50).map(lambda some: some * 4)
        | st.text(max_size=30)
        | st.sampled_from(['{"rate":16000}', '{"mix":"stereo"}', "{}"])
    ),
    name=st.sampled_from(("audio_stream", "audio_fork")),
)
def test_nothing_that_comes_raises_and_started_comes_first(data, name):
    spoken = dialect(name, {})
    heard = [message for some in data for message in decoded(spoken, some)] + list(spoken.waited())
    kinds = [type(message) for message in heard]
    assert kinds.count(Started) <= 1
    assert not kinds or kinds[0] in (Started, Unsupported, Ended)
