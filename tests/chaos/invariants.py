"""What has to hold after every fault, whatever it was: a history goes in, what is wrong with it comes out.

Owns the ten invariants. Pure: no clock, no process, no database. It believes what peers saw on the wire and what the rows say, and never
what the platform says of itself."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from tests.chaos.history import BroughtCall, CallbackRow, CallRow, HeardCallback, HeardStream, History, StreamRow

ENDS = ("StopStream", "DroppedStream")
STOPPED = ("call_ended", "gateway_lost", "media_timeout")
"""The causes of faults that customers hear of as StopStream; of any other as DroppedStream."""
ENDED_WITHIN_SECONDS = 45.0
"""As docs/operation.md promises for calls whose process is gone."""
ROUNDED_UP_SECONDS = 1.0
"""Bills count begun seconds."""
MEASURED_SECONDS = 0.5
"""How far a gateway's and a customer's clocks of one call may lie apart: what is on the way, and the harness's own lateness."""
EVERYBODY = "everybody"
"""Whose an address is that several accounts share."""
GAP_MS, LATE_MS = 100.0, 250.0
NOISE_TIMES = 2.0
"""A process with threads waits for a core more than once before it has said something; a bare timer once."""
FRAME_MS = 20.0
AFTERMATH_SECONDS = 1.0
"""What is held up by a fault comes, late, when it is over."""
MORE_MB, MORE_DESCRIPTORS, MORE_THREADS = 60.0, 40, 24
"""Caps, threads and pools are filled as they are first used; what leaks with each fault goes past this within a run."""


class ByTime(str):
    """What is wrong where a machine that is late is enough for it."""


class Finding(NamedTuple):
    """Which invariant does not hold, and where."""

    invariant: str
    words: str

    @property
    def by_time(self) -> bool:
        return isinstance(self.words, ByTime)

    def __str__(self) -> str:
        return f"{self.invariant} {self.words}"


class Seen:
    """A history, by call and by stream."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.every_row: list[CallRow | StreamRow] = [*history.call_rows, *history.stream_rows]
        self.taken = [call for call in history.calls if call.taken]
        self.by_uuid = {call.call_uuid: call for call in self.taken}
        self.by_tag = {call.tag: call for call in history.calls}
        self.heard: defaultdict[str, list[HeardStream]] = defaultdict(list)
        for stream in history.streams:
            self.heard[stream.call_uuid].append(stream)
        self.rows: defaultdict[str, list[StreamRow]] = defaultdict(list)
        for row in history.stream_rows:
            self.rows[row.call_uuid].append(row)
        self.owed: defaultdict[str, list[CallbackRow]] = defaultdict(list)
        for callback in history.callback_rows:
            self.owed[callback.stream_id].append(callback)
        self.came: defaultdict[str, list[HeardCallback]] = defaultdict(list)
        for heard in history.callbacks:
            self.came[heard.stream_id].append(heard)
        untold = {call.call_uuid for call in self.taken if call.may_not_be_told}
        self.given_up = {row.stream_id for row in history.stream_rows if row.call_uuid in untold}


def name_of(call: BroughtCall) -> str:
    return f"call {call.call_uuid} ({call.part}, {call.dialect}, {call.web})"


def conservation(seen: Seen) -> Iterator[str]:
    """I1: what a customer heard of a call is what its gateway sent, from the first frame on, without a hole."""
    for call in seen.history.calls:
        if not call.taken and not call.may_be_refused:
            yield f"{name_of(call)} was not taken: {call.refusal}"
    for call in seen.taken:
        streams = [stream for stream in seen.heard[call.call_uuid] if stream.started_at]
        if call.whole and len(streams) != 1:
            yield f"{name_of(call)} was heard in {len(streams)} streams, not in one"
        for stream in streams:
            yield from _holes(call, stream)


def _holes(call: BroughtCall, stream: HeardStream) -> Iterator[str]:
    due = 0
    for first, last in ((first, last) for tag, first, last in stream.runs if tag == call.tag):
        if first != due:
            yield f"{name_of(call)}: frame {first} came where {due} was due"
            break
        due = last + 1
    if call.whole and stream.came(call.tag) != call.sent:
        yield f"{name_of(call)}: {call.sent} frames were sent, {stream.came(call.tag)} came"
    if stream.altered:
        yield f"{name_of(call)}: {stream.altered} frames came otherwise than they were sent"


def termination(seen: Seen) -> Iterator[str]:
    """I2: every call that was taken has one row, and it and its streams ended once, in time."""
    rows = Counter(row.call_uuid for row in seen.history.call_rows)
    for call in seen.taken:
        if rows[call.call_uuid] != 1:
            yield f"{name_of(call)} has {rows[call.call_uuid]} rows"
        elif (late := call.row_ended_at - max(call.ended_at, seen.history.healed_at)) > ENDED_WITHIN_SECONDS:
            yield f"{name_of(call)} ended in its row after {late:.0f} s"
        if seen.heard[call.call_uuid] and not seen.rows[call.call_uuid]:
            yield f"{name_of(call)} was streamed and has no stream's row"
    for row in seen.every_row:
        what = f"stream {row.stream_id}" if isinstance(row, StreamRow) else f"call {row.call_uuid}"
        if row.state != "ended":
            yield f"{what} is {row.state} in its row"
        if row.ends != 1:
            yield f"{what} ended {row.ends} times by its events"


def money(seen: Seen) -> Iterator[str]:
    """I3: one charge for each ended stream, by its plan, never over what was streamed, and hardly under."""
    for row in seen.history.stream_rows:
        if len(row.charges) != 1:
            yield f"stream {row.stream_id} has {len(row.charges)} charges"
        for charge in row.charges:
            intervals = -(-charge.seconds // charge.interval_seconds)
            amount = (charge.rate * intervals).quantize(Decimal("0.00001"), ROUND_HALF_UP)
            if (charge.billed_seconds, charge.amount) != (intervals * charge.interval_seconds, amount):
                yield f"stream {row.stream_id}: {charge.seconds} s are billed as {charge.billed_seconds} s, {charge.amount}"
    for call in seen.taken:
        for stream in seen.heard[call.call_uuid]:
            yield from _duration(call, stream, seen.rows[call.call_uuid], seen.history.worst_noise_ms / 1000)


def _duration(call: BroughtCall, stream: HeardStream, rows: Sequence[StreamRow], late_seconds: float) -> Iterator[str]:
    """The gateway knows until when there was a voice, the customer since when it was heard and what of it arrived."""
    charge = next((row.charges[0] for row in rows if row.stream_id == stream.stream_id and row.charges), None)
    if charge is None or not stream.started_at:
        return
    began_at = call.began_at if call.heard_late else stream.started_at
    most = max(call.last_frame_at, stream.last_at) - began_at + MEASURED_SECONDS + NOISE_TIMES * late_seconds
    least = stream.last_at - stream.started_at - call.may_miss_seconds
    if charge.seconds > math.ceil(most):
        yield f"{name_of(call)} is billed {charge.seconds} s and lasted {most:.1f} s"
    if charge.seconds < least:
        yield f"{name_of(call)} is billed {charge.seconds} s of the {least + call.may_miss_seconds:.1f} s that were heard"


def callbacks(seen: Seen) -> Iterator[str]:
    """I4: who heard a stream's start is told of it and of one end; what came is what is owed; what came twice is the same."""
    for call in (taken for taken in seen.taken if not taken.may_not_be_told):
        for stream in (heard for heard in seen.heard[call.call_uuid] if heard.stream_id):
            came = seen.came[stream.stream_id]
            told = Counter({each.message_id: each.event for each in came if each.taken}.values())
            starts = {0, 1} if call.start_may_be_untold else {1}
            if told["StartStream"] not in starts or sum(told[end] for end in ENDS) != 1:
                yield f"stream {stream.stream_id} of {name_of(call)} was told of as {dict(told)}"
            yield from _told_late(call, stream, came, NOISE_TIMES * seen.history.worst_noise_ms / 1000)
    for stream_id in {*seen.owed, *seen.came} - seen.given_up:
        owed = {row.message_id for row in seen.owed[stream_id]}
        taken_ids = {heard.message_id for heard in seen.came[stream_id] if heard.taken}
        if missing := owed - taken_ids:
            yield f"stream {stream_id}: {len(missing)} callbacks owed did not come"
        if more := taken_ids - owed:
            yield f"stream {stream_id}: {len(more)} callbacks came that nobody owes"
    yield from _changed(seen.history.callbacks)


def _changed(came: Sequence[HeardCallback]) -> Iterator[str]:
    bodies: defaultdict[str, set[str]] = defaultdict(set)
    for heard in came:
        bodies[heard.message_id].add(heard.body)
    yield from (f"callback {message} came with {len(kinds)} bodies" for message, kinds in bodies.items() if len(kinds) > 1)


def _told_late(call: BroughtCall, stream: HeardStream, came: Sequence[HeardCallback], late_seconds: float) -> Iterator[str]:
    first = min((heard.at for heard in came if heard.event == "StartStream"), default=math.inf)
    if call.told_within_seconds and first - stream.started_at > call.told_within_seconds + late_seconds:
        yield ByTime(f"{name_of(call)} was told of after {first - stream.started_at:.1f} s, not within {call.told_within_seconds:g} s")


def order(seen: Seen) -> Iterator[str]:
    """I5: a stream's callbacks first arrive in the order of their numbers."""
    for stream_id, came in ((key, came) for key, came in seen.came.items() if came):
        first: dict[str, int] = {}
        for heard in sorted(came, key=lambda each: each.at):
            if heard.taken:
                first.setdefault(heard.message_id, heard.sequence)
        numbers, call = list(first.values()), seen.by_uuid.get(came[0].call_uuid)
        if numbers != sorted(numbers) and not (call and call.may_overtake):
            yield f"stream {stream_id}: callbacks arrived as {numbers}"


def isolation(seen: Seen) -> Iterator[str]:
    """I6: nothing of one account or call is at another's."""
    for stream in seen.history.streams:
        call = seen.by_uuid.get(stream.call_uuid)
        if call is not None and call.account != stream.account:
            yield f"{name_of(call)} of {call.account} was heard by {stream.account}"
        strange = {tag for tag, _, _ in stream.runs} - ({call.tag} if call else set())
        if strange:
            yield f"stream {stream.stream_id} of call {stream.call_uuid} brought frames of other calls: {sorted(strange)}"
    for heard in seen.history.callbacks:
        call = seen.by_uuid.get(heard.call_uuid)
        if call is not None and heard.account not in (call.account, EVERYBODY):
            yield f"callback {heard.message_id} of {call.account} came to {heard.account}"
    for row in seen.every_row:
        call = seen.by_uuid.get(row.call_uuid)
        if call is not None and row.account != call.account:
            yield f"{name_of(call)} of {call.account} stands at {row.account}"


def bounds(seen: Seen) -> Iterator[str]:
    """I7: memory, descriptors and threads are back to about what they were."""
    for use in seen.history.processes:
        if not use.rss_before_mb or not use.rss_after_mb:
            continue
        for what, more, most in (
            ("MB", use.rss_after_mb - use.rss_before_mb, MORE_MB),
            ("descriptors", use.descriptors_after - use.descriptors_before, MORE_DESCRIPTORS),
            ("threads", use.threads_after - use.threads_before, MORE_THREADS),
        ):
            if more > most:
                yield f"{use.name} has {more:.0f} {what} more than before"


def audio(seen: Seen) -> Iterator[str]:
    """I8: customers hear steadily, less what the machine itself was late."""
    gap = gap_p99_ms(seen.history)
    if gap - NOISE_TIMES * seen.history.noise_ms > GAP_MS:
        yield ByTime(f"the 99th percentile of the gaps is {gap:.0f} ms; the machine was {seen.history.noise_ms:.0f} ms late")
    late = late_p99_ms(seen.history)
    if late - NOISE_TIMES * seen.history.noise_ms > LATE_MS:
        yield ByTime(f"of 100 frames the latest comes {late / 1000:g} s after it was sent: this is more than the machine carries")


def gap_p99_ms(history: History) -> float:
    """Between two media messages of one stream while the fault lasts, over all streams that are to be steady."""
    steady = {call.call_uuid for call in history.calls if call.steady}
    gaps: Counter[float] = Counter()
    for stream in (stream for stream in history.streams if stream.call_uuid in steady):
        gaps.update(stream.gaps_ms)
        pairs = zip(stream.arrivals, stream.arrivals[1:], strict=False)
        gaps.update((later - earlier) * 1000 for earlier, later in pairs if is_in_fault(history, earlier, later))
    return wait_p99_ms(gaps)


def late_p99_ms(history: History) -> float:
    """How long after it was sent the latest of 100 frames comes, where that was counted."""
    counted: Counter[int] = Counter()
    for stream in history.streams:
        counted.update(stream.late_ms)
    return p99(counted)


def is_in_fault(history: History, earlier: float, later: float) -> bool:
    """A gap; the fault may last still."""
    return 0 < history.injected_at < later and (not history.healed_at or earlier < history.healed_at + AFTERMATH_SECONDS)


def wait_p99_ms(gaps_ms: Iterable[float]) -> float:
    """At a moment taken by chance, how long the gap is that one is in: 99 of 100 moments are in no longer one. Counted by gaps, a second of
    silence among a hundred frames would be one in a hundred. Of a Counter, each gap as often as it says."""
    return p99({gap: gap * count for gap, count in Counter(gaps_ms).items()})


def p99(weights: Mapping[float, float] | Mapping[int, int]) -> float:
    """The least value such that all above it weigh less than a hundredth of the whole."""
    left = sum(weights.values()) * 0.01
    for value, weight in sorted(weights.items(), reverse=True):
        left -= weight
        if left < 0:
            return value
    return 0.0


def explanation(seen: Seen) -> Iterator[str]:
    """I9: the rows' reason is what was done to the call, and the callback of its end is that reason's."""
    for call in seen.taken:
        for row in seen.rows[call.call_uuid]:
            if row.state == "ended" and row.cause not in call.may_end:
                yield f"{name_of(call)} ended as {row.cause}, not as {' or '.join(call.may_end)}"
            due = "StopStream" if row.cause in STOPPED else "DroppedStream"
            if wrong := {heard.event for heard in seen.came[row.stream_id] if heard.event in ENDS} - {due}:
                yield f"{name_of(call)} ended as {row.cause}, and {', '.join(wrong)} was told"


def silence(seen: Seen) -> Iterator[str]:
    """I10: no secret anywhere."""
    yield from seen.history.leaks


INVARIANTS: dict[str, Callable[[Seen], Iterator[str]]] = {
    "I1 frames": conservation,
    "I2 one end": termination,
    "I3 money": money,
    "I4 callbacks": callbacks,
    "I5 order": order,
    "I6 isolation": isolation,
    "I7 bounds": bounds,
    "I8 audio": audio,
    "I9 reason": explanation,
    "I10 secrets": silence,
}


def findings(history: History) -> list[Finding]:
    """Everything that does not hold, or the troubles that kept the harness from finding out."""
    if history.troubles:
        return [Finding("harness", words) for words in history.troubles]
    seen = Seen(history)
    found = [Finding(name, words) for name, check in INVARIANTS.items() for words in check(seen)]
    return [*found, *(Finding("fault", words) for words in history.seen_wrong)]
