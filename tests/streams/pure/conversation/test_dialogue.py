"""What is known of both sides late, and in any order, put in order; the bot's silence is no speech."""

import json
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pure.audio.convert import tone
from streams.pure.conversation.dialogue import UNSETTLED_AT_MOST, Dialogue, value_at
from streams.pure.conversation.talk import Edge
from tests.streams.pure.conversation.spoken import MULAW

LOUD, SILENT = tone(440, 20, MULAW), b"\xff" * 160


def plays(conversation: Dialogue, began_ms: float, ended_ms: float, payload: bytes = LOUD) -> None:
    for at in range(round(began_ms), round(ended_ms), 20):
        conversation.sounds(payload, float(at))


def said(*spans: tuple[float, float]) -> list[Edge]:
    return [Edge(at, speaking) for begin, end in spans for at, speaking in ((begin, True), (end, False))]


def test_a_turn_is_known_with_when_the_audio_came_and_when_it_was_heard() -> None:
    talk = Dialogue(MULAW, 0.0)
    talk.arrived(4100)
    plays(talk, 4200, 6000)
    figures = talk.finish(said((1000, 3000)), 10_000)
    assert figures["course"]["turns"] == [[1000, 3000, 4100, 4200, 6000, 1200, "", None, 0]]
    assert figures["response_p50_ms"] == figures["response_p95_ms"] == figures["response_longest_ms"] == 1200
    assert (figures["greeting_ms"], figures["caller_ms"], figures["bot_ms"], figures["length_ms"]) == (4200, 2000, 1800, 10_000)
    assert (figures["long_silences"], figures["longest_silence_ms"]) == (1, 4000)


def test_silence_that_a_bot_sends_is_no_speech() -> None:
    talk = Dialogue(MULAW, 0.0)
    plays(talk, 0, 4000, SILENT)
    plays(talk, 4000, 5000)
    plays(talk, 5000, 9000, SILENT)
    figures = talk.finish(said((1000, 3000)), 9000)
    assert figures["bot_ms"] == 1000
    assert figures["response_longest_ms"] == 1000
    assert figures["course"]["turns"][0][2] is None  # nobody can say which of its frames began the answer


def test_what_is_taken_back_was_not_heard() -> None:
    talk = Dialogue(MULAW, 0.0)
    plays(talk, 1000, 9000)
    talk.cleared(3600, asked=True)
    plays(talk, 6000, 7000)
    figures = talk.finish(said((3000, 5000)), 8000)
    assert figures["course"]["bot"] == [[1000, 3600], [6000, 7000]]
    assert figures["course"]["turns"][1][5:] == [1000, "caller", 600, 600]
    assert (figures["caller_interruptions"], figures["bot_interruptions"]) == (1, 0)


def test_percentiles_are_values_that_were_there() -> None:
    assert value_at([], 95) is None
    assert value_at([7], 50) == value_at([7], 95) == 7
    assert value_at(list(range(1, 101)), 95) == 95


CALLER = [(1000.0, 2500.0), (6000.0, 6500.0), (9000.0, 12_000.0)]
BOT = [(200.0, 800.0), (3500.0, 5000.0), (9600.0, 11_000.0), (13_000.0, 14_000.0)]


@settings(max_examples=50)
@given(st.lists(st.floats(1, 15_000), max_size=12))
def test_when_one_looks_changes_nothing(looks: list[float]) -> None:
    talk, edges = Dialogue(MULAW, 0.0), said(*CALLER)
    for began, ended in BOT:
        plays(talk, began, ended)
    whole = Dialogue(MULAW, 0.0)
    for began, ended in BOT:
        plays(whole, began, ended)
    for at in sorted(looks):
        due, edges = [edge for edge in edges if edge.at_ms < at], [edge for edge in edges if edge.at_ms >= at]
        talk.settle(due, at)
    assert talk.finish(edges, 15_000) == whole.finish(said(*CALLER), 15_000)


def test_four_hours_take_no_more_memory_than_one() -> None:
    """A turn each four seconds, and a look as often."""
    talk, hour = Dialogue(MULAW, 0.0), 3_600_000
    tracemalloc.start()
    after_an_hour = 0
    for at in range(0, 4 * hour, 4000):
        talk.arrived(at + 1500)
        plays(talk, at + 1600, at + 1900)
        talk.settle(said((at, at + 1000)), at + 3900)
        if at == hour:
            after_an_hour = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0] - after_an_hour
    tracemalloc.stop()
    figures = talk.finish([], 4 * hour)
    assert grown < 100_000
    assert figures["turns"] == 3600
    assert len(figures["course"]["turns"]) == 500
    assert len(json.dumps(figures)) < 80_000


def test_a_service_that_clears_without_end_is_bounded() -> None:
    talk = Dialogue(MULAW, 0.0)
    for number in range(20_000):
        talk.arrived(number / 10)
        talk.sounds(LOUD, number / 10)
        talk.cleared(number / 10, asked=True)
    assert len(talk._told) <= UNSETTLED_AT_MOST
    assert not talk.bot._sent
    assert talk.finish([], 3000.0)["bot_ms"] == 0
