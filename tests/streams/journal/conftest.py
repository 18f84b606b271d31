"""A call that has begun: who it is, and its first note."""

import pytest

from streams.pure.call.notes import CallFacts
from streams.pure.lifecycle import EventKind
from tests.streams.rows import Story, call_facts, gateway


@pytest.fixture
def facts() -> CallFacts:
    return call_facts(gateway())


@pytest.fixture
def story() -> Story:
    story = Story()
    story.add(EventKind.CALL_STARTED, gateway="pbx")
    return story
