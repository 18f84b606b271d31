"""Bytes of any length become frames of whole samples, one track each."""

import pytest

from streams.pure.gateway.tracks import TrackCutter
from streams.pure.messages import Audio, AudioFormat, Encoding

L16, MULAW = AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.MULAW, 8000)


@pytest.mark.parametrize(("form", "frame_bytes"), [(L16, 320), (MULAW, 160), (AudioFormat(Encoding.L16, 44_100), 1764)])
def test_frames_last_20_ms(form, frame_bytes):
    frames = TrackCutter(form, ("inbound",)).frames(bytes(frame_bytes * 2))
    assert [len(frame.payload) for frame in frames] == [frame_bytes] * 2


def test_a_frame_of_the_right_size_passes_as_it_is():
    frame = bytes(range(160)) * 2
    assert TrackCutter(L16, ("inbound",)).frames(frame) == [Audio(frame)]


def test_two_tracks_of_mulaw_alternate_bytes():
    assert TrackCutter(MULAW, ("inbound", "outbound")).frames(b"abab" + b"a") == [Audio(b"aa", "inbound"), Audio(b"bb", "outbound")]


def test_parts_of_a_sample_wait():
    cutter = TrackCutter(L16, ("inbound", "outbound"))
    assert [cutter.frames(bytes([byte])) for byte in range(3)] == [[], [], []]
    assert cutter.frames(b"\x03\x04") == [Audio(b"\x00\x01", "inbound"), Audio(b"\x02\x03", "outbound")]
    assert cutter.frames(b"") == []
