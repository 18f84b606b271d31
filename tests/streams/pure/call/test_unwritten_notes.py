"""What a process has not written yet, as lines of a file that is only appended to, and read back: nothing is lost, nothing twice."""

import random
from dataclasses import fields
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.note_lines import StoredNotes, line_of_call, line_of_note
from streams.pure.call.notes import CallFacts, CallKey, Note
from streams.pure.call.unwritten_notes import UnwrittenNotes
from streams.pure.lifecycle import EventKind, Level

CALLS = [CallFacts(UUID(int=number), 1, 2, 3, "+1415", "1800", "inbound", "gw", 1_700_000_000.5) for number in range(3)]


def note(number: int, **details: object) -> Note:
    return Note(number, EventKind.CALL_DTMF, 1_700_000_001.25, Level.INFO, None, details)


def stored(*texts: bytes) -> StoredNotes:
    found = StoredNotes()
    for text in texts:
        found.read(text, signs_count=True)
    return found


def numbers(found: StoredNotes) -> dict[CallKey, list[int]]:
    told = {call.facts.key: [each.number for each in call.notes()[0]] for call in found.calls.values()}
    return {call_id: its for call_id, its in told.items() if its}


def test_a_note_comes_back_as_it_was() -> None:
    written = Note(7, EventKind.STREAM_ENDED, 1_700_000_001.123456, Level.ERROR, uuid4(), {"words": 'é "x"\n', "n": [1, None]}, {"a": 1.5})
    (call,) = stored(line_of_call(1, CALLS[0]), line_of_note(1, written)).calls.values()
    assert call.facts == CALLS[0] and call.notes() == ([written], 0)


def test_fields_and_lines_of_a_newer_version_are_passed_over() -> None:
    text = line_of_call(1, CALLS[0]).replace(b"{", b'{"colour":"red",', 1) + b"X 3 whatever\n"
    text += line_of_note(1, note(1)).replace(b"{", b'{"colour":"red",', 1)
    found = stored(text)
    assert numbers(found) == {CALLS[0].key: [1]} and found.unread == 0


@given(st.binary(max_size=200))
def test_no_line_breaks_reading(junk: bytes) -> None:
    found = stored(line_of_call(1, CALLS[0]) + b"N 1 " + junk + b"\nC 2 " + junk + b"\nH 0 " + junk + b"\n" + junk)
    for call in found.calls.values():
        call.notes()


def test_what_makes_no_sense_is_counted_and_takes_nothing_with_it() -> None:
    unknown = line_of_note(1, note(2)).replace(b"call_dtmf", b"call_levitated")
    found = stored(line_of_call(1, CALLS[0]) + line_of_note(1, note(1)) + unknown + b"N 9 {}\n" + b"H 0 {]\n" + line_of_note(1, note(3)))
    (call,) = found.calls.values()
    assert ([each.number for each in call.notes()[0]], call.notes()[1], found.unread) == ([1, 3], 1, 2)


@given(st.integers(0, 2**32))
def test_whatever_is_written_and_whenever_the_file_is_begun_anew_it_has_what_is_not_written(seed: int) -> None:
    chance = random.Random(seed)
    unwritten, file = UnwrittenNotes(), b""
    waiting: dict[CallKey, set[int]] = {facts.key: set() for facts in CALLS}
    given_to: dict[CallKey, int] = dict.fromkeys(waiting, 0)
    for _ in range(60):
        facts = chance.choice(CALLS)
        match chance.choice(["note", "note", "written", "forget", "append", "anew"]):
            case "note":
                given_to[facts.key] += 1
                waiting[facts.key].add(given_to[facts.key])
                unwritten.note(facts, note(given_to[facts.key]))
            case "written" if waiting[facts.key]:
                number = chance.choice(sorted(waiting[facts.key]))
                waiting[facts.key].discard(number)
                unwritten.written(facts.key, [number])
            case "forget":
                waiting[facts.key].clear()
                unwritten.forget(facts.key)
            case "append":
                file += b"".join(unwritten.fresh())
                unwritten.kept(anew=False)
            case "anew":
                file = b"".join(unwritten.everything())
                unwritten.kept(anew=True)
                assert numbers(stored(file)) == {call_id: sorted(its) for call_id, its in waiting.items() if its}
    file += b"".join(unwritten.fresh())
    found = stored(file)
    told: dict[CallKey, set[int]] = {}
    for call_id, its in numbers(found).items():
        told.setdefault(call_id, set()).update(its)
    assert found.unread == 0 and all(its <= told.get(call_id, set()) for call_id, its in waiting.items())
    assert unwritten.waiting == sum(map(len, waiting.values())) and (unwritten.size > 0) == bool(unwritten.waiting)


def test_the_last_sign_of_life_counts_but_not_behind_a_gap() -> None:
    unwritten = UnwrittenNotes()
    unwritten.note(CALLS[0], note(1))
    unwritten.heard({1_700_000_010: [CALLS[0].key], 1_700_000_008: [CALLS[1].key]})
    found = stored(b"".join(unwritten.everything()))
    assert found.heard == {CALLS[0].key: 1_700_000_010, CALLS[1].key: 1_700_000_008}
    unwritten.heard({1_700_000_020: [CALLS[0].key]})
    found.read(b"".join(unwritten.fresh()), signs_count=False)
    assert found.heard[CALLS[0].key] == 1_700_000_010


def test_of_a_call_with_a_note_that_cannot_be_kept_no_sign_of_life_is() -> None:
    unwritten = UnwrittenNotes()
    with pytest.raises(ValueError, match=r"note 1 \(call_dtmf\) of call .* cannot be kept: it has \d+ bytes"):
        unwritten.note(CALLS[0], note(1, digit="1" * 2_000_000))
    with pytest.raises(ValueError, match="cannot be kept"):
        unwritten.note(CALLS[1], note(1, **{"a": {(1, 2): 3}}))
    unwritten.heard({1_700_000_010: [facts.key for facts in CALLS]})
    assert list(stored(b"".join(unwritten.everything())).heard) == [CALLS[2].key] and unwritten.waiting == 0


def test_facts_of_a_call_are_told_in_fields_that_json_has() -> None:
    assert {each.name for each in fields(CallFacts)} == set(CallFacts.__slots__)
    assert stored(line_of_call(3, CALLS[1])).calls[3].facts == CALLS[1]
