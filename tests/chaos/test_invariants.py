"""A checker that cannot fail is worth nothing: a trial in which all is well, and then with one thing wrong with it, for each invariant."""

import itertools
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.chaos.history import (
    BroughtCall,
    CallbackRow,
    CallRow,
    ChargeRow,
    HeardCallback,
    HeardStream,
    History,
    ProcessUse,
    StreamRow,
)
from tests.chaos.invariants import findings, gap_p99_ms, is_in_fault, wait_p99_ms

FRAMES = 200


def good() -> History:
    """Two calls of two accounts, four seconds each; all that is owed came."""
    history = History("none", injected_at=1.0, healed_at=4.0, settled_at=6.0)
    for tag, account in ((1, "Alder"), (2, "Birch")):
        call, stream = f"call-{tag}", f"stream-{tag}"
        arrivals = [0.1 + number * 0.02 for number in range(FRAMES)]
        history.calls.append(
            BroughtCall(
                call, account, "asterisk", tag, "web 1", taken=True, began_at=0, ended_at=4.1, last_frame_at=4.08, sent=FRAMES,
                row_ended_at=4.5,
            )
        )  # fmt: skip
        heard = HeardStream(account, call, stream, arrivals[0], arrivals[-1], arrivals=arrivals, close_code=1000)
        for number in range(FRAMES):
            heard.take(tag, number)
        history.streams.append(heard)
        history.call_rows.append(CallRow(call, account, "ended", 1))
        charge = ChargeRow(4, 60, 60, Decimal("0.00300"), Decimal("0.00300"))
        history.stream_rows.append(StreamRow(stream, call, account, "ended", "call_ended", True, 1, [charge]))
        for number, event in ((1, "StartStream"), (2, "StopStream")):
            message = f"msg_{stream}_{number}"
            history.callback_rows.append(CallbackRow(message, stream, account, number, event, "delivered"))
            history.callbacks.append(HeardCallback(account, message, stream, call, event, number, f"body {message}", 200, 4 + number))
    history.processes.append(ProcessUse("web 1", 100, 110, 115, 40, 44, 20, 22))
    return history


def test_a_good_trial_has_no_findings() -> None:
    assert findings(good()) == []


def come_as(stream: HeardStream, frames: list[tuple[int, int]]) -> None:
    stream.runs.clear()
    for tag, number in frames:
        stream.take(tag, number)


IN_ORDER = [(1, number) for number in range(FRAMES)]


def lose_a_frame(history: History) -> None:
    come_as(history.streams[0], [*IN_ORDER[:50], *IN_ORDER[51:]])


def lose_the_first_frame(history: History) -> None:
    come_as(history.streams[0], IN_ORDER[1:])


def lose_the_last_frame(history: History) -> None:
    come_as(history.streams[0], IN_ORDER[:-1])


def double_a_frame(history: History) -> None:
    come_as(history.streams[0], [*IN_ORDER[:51], *IN_ORDER[50:]])


def double_the_last_frame(history: History) -> None:
    come_as(history.streams[0], [*IN_ORDER, IN_ORDER[-1]])


def swap_frames(history: History) -> None:
    come_as(history.streams[0], [*IN_ORDER[:50], IN_ORDER[51], IN_ORDER[50], *IN_ORDER[52:]])


def lose_one_and_double_another(history: History) -> None:
    come_as(history.streams[0], [*IN_ORDER[:50], *IN_ORDER[51:], IN_ORDER[-1]])


def alter_a_frame(history: History) -> None:
    history.streams[0].altered = 1


def refuse_a_call(history: History) -> None:
    history.calls.append(BroughtCall("call-3", "Alder", "twilio", 3, "web 2", refusal="HTTP 503"))


def hear_nothing_of_a_call(history: History) -> None:
    history.streams.pop()


def lose_a_row(history: History) -> None:
    history.call_rows.pop()


def lose_the_row_of_a_stream(history: History) -> None:
    history.stream_rows.pop()


def leave_a_call_live(history: History) -> None:
    history.call_rows[0].state = "live"


def leave_a_stream_streaming(history: History) -> None:
    history.stream_rows[0].state = "streaming"


def end_twice(history: History) -> None:
    history.stream_rows[0].ends = 2


def end_late(history: History) -> None:
    history.calls[0].row_ended_at = 60.0


def charge_twice(history: History) -> None:
    history.stream_rows[0].charges *= 2


def charge_nothing(history: History) -> None:
    history.stream_rows[0].charges.clear()


def bill_over(history: History) -> None:
    history.stream_rows[0].charges[0].seconds = 6


def bill_far_under(history: History) -> None:
    history.stream_rows[0].charges[0].seconds = 1


def bill_another_amount(history: History) -> None:
    history.stream_rows[0].charges[0].amount = Decimal("0.00301")


def deliver_no_end(history: History) -> None:
    history.callbacks.pop()


def deliver_nothing(history: History) -> None:
    del history.callbacks[:2]


def answer_with_500(history: History) -> None:
    history.callbacks[0].status = 500


def deliver_what_nobody_owes(history: History) -> None:
    history.callback_rows.pop()


def deliver_twice_with_another_body(history: History) -> None:
    first = history.callbacks[0]
    again = HeardCallback(
        first.account, first.message_id, first.stream_id, first.call_uuid, first.event, first.sequence, "another", 200, first.at
    )
    history.callbacks.append(again)


def tell_two_ends(history: History) -> None:
    history.callback_rows.append(CallbackRow("more", "stream-1", "Alder", 3, "DroppedStream", "delivered"))
    history.callbacks.append(HeardCallback("Alder", "more", "stream-1", "call-1", "DroppedStream", 3, "", 200, 9))


def deliver_in_another_order(history: History) -> None:
    history.callbacks[0].at, history.callbacks[1].at = history.callbacks[1].at, history.callbacks[0].at


def hear_anothers_frame(history: History) -> None:
    come_as(history.streams[0], [*IN_ORDER[:50], (2, 50), *IN_ORDER[50:]])


def hear_anothers_call(history: History) -> None:
    history.streams[0].account = "Birch"


def tell_another_account(history: History) -> None:
    history.callbacks[0].account = "Birch"


def write_to_another_account(history: History) -> None:
    history.stream_rows[0].account = "Birch"


def keep_memory(history: History) -> None:
    history.processes[0].rss_after_mb = 300


def keep_descriptors(history: History) -> None:
    history.processes[0].descriptors_after = 100


def keep_threads(history: History) -> None:
    history.processes[0].threads_after = 60


def fall_silent(history: History) -> None:
    """For half a second, and everything comes afterwards."""
    stream = history.streams[0]
    stream.arrivals = [max(at, 2.5) if at > 2.0 else at for at in stream.arrivals]


def come_late(history: History) -> None:
    """Evenly, and all of it."""
    history.streams[0].late_ms = {20: FRAMES - 10, 2000: 10}


def end_for_another_reason(history: History) -> None:
    history.stream_rows[0].cause = "process_lost"


def tell_of_another_reason(history: History) -> None:
    history.calls[0].may_end = ("process_lost",)
    history.stream_rows[0].cause = "process_lost"


def print_a_secret(history: History) -> None:
    history.leaks.append("a password stands in what a process printed")


def tell_late(history: History) -> None:
    history.calls[0].told_within_seconds = 2.0


def end_with_status_1(history: History) -> None:
    history.seen_wrong.append("it ended with status 1")


def fail_to_find_out(history: History) -> None:
    history.troubles.append("the database could not be asked")


@pytest.mark.parametrize(
    ("harm", "invariant"),
    [
        (lose_a_frame, "I1 frames"),
        (lose_the_first_frame, "I1 frames"),
        (lose_the_last_frame, "I1 frames"),
        (double_a_frame, "I1 frames"),
        (double_the_last_frame, "I1 frames"),
        (swap_frames, "I1 frames"),
        (lose_one_and_double_another, "I1 frames"),
        (alter_a_frame, "I1 frames"),
        (refuse_a_call, "I1 frames"),
        (hear_nothing_of_a_call, "I1 frames"),
        (lose_a_row, "I2 one end"),
        (lose_the_row_of_a_stream, "I2 one end"),
        (leave_a_call_live, "I2 one end"),
        (leave_a_stream_streaming, "I2 one end"),
        (end_twice, "I2 one end"),
        (end_late, "I2 one end"),
        (charge_twice, "I3 money"),
        (charge_nothing, "I3 money"),
        (bill_over, "I3 money"),
        (bill_far_under, "I3 money"),
        (bill_another_amount, "I3 money"),
        (deliver_no_end, "I4 callbacks"),
        (deliver_nothing, "I4 callbacks"),
        (answer_with_500, "I4 callbacks"),
        (deliver_what_nobody_owes, "I4 callbacks"),
        (deliver_twice_with_another_body, "I4 callbacks"),
        (tell_two_ends, "I4 callbacks"),
        (tell_late, "I4 callbacks"),
        (deliver_in_another_order, "I5 order"),
        (hear_anothers_frame, "I6 isolation"),
        (hear_anothers_call, "I6 isolation"),
        (tell_another_account, "I6 isolation"),
        (write_to_another_account, "I6 isolation"),
        (keep_memory, "I7 bounds"),
        (keep_descriptors, "I7 bounds"),
        (keep_threads, "I7 bounds"),
        (fall_silent, "I8 audio"),
        (come_late, "I8 audio"),
        (end_for_another_reason, "I9 reason"),
        (tell_of_another_reason, "I9 reason"),
        (print_a_secret, "I10 secrets"),
        (end_with_status_1, "fault"),
        (fail_to_find_out, "harness"),
    ],
)  # fmt: skip
def test_each_violation_is_found(harm: Callable[[History], None], invariant: str) -> None:
    history = good()
    harm(history)
    assert invariant in {finding.invariant for finding in findings(history)}


def test_a_start_that_may_be_untold_may_not_be_told_twice_nor_its_end_forgotten() -> None:
    history = good()
    history.calls[0].start_may_be_untold = True
    start = history.callbacks.pop(0)
    del history.callback_rows[0]
    assert findings(history) == []
    end = history.callbacks.pop(0)
    assert {finding.invariant for finding in findings(history)} == {"I4 callbacks"}
    history.callbacks = [start, end, *history.callbacks]
    assert "I4 callbacks" in {finding.invariant for finding in findings(history)}, "nobody owes that start"


def test_only_times_are_what_a_late_machine_may_excuse() -> None:
    history = good()
    for harm in (fall_silent, tell_late, lose_a_frame, charge_twice, bill_over, end_late):
        harm(history)
    found = {(finding.invariant, finding.by_time) for finding in findings(history)}
    assert found == {
        *{("I8 audio", True), ("I4 callbacks", True)},
        *{("I1 frames", False), ("I3 money", False), ("I2 one end", False)},
    }


def test_a_machine_that_is_late_itself_is_no_finding() -> None:
    history = good()
    fall_silent(history)
    assert gap_p99_ms(history) > 400
    history.noise_ms = 250
    assert findings(history) == []


def test_gaps_that_were_counted_are_judged_as_those_of_every_message() -> None:
    """A steady load keeps no moments, only how often each gap was."""
    history = good()
    fall_silent(history)
    stream = history.streams[0]
    judged = gap_p99_ms(history)
    pairs = itertools.pairwise(stream.arrivals)
    stream.gaps_ms = dict(Counter(round((later - earlier) * 1000) for earlier, later in pairs if is_in_fault(history, earlier, later)))
    stream.arrivals.clear()
    assert gap_p99_ms(history) == pytest.approx(judged, abs=1)
    assert [finding.invariant for finding in findings(history)] == ["I8 audio"]


def test_one_gap_counts_by_its_time_and_not_as_one_of_many() -> None:
    assert wait_p99_ms([20.0] * 99 + [2000.0]) == 2000.0
    assert wait_p99_ms([20.0] * 1000 + [150.0]) == 20.0
    assert wait_p99_ms(Counter({20.0: 99, 2000.0: 1})) == 2000.0
    assert wait_p99_ms([]) == 0.0


def test_what_a_fault_may_cost_is_no_finding() -> None:
    history = good()
    call = history.calls[0]
    call.whole, call.may_end = False, ("process_lost",)
    come_as(history.streams[0], IN_ORDER[:150])
    del history.streams[0].arrivals[150:]
    history.streams[0].last_at = history.streams[0].arrivals[-1]
    history.stream_rows[0].cause, history.stream_rows[0].charges[0].seconds = "process_lost", 3
    history.callbacks[1].event = "DroppedStream"
    assert findings(history) == []
