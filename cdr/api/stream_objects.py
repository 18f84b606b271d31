"""A stream's row, or what stands in for it, as the API's stream object.

Owns which column is which field, and the words for a stream's status. Must not know requests."""

from cdr.api.forms import amount, api_moment, exact_utc
from cdr.api.schemas import ConversationObject, NoiseObject, StreamObject
from cdr.models import Charge
from streams.models import Stream
from streams.pure.lifecycle import HangupReason, StreamState


def status(stream: Stream) -> str:
    """`initiated` is documented; the other words are those of the trade."""
    if stream.state == StreamState.ENDED:
        return "failed" if stream.hangup_reason == HangupReason.CONNECTION_ERROR else "completed"
    return "in-progress" if stream.state == StreamState.STREAMING else "initiated"


def stream_object(stream: Stream) -> StreamObject:
    """The object of a stream whose call, account and charge were selected with it."""
    charge: Charge | None = getattr(stream, "charge", None)
    auth_id, call_uuid = stream.account.auth_id, stream.call.uuid
    return StreamObject(
        stream_id=stream.uuid,
        call_uuid=call_uuid,
        plivo_auth_id=auth_id,
        resource_uri=f"/v1/Account/{auth_id}/Call/{call_uuid}/Stream/{stream.uuid}/",
        service_url=stream.service_url,
        stream_url=stream.service_url,
        audio_track=stream.audio_track,
        bidirectional=stream.bidirectional,
        content_type=stream.content_type,
        stream_timeout=stream.stream_timeout_seconds,
        status_callback_url=stream.status_callback_url,
        status_callback_method=stream.status_callback_method,
        extra_headers=stream.extra_headers,
        status=status(stream),
        hangup_reason=stream.hangup_reason or None,
        created_at=exact_utc(stream.requested_at),
        start_time=api_moment(stream.started_at) if stream.started_at else None,
        end_time=api_moment(stream.ended_at) if stream.ended_at else None,
        bill_duration=charge.seconds if charge else 0,
        rounded_bill_duration=charge.billed_seconds if charge else 0,
        billed_amount=amount(charge.amount if charge else None),
    )


def noise_object(stream: Stream) -> NoiseObject | None:
    """Of a stream whose timing was selected with it."""
    if not stream.noise_cancellation:
        return None
    kept = getattr(getattr(stream, "measure", None), "noise", None) or {}
    return NoiseObject(
        level=stream.noise_cancellation_level,
        strength=kept.get("strength"),
        cpu_ms_a_minute=kept.get("cpu_ms_a_minute"),
        problem=kept.get("problem") or "",
    )


def conversation_object(stream: Stream) -> ConversationObject | None:
    """Of a stream whose conversation was selected with it."""
    talk = getattr(stream, "conversation", None)
    return ConversationObject(**{name: getattr(talk, name) for name in ConversationObject.model_fields}) if talk else None
