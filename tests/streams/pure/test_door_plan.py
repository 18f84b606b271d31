"""What is left for calls, whatever the limit is."""

import pytest

from streams.pure.door_plan import OF_A_REQUEST, OWN, door_plan


@pytest.mark.parametrize("limit", [256, 512, 1024, 4096, 65_536, 1_048_576])
def test_each_call_that_is_taken_finds_a_descriptor_for_its_customer_and_some_are_kept(limit: int) -> None:
    plan = door_plan(limit)
    at_the_door = plan.taken + plan.waiting
    ours = OWN + OF_A_REQUEST * plan.pages.at_once
    assert at_the_door + ours + plan.taken + plan.kept <= limit
    assert plan.taken >= limit // 5
    assert plan.calls.there + plan.pages.there < plan.taken, "calls that are let in have room as well"


@pytest.mark.parametrize("limit", [64, 128, 256, 1024, 65_536])
def test_nobody_alone_has_all(limit: int) -> None:
    plan = door_plan(limit)
    for turns in (plan.calls, plan.pages, plan.probes):
        assert 0 < turns.at_once_each < turns.at_once
        assert 0 < turns.there_each < turns.there
