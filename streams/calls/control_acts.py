"""What each control request does to a live call.

Owns the list of kinds. Must not know how a request came here, nor who looks for it."""

from uuid import UUID

from streams.control import ClaimedRequest, whole_request
from streams.pure.call.session import CallAct
from streams.pure.lifecycle import API_HANGUP, EndCause


def act_of(asked: ClaimedRequest) -> CallAct:
    """What to do to the session of its call. Raises for a request that cannot be understood."""
    from_api, by = asked.by == "API", asked.by
    match asked.kind, asked.stream_id:
        case "start", UUID() as stream_id:
            request, source = whole_request(asked.row), "API" if from_api else "console"
            problem: str = asked.details.get("problem", "")
            return lambda session, now: session.start_stream(stream_id, request, source, now, problem=problem)
        case "stop", UUID() as stream_id:
            cause = EndCause.STOPPED_BY_API if from_api else EndCause.STOPPED_BY_OPERATOR
            return lambda session, now: session.stop_stream(stream_id, cause, by, now)
        case "hang_up", _:
            return lambda session, now: session.hang_up(API_HANGUP, f"Hung up at the request of {by}.", now)
        case "send_dtmf", _:
            digits: str = asked.details["digits"]
            return lambda session, now: session.send_dtmf(digits, now)
    raise LookupError(f"There is no control request {asked.kind!r} for {'a stream' if asked.stream_id else 'a call'}.")
