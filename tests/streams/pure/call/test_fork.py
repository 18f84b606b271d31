"""Early messages and shared converters."""

from streams.pure.call.fork import Converters, Early
from streams.pure.messages import Audio, AudioFormat, Dtmf, Encoding

MULAW, L16 = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.L16, 16000)


def test_early_words_come_back_in_order() -> None:
    early = Early(100)
    early.keep(Audio(b"a"), 1, 20)
    early.keep(Dtmf("5"), 2, 0)
    early.keep(Audio(b"b"), 21, 20)
    assert list(early) == [(Audio(b"a"), 1), (Dtmf("5"), 1), (Audio(b"b"), 21)]
    assert early.dropped_ms == 0


def test_past_the_limit_the_oldest_goes_and_is_counted() -> None:
    early = Early(100)
    for number in range(10):
        early.keep(Audio(bytes([number])), 20 * number, 20)
    assert [timestamp_ms for _, timestamp_ms in early] == [100, 120, 140, 160, 180]
    assert (early.kept_ms, early.dropped_ms) == (100, 100)


def test_audio_that_was_held_and_came_at_once_is_as_old_as_it_is_on_each_track() -> None:
    early = Early(5000)
    for number in range(50):
        early.keep(Audio(bytes([number])), 1000, 20)
        early.keep(Audio(bytes([number]), "outbound"), 1000, 20)
    early.keep(Audio(b"live"), 1020, 20)
    early.keep(Audio(b"later"), 1500, 20)
    stamps = [timestamp_ms for word, timestamp_ms in early if word.track == "inbound"]
    assert stamps == [*range(20, 1001, 20), 1020, 1500]
    assert [timestamp_ms for word, timestamp_ms in early if word.track == "outbound"] == list(range(20, 1001, 20))


def test_the_same_format_passes_untouched() -> None:
    frame = bytes(range(160))
    frames, timestamp_ms = Converters(MULAW).convert(Audio(frame), MULAW, 7)
    assert frames[0] is frame and (len(frames), timestamp_ms) == (1, 7)


def test_tracks_do_not_mix_in_one_resampler() -> None:
    tone, silence = bytes(range(0, 160)), b"\xff" * 160
    alone, both = Converters(MULAW), Converters(MULAW)
    for _ in range(10):
        expected, _ = alone.convert(Audio(silence, "outbound"), L16, 0)
        both.convert(Audio(tone, "inbound"), L16, 0)
        got, _ = both.convert(Audio(silence, "outbound"), L16, 0)
    assert [len(frame) for frame in got] == [len(frame) for frame in expected]
    assert max(abs(int.from_bytes(got[0][at : at + 2], "little", signed=True)) for at in range(0, 640, 2)) < 50


def test_the_tail_of_a_resampler_is_given_back() -> None:
    converters = Converters(MULAW)
    produced = sum(len(frame) for _ in range(50) for frame in converters.convert(Audio(bytes(160)), L16, 0)[0])
    tails = list(converters.tails())
    assert [(track, target) for track, target, *_ in tails] == [("inbound", L16)]
    assert abs(produced + sum(len(frame) for frame in tails[0][2]) - 50 * 640) <= 640
