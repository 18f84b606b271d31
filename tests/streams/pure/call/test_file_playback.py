"""Playback to a gateway that plays files: few of them, none too many at once, and nothing said to be played before it can have been."""

import random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.file_playback import FILE_BYTES, FILES_AT_ONCE, PAUSE_SECONDS, FilePlayback
from streams.pure.messages import AudioFormat, Clear, Encoding, Play

L16 = AudioFormat(Encoding.L16, 8000)
WIDE = AudioFormat(Encoding.L16, 16_000)
TICK_SECONDS = 0.1
COST_SECONDS = 0.1


class FreeSwitch:
    """A gateway that plays one file after the other, each after a tenth of a second; and the clock of the call beside it."""

    def __init__(self, target: AudioFormat = L16) -> None:
        self.playback = FilePlayback(target)
        self.stream = uuid4()
        self.now = 0.0
        self.files: list[bytes] = []
        self.ends: list[float] = []
        self.reached: dict[str, float] = {}
        self.outbound = b""
        self._target = target

    def say(self, payload: bytes) -> None:
        self.playback.play(self.stream, payload, self._target, self.now)
        self.advance()

    def checkpoint(self, name: str) -> None:
        self.playback.checkpoint(self.stream, name)
        self.advance()

    def advance(self) -> None:
        step = self.playback.advance(self.now)
        for command in step.commands:
            assert isinstance(command, Play)
            self.files.append(command.payload)
            waiting = [end for end in self.ends if end > self.now + 1e-6]
            assert len(waiting) < FILES_AT_ONCE
            start = max([self.now, *waiting]) + COST_SECONDS
            self.ends.append(start + self._target.duration_ms(len(command.payload)) / 1000)
        for checkpoint in step.reached:
            self.reached[checkpoint.name] = self.now
        self.outbound += b"".join(step.played)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_SECONDS)):
            self.now += TICK_SECONDS
            self.advance()

    @property
    def speech(self) -> bytes:
        return b"".join(self.files)


def speech(seconds: float, target: AudioFormat = L16) -> bytes:
    return random.Random(3).randbytes(round(seconds * target.bytes_per_ms * 1000))


@pytest.mark.parametrize("seconds", [1.0, 3.0, 9.0])
def test_what_one_message_brought_is_one_file_at_once(seconds):
    gateway, said = FreeSwitch(), speech(seconds)
    gateway.say(said)
    assert gateway.files == [said]


def test_less_than_a_second_waits_for_more_and_goes_when_no_more_comes():
    gateway, said = FreeSwitch(), speech(0.3)
    gateway.say(said)
    assert gateway.files == []
    gateway.wait(PAUSE_SECONDS + TICK_SECONDS)
    assert gateway.files == [said]


@pytest.mark.parametrize("chunk_seconds", [0.02, 0.1, 0.25, 0.4])
@pytest.mark.parametrize("as_it_speaks", [True, False])
def test_three_seconds_in_chunks_are_few_files_and_take_three_seconds(chunk_seconds, as_it_speaks):
    gateway, said = FreeSwitch(), speech(3.0)
    size = round(chunk_seconds * 16_000)
    for start in range(0, len(said), size):
        gateway.say(said[start : start + size])
        if as_it_speaks:
            gateway.now += chunk_seconds
            gateway.advance()
    ended_at = gateway.now
    gateway.checkpoint("end")
    gateway.wait(5)
    assert gateway.speech == said
    assert len(gateway.files) <= 3
    assert max(gateway.ends) <= (ended_at + 1.5 if as_it_speaks else 3.8)
    assert 0 <= gateway.reached["end"] - max(gateway.ends) <= TICK_SECONDS + 1e-6


def test_while_some_is_still_to_be_heard_files_are_two_seconds_long():
    gateway = FreeSwitch()
    for _ in range(60):
        gateway.say(speech(0.1))
    gateway.wait(8)
    assert [round(len(data) / 16_000, 1) for data in gateway.files] == [1.0, 2.0, 2.0, 1.0]


def test_ten_files_at_most_wait_at_the_gateway():
    """Sixty seconds in one burst; FreeSwitch asserts it for each."""
    gateway = FreeSwitch()
    for _ in range(590):
        gateway.say(speech(0.1))
    assert len(gateway.files) == FILES_AT_ONCE
    gateway.wait(70)
    assert len(gateway.speech) == 59 * 16_000


def test_short_words_with_pauses_between_them_never_fill_the_queue():
    gateway = FreeSwitch()
    for number in range(40):
        gateway.say(speech(0.2))
        gateway.checkpoint(str(number))
        gateway.wait(0.6)
    gateway.wait(5)
    assert list(gateway.reached) == [str(number) for number in range(40)]
    assert len(gateway.speech) == 40 * 3200


def test_no_file_is_longer_than_the_gateways_text():
    wide = AudioFormat(Encoding.L16, 48_000)
    gateway = FreeSwitch(wide)
    gateway.say(speech(12.0, wide))
    gateway.wait(15)
    assert max(map(len, gateway.files)) <= FILE_BYTES
    assert len(gateway.speech) == 12 * 96_000


def test_a_checkpoint_inside_a_file_is_reached_in_its_middle_and_cuts_nothing():
    gateway = FreeSwitch()
    gateway.say(speech(0.5))
    gateway.checkpoint("half")
    gateway.say(speech(1.5))
    gateway.checkpoint("all")
    gateway.wait(4)
    assert len(gateway.files) == 1
    assert gateway.reached == {"half": pytest.approx(COST_SECONDS + 0.5, abs=0.11), "all": pytest.approx(COST_SECONDS + 2.0, abs=0.11)}


def test_a_checkpoint_with_nothing_before_it_is_reached_at_once():
    gateway = FreeSwitch()
    gateway.checkpoint("now")
    assert gateway.reached == {"now": 0.0}


def test_the_last_words_of_a_service_are_heard_at_once_and_to_their_end():
    """As `last_words` asks for it when a service has closed its socket."""
    gateway, said = FreeSwitch(), speech(0.6)
    gateway.say(said)
    assert gateway.playback.is_unheard(gateway.stream, gateway.now)
    gateway.playback.said_all(gateway.stream)
    gateway.playback.mark_end(gateway.stream)
    gateway.advance()
    assert gateway.files == [said]
    assert gateway.playback.unheard_ms(gateway.stream, gateway.now) == pytest.approx(700, abs=1)
    gateway.wait(0.5)
    assert gateway.reached == {}
    gateway.wait(0.3)
    assert list(gateway.reached) == [""]
    assert not gateway.playback.is_unheard(gateway.stream, gateway.now)


def test_digits_wait_for_nothing():
    gateway, tones = FreeSwitch(), speech(0.2)
    gateway.playback.play(gateway.stream, tones, L16, gateway.now)
    gateway.playback.said_all(gateway.stream)
    gateway.advance()
    assert gateway.files == [tones]


def test_what_is_heard_is_told_when_it_is_heard():
    gateway, said = FreeSwitch(), speech(3.0)
    gateway.say(said)
    gateway.wait(1)
    assert 0.8 * 16_000 <= len(gateway.outbound) <= 1.0 * 16_000
    gateway.wait(3)
    assert gateway.outbound == said


def test_clear_forgets_files_and_what_was_being_heard():
    gateway = FreeSwitch()
    gateway.say(speech(3.0))
    gateway.say(speech(0.3))
    gateway.checkpoint("never")
    gateway.wait(1)
    heard = len(gateway.outbound)
    assert gateway.playback.clear(gateway.stream, gateway.now) == [Clear()]
    gateway.ends.clear()
    gateway.wait(5)
    assert (len(gateway.files), len(gateway.outbound), gateway.reached) == (1, heard, {})
    gateway.say(speech(1.0))
    assert len(gateway.files) == 2
    assert gateway.playback.waiting_ms == 0


def test_a_gateway_that_is_away_gets_nothing_and_everything_once_it_is_back():
    gateway, said = FreeSwitch(), speech(2.0)
    gateway.playback.pause()
    gateway.say(said)
    gateway.wait(1)
    assert gateway.files == []
    gateway.playback.resume()
    gateway.advance()
    assert gateway.files == [said]


def test_two_speakers_take_turns_in_the_order_in_which_they_spoke():
    gateway, other = FreeSwitch(), uuid4()
    gateway.playback.play(gateway.stream, speech(0.4), L16, 0.0)
    gateway.playback.play(other, speech(0.4), L16, 0.0)
    gateway.advance()
    assert gateway.files == []
    gateway.wait(1)
    assert gateway.files == [speech(0.4) * 2]


@given(st.lists(st.tuples(st.integers(1, 6000), st.booleans(), st.sampled_from((0.0, 0.02, 0.15, 0.6))), max_size=40))
def test_however_it_is_cut_the_gateway_gets_the_same_bytes(story):
    """But for silence where the speaker paused in the middle of a frame."""
    gateway, said, names = FreeSwitch(WIDE), b"", []
    for number, (samples, marked, pause) in enumerate(story):
        chunk = bytes([1 + number % 250]) * (2 * samples)
        said += chunk
        gateway.say(chunk)
        if marked:
            names.append(str(number))
            gateway.checkpoint(names[-1])
        gateway.now += pause
        gateway.advance()
    gateway.wait(len(said) / 32_000 + 0.1 * len(story) + 3)
    assert gateway.speech.replace(b"\0", b"") == said
    assert list(gateway.reached) == names
    assert gateway.playback.waiting_ms == pytest.approx(0, abs=0.01)
