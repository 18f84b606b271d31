"""A column of a list that tells the time of its rows by the clock of the reader's own zone, beside UTC.

Owns that column, and where it stands. How such a time is written is cdr.pure.second_time's. Must not know which lists there are."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from cdr.pure.figures import NOTHING
from cdr.pure.second_time import second_time

TICKED = {ACTION_CHECKBOX_NAME, "action_checkbox"}
Shown = str | Callable[[Any], str | bool]


def with_second_time(columns: Sequence[Shown], head: str, time_of: Callable[[Any], datetime | None], zone: str) -> list[Shown]:
    """After the first column that is no box to tick, which has the time in UTC. Its head names the zone."""

    def second(row: Any) -> str:
        at = time_of(row)
        return second_time(at, zone) if at else NOTHING

    second.short_description = f"{head} ({zone})"  # type: ignore[attr-defined]  # Django reads a head there
    place = next(number for number, column in enumerate(columns) if column not in TICKED) + 1
    return [*columns[:place], second, *columns[place:]]
