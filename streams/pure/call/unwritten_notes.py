"""Which notes of a process the database does not have yet, as the lines that are kept of them on disk.

Owns what a file that is only appended to has to be given next, and what one that is written anew. Must not know files or the database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from streams.pure.call.note_lines import Signs, line_of_call, line_of_note, line_of_signs
from streams.pure.call.notes import CallFacts, CallKey, Note

LONGEST_LINE = 1_048_576


@dataclass(slots=True)
class _UnwrittenCall:
    """`place`: its number in the text. `told`: the file has its line."""

    place: int
    facts: CallFacts
    lines: dict[int, bytes] = field(default_factory=dict)
    told: bool = False


class UnwrittenNotes:
    """`waiting`: how many notes there are; `size`: of their lines, in bytes."""

    def __init__(self) -> None:
        self.waiting = self.size = 0
        self._calls: dict[CallKey, _UnwrittenCall] = {}
        self._places = 0
        self._with_gaps: set[CallKey] = set()
        self._fresh: dict[tuple[CallKey, int], bytes] = {}
        self._signs = b""
        self._signs_are_fresh = False

    # What happens ------------------------------------------------------------------------------------------------------------
    def note(self, facts: CallFacts, note: Note) -> None:
        """A note comes. Raises ValueError for one that no line can be made of; then nothing is said of when its call was heard of."""
        call = self._calls.get(facts.key)
        if call is None:
            self._places += 1
            call = self._calls[facts.key] = _UnwrittenCall(self._places, facts)
        if note.number in call.lines:
            return
        line = self._line(call, note)
        call.lines[note.number] = self._fresh[facts.key, note.number] = line
        self.waiting += 1
        self.size += len(line)

    def _line(self, call: _UnwrittenCall, note: Note) -> bytes:
        try:
            line = line_of_note(call.place, note)
            if len(line) > LONGEST_LINE:
                raise ValueError(f"it has {len(line)} bytes")
        except (TypeError, ValueError, RecursionError, RuntimeError) as error:
            self._with_gaps.add(call.facts.key)
            raise ValueError(f"note {note.number} ({note.kind}) of call {call.facts.call_id} cannot be kept: {error}") from error
        return line

    def written(self, key: CallKey, numbers: Iterable[int]) -> None:
        """The database has these."""
        call = self._calls.get(key)
        if call is not None:
            self._drop(call, numbers)

    def forget(self, key: CallKey) -> None:
        """What is left of a call is not to be written, or nothing is left."""
        call = self._calls.pop(key, None)
        self._with_gaps.discard(key)
        if call is not None:
            self._drop(call, list(call.lines))

    def _drop(self, call: _UnwrittenCall, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._fresh.pop((call.facts.key, number), None)
            line = call.lines.pop(number, None)
            if line is not None:
                self.waiting -= 1
                self.size -= len(line)

    def heard(self, signs: Signs) -> None:
        """When live calls were heard of last: those that are named, and no others."""
        told = {seconds: [key for key in calls if key not in self._with_gaps] for seconds, calls in signs.items()}
        self._signs = line_of_signs(told) if any(told.values()) else b""
        self._signs_are_fresh = bool(self._signs)

    # What is kept ------------------------------------------------------------------------------------------------------------
    @property
    def something_to_keep(self) -> bool:
        return bool(self.waiting or self._signs)

    def fresh(self) -> Iterator[bytes]:
        """What the file does not have yet; once `kept` is called it has."""
        told: set[CallKey] = set()
        for (key, _), line in self._fresh.items():
            call = self._calls[key]
            if not call.told and key not in told:
                told.add(key)
                yield line_of_call(call.place, call.facts)
            yield line
        if self._signs_are_fresh:
            yield self._signs

    def everything(self) -> Iterator[bytes]:
        """For a file that is begun anew."""
        for call in self._calls.values():
            if call.lines:
                yield line_of_call(call.place, call.facts)
                yield from call.lines.values()
        if self._signs:
            yield self._signs

    def kept(self, *, anew: bool) -> None:
        """The file has what was `fresh`; or, `anew`, `everything` and nothing else."""
        if anew:
            for call in self._calls.values():
                call.told = bool(call.lines)
        for key, _ in self._fresh:
            self._calls[key].told = True
        self._fresh.clear()
        self._signs_are_fresh = False
