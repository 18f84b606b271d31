"""The shapes of what the API answers and takes, for the OpenAPI schema and the reference page made from it.

Owns names, types and their descriptions (Plivo's voice API; what is ours beyond it says so). Must not know rows."""

from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from streams.pure.audio.convert import CONTENT_TYPES
from streams.pure.audio.dtmf_digits import MOST_CHARACTERS
from streams.pure.customer.stream_request import METHODS, TRACKS

ApiId = Annotated[str, Field(description="Names this answer; quote it when you ask about it.")]
Moment = Annotated[str, Field(description="UTC, as 2026-11-23 14:01:37+00:00.")]
Amount = Annotated[str, Field(description="With five decimals, in the account's currency.", examples=["0.00300"])]


class Error(Schema):
    """Every answer from 400 on."""

    api_id: ApiId
    error: Annotated[str, Field(description="What is wrong, and what would be right.")]


class Meta(Schema):
    """Where a page stands in its list. `next` and `previous` are relative URLs."""

    limit: int
    offset: int
    next: str | None
    previous: str | None
    total_count: int
    count: Annotated[int, Field(description="The same as total_count, under the name older SDKs read.")]


class AccountAnswer(Schema):
    """The account, in the form of Plivo's: what it has no word for here is empty."""

    api_id: ApiId
    auth_id: str
    name: str
    resource_uri: str
    account_type: str = "standard"
    billing_mode: str = "postpaid"
    cash_credits: Amount = "0.00000"
    auto_recharge: bool = False
    timezone: str = "UTC"
    address: str = ""
    city: str = ""
    state: str = ""


class Usage(Schema):
    """What streams came to that ended in a time. `day`, `month` or `application` as it was asked for; null the others."""

    day: str | None
    month: str | None
    application: Annotated[str | None, Field(description="Its name; empty where there is none any more.")]
    currency: Annotated[str, Field(examples=["USD"], description="Of the amount. Each currency has lines of its own.")]
    streams: int
    bill_duration: Annotated[int, Field(description="Seconds from first packet to end, each rounded up.")]
    rounded_bill_duration: Annotated[int, Field(description="Seconds billed.")]
    billed_amount: Annotated[str, Field(description="With five decimals.", examples=["0.00300"])]


class UsageAnswer(Schema):
    """Streamdesk's own: Plivo has no such answer."""

    api_id: ApiId
    # `from` is a word of Python's own.
    first: Annotated[str, Field(serialization_alias="from", description="The first day.")]
    to: Annotated[str, Field(description="The first day that is not counted.")]
    time_zone: Annotated[str, Field(description="Whose days these are: the account's.")]
    by: str
    objects: list[Usage]


class EmptyList(Schema):
    """A list of what no account has here."""

    api_id: ApiId
    meta: Meta
    objects: Annotated[list[str], Field(description="Always empty.", max_length=0)] = []


class NoConferences(Schema):
    """That list, in the form conferences have: by their names."""

    api_id: ApiId
    conferences: Annotated[list[str], Field(description="Always empty.", max_length=0)] = []


class StreamStart(Schema):
    """What a stream is started with. JSON values may be given as text ("true", "60"); unknown names are ignored."""

    service_url: Annotated[str, Field(description="The WebSocket service that gets the audio: ws:// or wss://.", max_length=2048)]
    bidirectional: Annotated[bool, Field(description="The service may send audio back. Only with audio_track inbound.")] = False
    audio_track: Literal[TRACKS] = "inbound"  # type: ignore[valid-type]
    stream_timeout: Annotated[int, Field(description="Seconds after which the stream is ended.", ge=1, le=2_147_483_647)] = 86_400
    status_callback_url: Annotated[str, Field(description="Where status callbacks go. Also read as stream_status_callback_url.")] = ""
    status_callback_method: Literal[METHODS] = "POST"  # type: ignore[valid-type]
    content_type: Literal[tuple(CONTENT_TYPES)] = "audio/x-l16;rate=8000"  # type: ignore[valid-type]
    extra_headers: Annotated[str, Field(description="key=value pairs separated by commas, at most 512 bytes.")] = ""
    noise_cancellation: Annotated[bool, Field(description="Suppress the noise of the inbound track.")] = False
    noise_cancellation_level: Annotated[
        int, Field(description="How strongly, 60 to 100 (docs/streaming.md). A number beyond is taken as the nearest; the log says so.")
    ] = 85


class StreamStarted(Schema):
    api_id: ApiId
    message: Annotated[str, Field(examples=["audio streaming started"])]
    stream_id: UUID


class SendDigits(Schema):
    """What digits are sent with. Unknown names are ignored."""

    digits: Annotated[
        str,
        Field(
            description="0-9, *, #, A-D, and for a pause w (0.5 s) or W (1 s); at most 100 characters and 30 s.",
            min_length=1,
            max_length=MOST_CHARACTERS,
            examples=["1234#"],
        ),
    ]
    leg: Annotated[Literal["aleg"], Field(description="A call has one leg here.")] = "aleg"


class DigitsSent(Schema):
    api_id: ApiId
    message: Annotated[str, Field(examples=["digits sent"])]


class StreamObject(Schema):
    """One stream. Its charge stands in it from the moment it has ended."""

    stream_id: UUID
    call_uuid: UUID
    plivo_auth_id: Annotated[str, Field(description="The account's auth id.")]
    resource_uri: str
    service_url: str
    stream_url: Annotated[str, Field(description="The same as service_url, under the name Plivo's command line reads.")]
    audio_track: str
    bidirectional: bool
    content_type: str
    stream_timeout: int
    status_callback_url: str
    status_callback_method: str
    extra_headers: str
    status: Annotated[str, Field(description="initiated, in-progress, completed, or failed (ended by a connection error).")]
    hangup_reason: Annotated[str | None, Field(description="Why it ended: API request, Call hangup, Connection error, Stream timeout.")]
    created_at: Annotated[str, Field(description="When it was asked for, UTC with microseconds.")]
    start_time: Moment | None
    end_time: Moment | None
    bill_duration: Annotated[int, Field(description="Seconds from the first packet to the end, rounded up.")]
    rounded_bill_duration: Annotated[int, Field(description="Seconds billed: rounded up to the billing interval.")]
    billed_amount: Amount


class ConversationObject(Schema):
    """How the caller and the service conversed (docs/turns.md)."""

    turns: int
    response_p50_ms: Annotated[
        int | None, Field(description="From the caller's end to when the service was heard; null where it never answered.")
    ]
    response_p95_ms: int | None
    response_longest_ms: int | None
    greeting_ms: Annotated[int | None, Field(description="From the request for the stream to the first that was heard of the service.")]
    long_silences: Annotated[int, Field(description="How often neither spoke for more than 3 s.")]
    caller_interruptions: Annotated[int, Field(description="How often the caller began while the service spoke.")]
    bot_interruptions: Annotated[int, Field(description="How often the service began while the caller spoke.")]
    caller_ms: Annotated[int, Field(description="How long the caller spoke.")]
    bot_ms: Annotated[int, Field(description="How long the service was heard.")]
    both_ms: Annotated[int, Field(description="How long both spoke.")]


class NoiseObject(Schema):
    """How the noise cancellation of a stream goes (docs/streaming.md). Streamdesk's own."""

    level: int
    strength: Annotated[str | None, Field(description="low, moderate, high or very high; null where nothing was measured yet.")]
    cpu_ms_a_minute: Annotated[float | None, Field(description="CPU that a minute of audio takes.")]
    problem: Annotated[str, Field(description="Why the stream goes on without it; empty where it does not.")]


class StreamAnswer(StreamObject):
    api_id: ApiId
    noise_cancellation: Annotated[NoiseObject | None, Field(description="Null where it was not asked for.")]
    conversation: Annotated[
        ConversationObject | None, Field(description="Of a bidirectional stream that has ended; null where it is not measured.")
    ]


class StreamList(Schema):
    api_id: ApiId
    meta: Meta
    objects: list[StreamObject]


class CallObject(Schema):
    """One call. What it cost are its streams' charges."""

    call_uuid: UUID
    parent_call_uuid: None = None
    resource_uri: str
    call_direction: str
    call_state: Annotated[str, Field(description="ANSWER, as every call that a gateway brings is answered.")]
    from_number: str
    to_number: str
    initiation_time: Moment
    answer_time: Moment
    end_time: Moment | None
    call_duration: Annotated[int, Field(description="Seconds from start to end, rounded up.")]
    bill_duration: Annotated[int, Field(description="The same as call_duration.")]
    billed_duration: Annotated[int, Field(description="Seconds billed for the call's streams.")]
    total_amount: Amount
    total_rate: Annotated[str, Field(description="The account's price of one billing interval of a stream, when the call started.")]
    hangup_cause_code: int | None
    hangup_cause_name: str | None
    hangup_source: str | None
    stir_verification: str = "Not Applicable"
    stir_attestation: str | None = None
    source_ip: str | None = None
    voice_network_group: str | None = None
    cnam_lookup: str | None = None
    conference_uuid: str | None = None


class CallAnswer(CallObject):
    api_id: ApiId


class LiveCall(Schema):
    """A call that is going on, as ?status=live answers it."""

    api_id: ApiId
    call_uuid: UUID
    call_status: Literal["in-progress"] = "in-progress"
    direction: str
    # `from` is a word of Python's own.
    caller: Annotated[str, Field(serialization_alias="from")]
    to: str
    caller_name: str
    request_uuid: UUID
    parent_call_uuid: None = None
    session_start: Annotated[str, Field(description="UTC, as 2026-11-23 14:01:37.250000.")]


class CallList(Schema):
    api_id: ApiId
    meta: Meta
    objects: list[CallObject]


class CallIds(Schema):
    """The calls with ?status=live or ?status=queued, newest first."""

    api_id: ApiId
    calls: list[UUID]
