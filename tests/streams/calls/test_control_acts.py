"""What a control request does is in test_switchboard; here, that one nobody understands says so."""

from uuid import uuid4

import pytest

from streams.calls.control_acts import act_of
from streams.control import ClaimedRequest
from streams.models import ControlRequest


@pytest.mark.parametrize(("kind", "stream_id"), [("levitate", None), ("stop", None), ("start", None)])
def test_a_request_that_cannot_be_understood_is_named(kind: str, stream_id: None) -> None:
    with pytest.raises(LookupError, match=f"no control request '{kind}' for a call"):
        act_of(ClaimedRequest(kind, uuid4(), stream_id, {}, "API", ControlRequest()))
