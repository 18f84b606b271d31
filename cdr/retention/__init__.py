"""Removes of old calls what need not be kept: numbers, payloads, events, each after days of its own, by account.

`due` says of which calls, `removal` takes it out of their rows, `runs` does it bit by bit, `plan` says what would be done. `recordings`
are no part of a round: they have days and files of their own."""

from cdr.retention.due import installation_days
from cdr.retention.plan import RetentionPlan, planned
from cdr.retention.recordings import kept_days, remove_recordings
from cdr.retention.runs import Busy, apply, apply_all

__all__ = ["Busy", "RetentionPlan", "apply", "apply_all", "installation_days", "kept_days", "planned", "remove_recordings"]
