"""What a trial leaves behind: what gateways, customers and callback receivers saw on the wire, what the rows say afterwards, and what each
call was allowed to suffer.

Owns the records and their form as JSON lines. Must not know how a fault is injected, nor what is right. All times are seconds of the
harness's one monotonic clock, so that they can be compared; of rows only durations and counts are kept."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

WORDS = ("remarks", "leaks", "seen_wrong", "troubles")
"""Lists of a History that are no records."""


@dataclass
class BroughtCall:
    """A call as its gateway saw it; `tag` is in each of its frames, `end` says who ended it.

    What its fault may do to it: `may_end` (the causes its stream may end with), `may_be_refused`, `whole` (every frame sent has to
    arrive), `steady` (its gaps are judged), `may_miss_seconds` (how much of the true duration the bill may leave out), `may_not_be_told`
    (its callbacks may be given up), `may_overtake` (one that fails often may be overtaken by the next), `told_within_seconds` (how soon its
    start has to be told of; 0: whenever), `start_may_be_untold` (there was no time to note it). `heard_late`: its customer reads late by
    its own fault, and does not know the beginning."""

    call_uuid: str
    account: str
    dialect: str
    tag: int
    web: str
    part: str = "before"
    taken: bool = False
    refusal: str = ""
    began_at: float = 0.0
    ended_at: float = 0.0
    last_frame_at: float = 0.0
    sent: int = 0
    end: str = ""
    row_ended_at: float = 0.0
    may_end: tuple[str, ...] = ("call_ended",)
    may_be_refused: bool = False
    whole: bool = True
    steady: bool = True
    may_miss_seconds: float = 2.5
    heard_late: bool = False
    may_not_be_told: bool = False
    may_overtake: bool = False
    told_within_seconds: float = 0.0
    start_may_be_untold: bool = False


@dataclass
class HeardStream:
    """One connection to a customer's service. `runs` are its numbered frames in the order in which they came, as [tag, first, last] of
    those that follow each other: one, where all is well. `filled` were silence in their place, `altered` not as they were sent.

    `arrivals` has every message's moment; where those would be too many, `gaps_ms` has how often each gap was while the fault lasted, and
    `late_ms` how often a frame was so late."""

    account: str
    call_uuid: str
    stream_id: str
    started_at: float = 0.0
    last_at: float = 0.0
    runs: list[list[int]] = field(default_factory=list)
    filled: int = 0
    altered: int = 0
    arrivals: list[float] = field(default_factory=list)
    gaps_ms: dict[int, int] = field(default_factory=dict)
    late_ms: dict[int, int] = field(default_factory=dict)
    close_code: int | None = None

    def take(self, tag: int, number: int) -> None:
        last = self.runs[-1] if self.runs else [0, 0, 0]
        if last[0] == tag and last[2] + 1 == number:
            last[2] = number
        else:
            self.runs.append([tag, number, number])

    def came(self, of_tag: int | None = None) -> int:
        """How many numbered frames: of this call, or of all."""
        return sum(last - first + 1 for tag, first, last in self.runs if of_tag in (None, tag))


@dataclass
class HeardCallback:
    """One request that came to a status callback address; `status` is what was answered, 0 when nothing was."""

    account: str
    message_id: str
    stream_id: str
    call_uuid: str
    event: str
    sequence: int
    body: str
    status: int
    at: float

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class ChargeRow:
    seconds: int
    billed_seconds: int
    interval_seconds: int
    rate: Decimal
    amount: Decimal


@dataclass
class CallRow:
    """`ends`: how many events say that it ended."""

    call_uuid: str
    account: str
    state: str
    ends: int


@dataclass
class StreamRow:
    stream_id: str
    call_uuid: str
    account: str
    state: str
    cause: str
    started: bool
    ends: int
    charges: list[ChargeRow] = field(default_factory=list)


@dataclass
class CallbackRow:
    message_id: str
    stream_id: str
    account: str
    number: int
    event: str
    state: str


@dataclass
class ProcessUse:
    """What a process used before and after; 0 where it was not the same process."""

    name: str
    rss_before_mb: float = 0.0
    rss_after_mb: float = 0.0
    rss_peak_mb: float = 0.0
    descriptors_before: int = 0
    descriptors_after: int = 0
    threads_before: int = 0
    threads_after: int = 0


@dataclass
class History:
    """One trial. `noise_ms` is how late the machine was in it at its 99th percentile, for a bare timer or for a web process that was ready
    and had no core; `worst_noise_ms` a bare timer at worst; `others_cores` how many cores others had meanwhile. `remarks` are told
    beside its line of the table; `leaks` say where a secret was found, `seen_wrong` what the fault itself looks at and found wrong,
    `troubles` what kept the harness from finding out."""

    fault: str
    began_at: float = 0.0
    injected_at: float = 0.0
    healed_at: float = 0.0
    settled_at: float = 0.0
    noise_ms: float = 0.0
    worst_noise_ms: float = 0.0
    others_cores: float = 0.0
    calls: list[BroughtCall] = field(default_factory=list)
    streams: list[HeardStream] = field(default_factory=list)
    callbacks: list[HeardCallback] = field(default_factory=list)
    call_rows: list[CallRow] = field(default_factory=list)
    stream_rows: list[StreamRow] = field(default_factory=list)
    callback_rows: list[CallbackRow] = field(default_factory=list)
    processes: list[ProcessUse] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    seen_wrong: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """One JSON object a line, each with the kind of record it is."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for kind, record in self._records():
                file.write(json.dumps({"kind": kind, **record}, default=str) + "\n")

    def _records(self) -> Iterable[tuple[str, dict[str, Any]]]:
        whole = asdict(self)
        records = {name for name, value in whole.items() if isinstance(value, list) and name not in WORDS}
        yield "trial", {name: value for name, value in whole.items() if name not in records}
        for name in sorted(records):
            yield from ((name, record) for record in whole[name])
