"""A gateway's queue of audio and marks: 20 ms a tick."""

from streams.simulate.playout import FILE_TICKS, Playout


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


def test_each_file_costs_silence_before_it_and_is_counted_until_it_was_heard():
    playout = Playout(4)
    playout.take_file(b"aaaabbbb")
    playout.take_file(b"cccc")
    assert playout.files == 2
    assert [playout.tick() for _ in range(FILE_TICKS + 2)] == [[]] * (FILE_TICKS + 2)
    assert (playout.played, playout.files) == ([b"aaaa", b"bbbb"], 2)
    playout.tick()
    assert playout.files == 1
    playout.take_mark("m")
    assert (playout.clear(), playout.files) == (["m"], 0)
