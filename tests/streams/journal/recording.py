"""A call's notes, written by the process that holds its lease."""

from typing import Any

from streams import journal
from streams.pure.call.notes import CallFacts
from tests.streams.rows import Story

OWNER = "a" * 32
LEASE_SECONDS = 20.0


def record(facts: CallFacts, story: Story, owner: str = OWNER, **more: Any) -> None:
    journal.record(owner, LEASE_SECONDS, facts, story.notes, **more)
