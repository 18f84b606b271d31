"""Turns out of who begins and ends to speak, in order of time."""

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.conversation.turn_taking import RESPONSES_KEPT, SPANS_KEPT, TURNS_KEPT, TurnTaking

Spans = list[tuple[float, float]]


def held(caller: Spans, bot: Spans, *, clears: tuple[float, ...] = (), ends: float = 60_000) -> TurnTaking:
    exchange = TurnTaking(0.0)
    told = [(at, 1, exchange.cleared) for at in clears]
    for spans, begins, over in ((caller, exchange.caller_begins, exchange.caller_ends), (bot, exchange.bot_begins, exchange.bot_ends)):
        told += [(begin, 2, begins) for begin, _ in spans] + [(end, 0, over) for _, end in spans]
    for at, _, tell in sorted(told, key=lambda each: each[:2]):
        tell(at)
    exchange.finish(ends)
    return exchange


def test_a_greeting_and_two_answers() -> None:
    exchange = held(caller=[(4000, 6000), (12_000, 13_000)], bot=[(1000, 3000), (6900, 9000), (17_000, 18_000)])
    assert [turn.response_ms for turn in exchange.turns] == [None, 900, 4000]
    assert [turn.caller_began_ms for turn in exchange.turns] == [None, 4000, 12_000]
    assert exchange.count == 3
    assert exchange.longest_response_ms == 4000
    assert exchange.long_silences == 2 + 0  # 13 to 17 s, and after 18 s
    assert (exchange.caller.interruptions, exchange.bot.interruptions, exchange.both_ms) == (0, 0, 0)


def test_a_pause_of_the_caller_or_of_the_bot_is_no_turn() -> None:
    exchange = held(caller=[(1000, 2000), (3500, 4000)], bot=[(5000, 6000), (6500, 7000)])
    assert exchange.count == 1
    turn = exchange.turns[0]
    assert (turn.caller_began_ms, turn.caller_ended_ms, turn.bot_heard_ms, turn.bot_ended_ms) == (1000, 4000, 5000, 7000)
    assert turn.response_ms == 1000


def test_the_caller_interrupts_and_the_bot_falls_silent() -> None:
    exchange = held(caller=[(3000, 5000)], bot=[(1000, 3600), (6000, 7000)], clears=(3600,))
    assert exchange.caller.interruptions == 1
    first, second = exchange.turns
    assert first.bot_ended_ms == 3600
    assert (second.interrupted_by, second.cleared_after_ms, second.both_ms, second.response_ms) == ("caller", 600, 600, 1000)


def test_a_word_that_ends_before_the_bot_is_silenced_for_it_is_answered() -> None:
    exchange = held(caller=[(3000, 3400)], bot=[(1000, 3600), (6000, 7000)], clears=(3600,))
    assert exchange.turns[1].response_ms == 2600
    assert exchange.turns[1].cleared_after_ms == 600


def test_who_speaks_into_a_bot_that_talks_on_is_not_waited_for() -> None:
    exchange = held(caller=[(3000, 3400)], bot=[(1000, 5000), (6000, 7000)])
    assert exchange.turns[1].response_ms is None
    assert exchange.caller.interruptions == 1


def test_the_bot_interrupts_the_caller_who_goes_on() -> None:
    exchange = held(caller=[(1000, 6000)], bot=[(3000, 4000), (7000, 8000)])
    assert exchange.bot.interruptions == 1
    assert [turn.interrupted_by for turn in exchange.turns] == ["bot", ""]
    assert [turn.response_ms for turn in exchange.turns] == [None, 1000]


def test_a_moment_of_both_is_nobodys_interruption() -> None:
    exchange = held(caller=[(1000, 3000)], bot=[(2900, 4000)])
    assert exchange.bot.interruptions == 0
    assert exchange.both_ms == exchange.turns[0].both_ms == 100


def test_a_caller_who_is_never_answered_is_a_turn() -> None:
    exchange = held(caller=[(1000, 3000)], bot=[])
    assert exchange.count == 1
    assert exchange.turns[0].bot_heard_ms is None
    assert exchange.longest_silence_ms == 57_000


def test_four_hours_are_bounded() -> None:
    exchange, at, turns = TurnTaking(0.0), 0.0, 14_400
    for _ in range(turns):
        exchange.caller_begins(at)
        exchange.caller_ends(at + 400)
        exchange.bot_begins(at + 500)
        exchange.bot_ends(at + 900)
        at += 1000
    exchange.finish(at)
    assert exchange.count == turns
    assert len(exchange.turns) == TURNS_KEPT
    assert len(exchange.responses) == RESPONSES_KEPT
    assert len(exchange.caller.spans) == len(exchange.bot.spans) == SPANS_KEPT
    assert exchange.caller.total_ms == 400 * turns


@st.composite
def lanes(draw: st.DrawFn) -> Spans:
    moments = sorted(draw(st.lists(st.integers(0, 60_000), unique=True, max_size=40)))
    return [(float(begin), float(end)) for begin, end in zip(moments[::2], moments[1::2], strict=False)]


@given(lanes(), lanes(), st.lists(st.floats(0, 60_000), max_size=5))
def test_totals_never_exceed_the_time_there_was(caller: Spans, bot: Spans, clears: list[float]) -> None:
    exchange = held(caller, bot, clears=tuple(clears))
    assert exchange.caller.total_ms == sum(end - begin for begin, end in caller) <= 60_000
    assert exchange.bot.total_ms == sum(end - begin for begin, end in bot) <= 60_000
    assert 0 <= exchange.both_ms <= min(exchange.caller.total_ms, exchange.bot.total_ms)
    assert sum(turn.both_ms for turn in exchange.turns) == exchange.both_ms
    assert exchange.longest_silence_ms <= 60_000
    for spans in (exchange.caller.spans, exchange.bot.spans):
        assert all(one[1] < other[0] for one, other in zip(spans, spans[1:], strict=False))
    for turn in exchange.turns:
        assert turn.response_ms is None or 0 <= turn.response_ms <= 60_000
        assert turn.cleared_after_ms is None or turn.cleared_after_ms >= 0
        assert None in (turn.caller_began_ms, turn.caller_ended_ms) or turn.caller_began_ms <= turn.caller_ended_ms
