"""What a control request does is in test_switchboard; here, that one nobody understands says so."""

from uuid import uuid4

import pytest

from streams import control
from streams.calls.control_acts import act_of
from streams.control import ClaimedRequest
from streams.models import ControlRequest
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import StreamRequest
from tests.streams.pure.call.driven import Driven


def test_what_of_a_start_was_taken_otherwise_is_noted_with_it() -> None:
    for problem, level in (("noise_cancellation_level is '130'.", Level.WARNING), ("", Level.INFO)):
        given = {"request": control.shown_request(StreamRequest("wss://bot.example/")), **({"problem": problem} if problem else {})}
        call = Driven()
        row = ControlRequest(details=given)
        act_of(ClaimedRequest("start", uuid4(), uuid4(), given, "API", row))(call.session, call.now)
        call.collect()
        noted = call.last(EventKind.STREAM_REQUESTED)
        assert noted.level == level and noted.details.get("problem", "") == problem


@pytest.mark.parametrize(("kind", "stream_id"), [("levitate", None), ("stop", None), ("start", None)])
def test_a_request_that_cannot_be_understood_is_named(kind: str, stream_id: None) -> None:
    with pytest.raises(LookupError, match=f"no control request '{kind}' for a call"):
        act_of(ClaimedRequest(kind, uuid4(), stream_id, {}, "API", ControlRequest()))
