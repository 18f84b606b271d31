"""What a test of a service URL showed, in one sentence for the customer on the phone and a line for each fact.

Owns the wording. Must not know rows; the facts come as streams.pure.customer.url_report writes them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cdr.pure.badges import Badge
from cdr.pure.figures import counted, spoken_ms
from cdr.pure.log.wording import with_full_stop
from streams.pure.foreign_text import cleaned

Report = Mapping[str, Any]
SLOW_MS = 500
"""How much audio may be left untaken after two seconds: any more would become a degraded stream within a minute."""

UNFINISHED = Badge("○", "not over yet", "live")
GOOD, WARN, BAD = Badge("✓", "works", "good"), Badge("▲", "with doubts", "warn"), Badge("✕", "fails", "bad")


class Verdict(NamedTuple):
    badge: Badge
    sentence: str


def verdict(report: Report) -> Verdict:
    if failure := cleaned(report["failure"]):
        return Verdict(BAD, f"A stream would not begin. {with_full_stop(failure)}")
    if report["closed_ms"] is not None:
        after = spoken_ms(report["closed_ms"])
        return Verdict(BAD, f"A stream would be dropped: {after} after dialling it was over. {with_full_stop(cleaned(report['closed']))}")
    if report["unsent_ms"] >= SLOW_MS:
        unsent = spoken_ms(report["unsent_ms"])
        return Verdict(WARN, f"A stream would begin, but the service takes audio too slowly: {unsent} of two seconds were not taken.")
    if report["ignored_count"]:
        ignored = counted(report["ignored_count"], "message")
        return Verdict(WARN, f"A stream would begin, but {ignored} of the service could not be carried out; they are listed below.")
    return Verdict(GOOD, f"A stream would work: the service took two seconds of audio{_answer(report)}")


def _answer(report: Report) -> str:
    if not report["said"]:
        return " and said nothing, as one that only listens does."
    first = report["said"][0]
    return f", and its first message, {first['event']}, came {spoken_ms(first['at_ms'])} after dialling."


STEP_WORDS = {"resolved": "name looked up", "connected": "TCP connected", "secured": "TLS agreed", "upgraded": "WebSocket upgraded"}


def steps_in_words(report: Report) -> str:
    """`name looked up in 2 ms, TCP connected in 14 ms ...`, as far as it came."""
    steps = report["steps"]
    return ", ".join(f"{words} in {spoken_ms(steps[step])}" for step, words in STEP_WORDS.items() if step in steps)


def said_in_words(said: Mapping[str, Any]) -> str:
    """One line of what came: `98 × playAudio, mulaw 8000 Hz, 1.96 s of audio`."""
    times = f"{said['count']} × " if said["count"] > 1 else ""
    audio = f"{spoken_ms(said['audio_ms'])} of audio" if said["audio_ms"] else ""
    return ", ".join(filter(None, (times + str(said["event"]), cleaned(said["words"]), audio)))
