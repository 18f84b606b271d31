"""The table of a run: a line for each fault, as it ends, and what it found.

Owns the words and columns. Must not know how a verdict comes about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.history import History
from tests.chaos.invariants import Finding, gap_p99_ms

MOST_FINDINGS = 12
GOOD, FAILED, DISTURBED, NOT_RUN = "good", "FAILED", "disturbed", "NOT RUN"
HEAD = ("fault", "fault s", "wait s", "streams", "frames", "callbacks", "lost", "gap ms", "noise", "RSS MB", "verdict")
WIDTHS = (42, 7, 6, 7, 6, 11, 4, 6, 5, 6, 9)
MUCH_NOISE_MS, MUCH_OF_OTHERS = 250.0, 0.5
"""How late a machine is, and how many of its cores others have meanwhile, where times prove nothing."""


@dataclass
class Row:
    """One fault's outcome. `reason` is why it was not run, `first_found` what a first try found that was made once more."""

    fault: str
    site: str
    history: History | None = None
    found: Sequence[Finding] = field(default_factory=list)
    first_found: Sequence[Finding] = field(default_factory=list)
    reason: str = ""

    @property
    def verdict(self) -> str:
        """What was found only by time counts where it is found twice, unless the machine was too late by others' doing to tell. What no
        late machine brings about counts as it is found; where it was disturbed and all is well the second time, that is not good yet."""
        if self.reason:
            return NOT_RUN
        if self.found and not (self.was_disturbed and all(finding.by_time for finding in self.found)):
            return FAILED
        return DISTURBED if self.found or not all(finding.by_time for finding in self.first_found) else GOOD

    @property
    def was_disturbed(self) -> bool:
        """By whoever else uses this machine."""
        history = self.history
        return history is not None and history.noise_ms > MUCH_NOISE_MS and history.others_cores >= MUCH_OF_OTHERS

    @property
    def is_to_be_tried_again(self) -> bool:
        """Once."""
        only_late = {finding.invariant for finding in self.found} == {"I8 audio"}
        return bool(self.found) and not self.first_found and (self.was_disturbed or only_late)

    @property
    def cells(self) -> tuple[str, ...]:
        history = self.history
        if history is None:
            return (self.fault, *[""] * 9, self.verdict)
        came = Counter(callback.message_id for callback in history.callbacks if callback.taken)
        owed = {row.message_id for row in history.callback_rows}
        frames = sum(call.sent for call in history.calls if call.whole)
        return (
            self.fault,
            f"{history.healed_at - history.injected_at:.1f}",
            f"{history.settled_at - history.healed_at:.1f}",
            str(len(history.streams)),
            str(frames),
            f"{len(owed)}/{len(came)}/{sum(count - 1 for count in came.values())}",
            str(lost_frames(history)),
            f"{gap_p99_ms(history):.0f}",
            f"{history.noise_ms:.0f}",
            f"{max((use.rss_peak_mb for use in history.processes), default=0):.0f}",
            self.verdict,
        )


def lost_frames(history: History) -> int:
    """Of the calls that the fault may not touch."""
    came: Counter[int] = Counter()
    for stream in history.streams:
        came.update({tag: stream.came(tag) for tag in {tag for tag, _, _ in stream.runs}})
    return sum(max(call.sent - came[call.tag], 0) for call in history.calls if call.taken and call.whole)


def line(cells: Sequence[str]) -> str:
    first, *more = zip(cells, WIDTHS, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in more)])


def words_of(row: Row) -> list[str]:
    """What is to be said of a row beside its line."""
    if row.reason:
        return [f"    {row.reason}"]
    first = [f"    at the first try: {row.first_found[0]}{others(len(row.first_found) - 1)}"] if row.first_found else []
    remarks = [f"    {words}" for words in row.history.remarks] if row.history else []
    shown = [f"    {finding}" for finding in row.found[:MOST_FINDINGS]]
    return [*remarks, *first, *shown, *([f"    {others(len(row.found) - MOST_FINDINGS)}"] if len(row.found) > MOST_FINDINGS else [])]


def others(count: int) -> str:
    return f" (and {count} more)" if count > 0 else ""


def summary(rows: Sequence[Row]) -> str:
    count = Counter(row.verdict for row in rows)
    disturbed = f"{count[DISTURBED]} disturbed, " if count[DISTURBED] else ""
    return f"{count[GOOD]} good, {count[FAILED]} failed, {disturbed}{count[NOT_RUN]} not run"
