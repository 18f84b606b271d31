"""The shapes of what the API tells of a stream's debug log, of its callbacks, and of an account's statements: what pages show.

Owns names, types and their descriptions. All of it is Streamdesk's own: Plivo has no such answers. Must not know rows."""

from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from cdr.api.schemas import Amount, ApiId, Meta, Moment

ExactMoment = Annotated[str, Field(description="UTC with microseconds, as 2026-11-23 14:01:37.250000+00:00.")]
StreamSeconds = Annotated[int, Field(description="From the first packet to the end, each stream's rounded up.")]
BilledSeconds = Annotated[int, Field(description="Seconds billed: each stream's rounded up to the billing interval.")]


class EventObject(Schema):
    """One line of a debug log. It does not change."""

    number: Annotated[int, Field(description="Counts the log's lines from 1, in the order in which they were written.")]
    time: Annotated[str, Field(description="When it happened, UTC. What is written late is older than the line before it.")]
    kind: Annotated[str, Field(examples=["connect_failed"], description="There may be new ones.")]
    level: Annotated[str, Field(description="debug, info, warning or error.")]
    source: Annotated[str, Field(description="Whose event it is: stream, or call.")]
    message: Annotated[str, Field(description="What happened, in a sentence. To be read: the wording may change.")]
    details: Annotated[dict[str, str], Field(description="What the sentence does not say, as text.")]


class EventList(Schema):
    """Some lines of a debug log. Whoever follows a live one asks again with `after` and the number in `next`."""

    api_id: ApiId
    meta: Meta
    next: Annotated[int, Field(description="The number of the last line here: what `after` is to be, next time.")]
    ended: Annotated[bool, Field(description="The stream has ended: once no line comes any more, that was all of it.")]
    call_ended: Annotated[bool, Field(description="The call has ended.")]
    objects: list[EventObject]


class RecordingAnswer(Schema):
    """What there is to be heard of a stream (docs/recordings.md)."""

    api_id: ApiId
    stream_id: UUID
    state: Annotated[str, Field(description="writing, kept, not kept or removed.")]
    start_time: Annotated[ExactMoment | None, Field(description="The moment of its first sample.")]
    duration_ms: int | None
    size: Annotated[int | None, Field(description="In bytes.")]
    gaps: Annotated[
        list[list[int]], Field(description="Where nothing of the caller reached the service: [from, to] in milliseconds of the recording.")
    ]
    file_uri: Annotated[str | None, Field(description="Where its bytes are; null where there are none.")]


class AttemptObject(Schema):
    """One try to deliver a callback."""

    number: int
    start_time: ExactMoment
    duration_ms: int
    address: Annotated[str, Field(description="The address that was asked; empty when there was none.")]
    status_code: Annotated[int | None, Field(description="Of the answer; null when there was none.")]
    error: Annotated[str, Field(description="What was wrong, in a sentence; empty when it was delivered.")]
    answer: Annotated[str, Field(description="The beginning of the answer's body.")]


class CallbackObject(Schema):
    """One status callback of a stream, with the last tries to deliver it."""

    callback_id: Annotated[str, Field(description="Its webhook-id, the same in every try.")]
    number: Annotated[int, Field(description="Counts the stream's callbacks from 1.")]
    event: Annotated[str, Field(examples=["StartStream"])]
    method: str
    url: Annotated[str, Field(description="Without user name, password, and values of its query.")]
    state: Annotated[str, Field(description="pending, delivered or given_up.")]
    created_at: ExactMoment
    finished_at: Annotated[str | None, Field(description="When it was delivered or given up.")]
    tries: int
    next_try: Annotated[str | None, Field(description="When it is tried next; null when it is not.")]
    held: Annotated[bool, Field(description="It waits until its host is unblocked by the operator.")]
    attempts: Annotated[list[AttemptObject], Field(description="The last 20, in their order.")]


class CallbackList(Schema):
    api_id: ApiId
    meta: Meta
    objects: list[CallbackObject]


class StatementObject(Schema):
    """A month in one currency: closed, and it does not change any more; or a draft."""

    month: Annotated[str, Field(examples=["2026-10"])]
    currency: Annotated[str, Field(examples=["USD"])]
    resource_uri: str
    state: Annotated[str, Field(description="closed or draft.")]
    time_zone: Annotated[str, Field(description="Whose months and days these are: the account's.")]
    begin_time: Annotated[str | None, Field(description="UTC; null where the first statement has no beginning.")]
    end_time: Annotated[str, Field(description="UTC; excluded.")]
    closed_at: Moment | None


class StatementFigures(StatementObject):
    streams: int
    bill_duration: StreamSeconds
    rounded_bill_duration: BilledSeconds
    billed_amount: Annotated[str, Field(description="Of the streams, with five decimals.", examples=["0.00900"])]
    corrected_amount: Annotated[str, Field(description="Of credits, which are negative, and corrections.", examples=["-1.00000"])]
    total_amount: Annotated[str, Field(description="What is owed.", examples=["0.00900"])]


class ListedStatement(StatementObject):
    total_amount: Annotated[str | None, Field(description="What is owed; null of a draft, which is summed when it is asked for.")]


class StatementPart(Schema):
    """What a day, or an application, came to."""

    name: Annotated[str, Field(description="The day as YYYY-MM-DD, or the application's name.")]
    late: Annotated[bool, Field(description="Of a day before this statement begins: it was billed after that month was closed.")]
    streams: int
    bill_duration: StreamSeconds
    rounded_bill_duration: BilledSeconds
    billed_amount: Amount


class CorrectionObject(Schema):
    """A credit, which is negative, or an amount that is owed besides."""

    day: str
    reason: str
    amount: Annotated[str, Field(examples=["-1.00000"])]


class StatementAnswer(StatementFigures):
    api_id: ApiId
    days: list[StatementPart]
    applications: list[StatementPart]
    corrections: list[CorrectionObject]


class StatementList(Schema):
    api_id: ApiId
    meta: Meta
    objects: list[ListedStatement]
