"""What is to be said of an account in a sentence, for somebody who has the customer on the phone.

Owns the wording. Must not know rows or pages."""

from collections.abc import Sequence

from cdr.pure.badges import Badge
from cdr.pure.figures import counted

NO_NEW_STREAMS = Badge("⊘", "no new streams: spending limit", "bad")


def account_story(tallies: Sequence[tuple[int, int]], calls: int, streams: int, worst: str, *, stopped: bool) -> list[str]:
    """`tallies`: how many streams, and how many of them failed, in 5 minutes, an hour, a day. `worst`: the host where most failed."""
    _, (hour, hour_failed), (day, day_failed) = tallies
    live = (
        f"{counted(calls, 'call')} and {counted(streams, 'stream')} {'are' if calls + streams != 1 else 'is'} live."
        if calls or streams
        else "Nothing is live."
    )
    late = f"{hour_failed:,} of the {counted(hour, 'stream')} of the last hour failed" if hour_failed else ""
    past = f"{day_failed:,} of the {counted(day, 'stream')} of the last 24 hours" + ("" if late else " failed")
    where = f", most of them at {worst}." if worst else "."
    failed = (
        f"{late}, {past}{where}" if late else f"{past}{where}" if day_failed else "No stream failed in the last 24 hours." if day else ""
    )
    none = "" if day else "No stream was asked for in the last 24 hours."
    stop = "No new stream begins until the month is over or the spending limit is raised." if stopped else ""
    return [" ".join(filter(None, (stop, live, failed or none)))]
