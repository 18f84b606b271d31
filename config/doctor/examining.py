"""Runs examinations one after the other, each in a thread of its own and for a bounded time: what hangs or breaks is a finding as well.

Owns the order and the bound. Must not know what is examined."""

from collections.abc import Iterator, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import NamedTuple

from django.db import connections

from config.doctor.findings import Examination, Finding, Severity, error
from streams.outages import in_a_line
from streams.pure.scrubbing import scrubbed

LIMIT_SECONDS = 15.0


class Report(NamedTuple):
    """`skipped`: why it was not examined."""

    name: str
    findings: list[Finding]
    skipped: str = ""


def examine_all(examinations: Sequence[Examination], limit_seconds: float = LIMIT_SECONDS) -> Iterator[Report]:
    """Each as soon as it is known."""
    to_do_first: dict[str, str] = {}
    for each in examinations:
        if (missing := next((name for name in each.needs if name in to_do_first), "")) != "":
            yield Report(each.name, [], to_do_first[missing])
            continue
        report = Report(each.name, findings_of(each, limit_seconds))
        if any(found.severity is Severity.ERROR for found in report.findings):
            to_do_first[each.name] = each.remedy
        yield report


def in_safe_words(problem: BaseException) -> str:
    """In a line, without what is secret in it, and without a full stop."""
    return scrubbed(in_a_line(problem)).rstrip(". ")


def findings_of(examination: Examination, limit_seconds: float) -> list[Finding]:
    answers: Queue[list[Finding]] = Queue()

    def examine() -> None:
        try:
            found = list(examination.examine())
        except Exception as broken:  # noqa: BLE001 - whatever it is, the other examinations are made
            what = f"This could not be examined: {type(broken).__name__}, {in_safe_words(broken)}."
            found = [error(what, "See whether another finding explains it.")]
        finally:
            connections.close_all()
        answers.put(found)

    # No pool: a thread that hangs must not keep the command from ending.
    Thread(target=examine, name=f"doctor: {examination.name}", daemon=True).start()
    try:
        return answers.get(timeout=limit_seconds)
    except Empty:
        return [error(f"There was no answer within {limit_seconds:g} s.", "See whether what it asks hangs, and whether the network does.")]
