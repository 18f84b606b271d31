"""Two logs step by step: nothing lost, order kept, and the place where they part."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.log.comparison import Difference, aligned
from cdr.pure.log.lines import Line, lines
from cdr.pure.log.rows import AttemptRow, CallbackRow, EventRow

START = datetime(2026, 11, 23, 14, 2, 3, tzinfo=UTC)
KINDS = ("call_started", "connect_started", "connect_failed", "connected", "call_dtmf", "stream_ended")


def event(number: int, kind: str, after: float = 0, level: str = "info", **details: object) -> EventRow:
    return EventRow(number, START + timedelta(seconds=after), kind, level, details, "stream", number)


def log(*kinds: str, after: float = 0) -> list[Line]:
    return lines([event(number, kind, after + number) for number, kind in enumerate(kinds)], START)


def drawn(made: list[tuple[str, int, str]]) -> list[Line]:
    return lines([event(number, kind, ms / 1000, level) for number, (kind, ms, level) in enumerate(made)], START)


levels = st.sampled_from(("debug", "info", "error"))
logs = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-5000, 5000), levels), max_size=30).map(drawn)


@given(logs, logs)
def test_no_line_is_lost_and_both_keep_their_order(a, b) -> None:
    steps = aligned(a, b)
    assert [step.a for step in steps if step.a] == a
    assert [step.b for step in steps if step.b] == b
    assert all(step.a.kind == step.b.kind for step in steps if step.a and step.b)
    assert sum(step.parts for step in steps) <= 1


@given(logs)
def test_a_log_is_the_same_as_itself(a) -> None:
    assert all(step.difference == Difference.SAME and not step.parts for step in aligned(a, a))


def test_what_only_one_has_stands_between_its_neighbours_by_its_offset() -> None:
    a = log("call_started", "connect_started", "connected", "stream_ended")
    b = log("call_started", "connect_started", "connect_failed", "connect_failed", "stream_ended", after=0.5)
    steps = aligned(a, b)
    assert [(step.a and step.a.kind, step.b and step.b.kind) for step in steps] == [
        ("call_started", "call_started"),
        ("connect_started", "connect_started"),
        ("connected", None),
        (None, "connect_failed"),
        (None, "connect_failed"),
        ("stream_ended", "stream_ended"),
    ]
    assert [step.difference for step in steps[1:4]] == ["", "only A", "only B"]
    assert [step.parts for step in steps].index(True) == 2


def test_a_quiet_line_and_other_figures_or_numbers_are_no_parting_and_another_end_is() -> None:
    rows = [event(1, "call_started", **{"from": "+1415", "to": "1800"}), event(2, "connected", 1, duration_ms=99)]
    a = lines([*rows, event(3, "stream_ended", 2)], START)
    rows = [event(1, "call_started", **{"from": "sip:alice@x", "to": "1800"}), event(2, "connected", 1, duration_ms=7)]
    more = [event(4, "call_first_audio", 1.4, "debug"), event(5, "call_dtmf", 1.5, digit="5")]
    b = lines([*rows, *more, event(3, "stream_ended", 2, words="Closed.")], START)
    steps = aligned(a, b)
    assert [step.difference for step in steps] == ["other words", "", "only B", "only B", "other words"]
    assert [step.parts for step in steps] == [False, False, False, False, True]


def test_the_same_step_that_went_worse_is_where_they_part() -> None:
    a, b = (lines([event(1, "stream_ended", 0, level, words="Ended.")], START) for level in ("info", "error"))
    assert [(step.difference, step.parts) for step in aligned(a, b)] == [("other level", True)]


def test_callbacks_and_tries_are_told_apart_by_what_they_are_about() -> None:
    def owed(event: str, tries: int) -> list[Line]:
        attempts = [
            AttemptRow(number, START, event, number, 5, "", 200 if number == tries else 503, "" if number == tries else "No.", "")
            for number in range(1, tries + 1)
        ]
        return lines([CallbackRow(1, START, event, "POST", "https://h/", "delivered", tries, []), *attempts], START)

    same = aligned(owed("StartStream", 1), owed("StartStream", 2))
    assert [step.difference for step in same] == ["", "other level", "only B"]
    other = aligned(owed("StopStream", 1), owed("DroppedStream", 1))
    assert {step.difference for step in other} == {"only A", "only B"}
