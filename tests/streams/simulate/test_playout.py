"""A gateway's queue of audio and marks: 20 ms a tick."""

from streams.simulate.playout import Playout


def test_a_tick_plays_one_frame_and_the_marks_before_it():
    playout = Playout(4)
    playout.take_mark("first")
    playout.take_audio(b"aaaabbbbcc")
    playout.take_mark("last")
    assert [playout.tick() for _ in range(5)] == [["first"], [], [], ["last"], []]
    assert playout.played == [b"aaaa", b"bbbb", b"cc"]


def test_clear_is_silence_and_names_the_marks_it_took():
    playout = Playout(4)
    playout.take_audio(b"aaaabbbb")
    playout.take_mark("m")
    playout.tick()
    assert playout.marks == ["m"]
    assert playout.clear() == ["m"]
    assert (playout.tick(), playout.played) == ([], [b"aaaa"])
