"""The playback queue behaves as a real Asterisk's was seen to."""

import pytest

from streams.simulate.asterisk_control import Control, ControlCommand
from streams.simulate.playback import GatewayPlayback
from tests.streams.simulate import recordings

CONTROL = Control(False, "1.1")


def queue(frames: int = 0) -> GatewayPlayback:
    playback = GatewayPlayback(CONTROL, 160)
    for number in range(frames):
        playback.take_audio(number.to_bytes(2, "big") * 80)
    return playback


def play(playback: GatewayPlayback, ticks: int) -> list[str]:
    return [event for _ in range(ticks) for event in playback.tick()]


@pytest.mark.parametrize("name", ["ulaw-plain-playback-echo", "ulaw-json-playback"])
def test_replayed_recording_gives_the_same_events_at_the_same_time(name: str) -> None:
    lines = [line for line in recordings.read(name) if line.what in ("text", "binary")]
    as_json = lines[0].value.startswith("{")
    channel_id = lines[0].value.split("channel_id")[1].lstrip('":').split('"')[0].split()[0]
    playback = GatewayPlayback(Control(as_json, channel_id), 160)
    events: list[tuple[float, str]] = []
    tick_ms = 0.0
    for line in (line for line in lines if line.sender == "us"):
        while tick_ms + 20 <= line.ms:
            tick_ms += 20
            events += [(tick_ms, text) for text in playback.tick()]
        if line.what == "binary":
            events += [(line.ms, text) for text in playback.take_audio(line.value)]
        elif "not json" not in line.value:
            events += [(line.ms, text) for text in playback.take_command(playback.control.command(line.value))]
    recorded = [
        (line.ms, line.value) for line in lines[1:] if line.sender == "asterisk" and line.what == "text" and "ERROR" not in line.value
    ]
    assert [text for _, text in events] == [text for _, text in recorded]
    # The phase of its timer is unknown, and ours begins at 0: one tick either way.
    assert all(abs(ours - theirs) <= 21 for (ours, _), (theirs, _) in zip(events, recorded, strict=True))


def test_frames_are_played_one_a_tick_and_in_order() -> None:
    playback = queue(3)
    play(playback, 2)
    assert playback.played == [bytes(160), b"\x00\x01" * 80]


def test_partial_frames_are_thrown_away_outside_bulk_mode() -> None:
    playback = queue()
    playback.take_audio(bytes(250))
    playback.take_audio(bytes(70))
    play(playback, 5)
    assert playback.played == [bytes(160)]


def test_partial_frames_are_joined_in_bulk_mode() -> None:
    playback = queue()
    playback.take_command(ControlCommand("START_MEDIA_BUFFERING"))
    playback.take_audio(b"a" * 250)
    playback.take_audio(b"b" * 70)
    play(playback, 5)
    assert b"".join(playback.played) == b"a" * 250 + b"b" * 70


def test_xoff_at_900_xon_below_800_and_silent_loss_above_1000() -> None:
    playback = queue(899)
    assert playback.take_audio(bytes(160)) == ["MEDIA_XOFF"]
    assert [playback.take_audio(bytes(8000)) for _ in range(3)] == [[], [], []]
    assert playback.lost_messages == 1
    assert "queue_length:1000" in playback.take_command(ControlCommand("GET_STATUS"))[0]
    assert play(playback, 201) == []
    assert play(playback, 1) == ["MEDIA_XON"]


def test_marks_take_no_time() -> None:
    playback = queue(1)
    playback.take_command(ControlCommand("MARK_MEDIA", "a"))
    playback.take_command(ControlCommand("MARK_MEDIA", "b"))
    playback.take_audio(b"x" * 160)
    assert play(playback, 1) == []
    assert play(playback, 1) == ["MEDIA_MARK_PROCESSED a", "MEDIA_MARK_PROCESSED b"]
    assert playback.played[-1] == b"x" * 160


def test_flush_forgets_audio_and_marks() -> None:
    playback = queue(950)
    playback.take_command(ControlCommand("MARK_MEDIA", "never"))
    playback.take_command(ControlCommand("FLUSH_MEDIA"))
    assert "queue_length:0 xon_level:800 xoff_level:900 queue_full:true" in playback.take_command(ControlCommand("GET_STATUS"))[0]
    assert play(playback, 3) == ["MEDIA_XON"]
    assert playback.played == []


def test_paused_queue_is_silent() -> None:
    playback = queue(1)
    playback.take_command(ControlCommand("PAUSE_MEDIA"))
    play(playback, 3)
    assert playback.played == []
    playback.take_command(ControlCommand("CONTINUE_MEDIA"))
    play(playback, 1)
    assert playback.played == [bytes(160)]


def test_queue_drained_is_reported_once() -> None:
    playback = queue(1)
    playback.take_command(ControlCommand("REPORT_QUEUE_DRAINED"))
    assert play(playback, 4) == ["QUEUE_DRAINED"]
