"""What the console shows of one status callback: where it goes, what it says, and each try to deliver it.

Owns which facts stand on the page. Must not know requests or templates."""

from dataclasses import dataclass
from uuid import UUID

from cdr.pages.log.anchors import callback_anchor
from cdr.pages.removed_data import removed_of
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import Badge, callback_badge
from cdr.pure.figures import NOTHING, clock_ms, day, moment, spoken_ms
from cdr.pure.log.lines import Pair, answer_head, parameters_as_sent
from cdr.pure.secret_text import SecretText
from streams.models import Callback, CallbackAttempt, CallbackState
from streams.pure.foreign_text import cleaned


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One try. `answer`: the head of what came back."""

    number: int
    at: str
    took: str
    address: str
    status: str
    result: str
    failed: bool
    answer: str


@dataclass(frozen=True, slots=True)
class CallbackPage:
    """`numbers`: those of the call. `removed`: what retention took of the call; `whole`: nothing of what was sent."""

    pk: int
    event: str
    state: Badge
    stream_uuid: UUID
    call_key: str
    anchor: str
    facts: tuple[Fact, ...]
    parameters: list[Pair]
    attempts: list[AttemptLine]
    numbers: tuple[str, ...]
    removed: str
    whole: bool


def find_callback(key: str) -> Callback | None:
    """The callback with its stream, call and account, in one query."""
    rows = Callback.objects.select_related("stream__call", "account")
    return rows.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) <= 18 else None


def callback_page(key: str) -> CallbackPage | None:
    """The page of a callback, in two queries; None when there is no such callback."""
    callback = find_callback(key)
    return page_of_callback(callback) if callback else None


def page_of_callback(callback: Callback) -> CallbackPage:
    """In one query, of one that was selected with its stream, call and account."""
    attempts = list(callback.attempts.order_by("number"))
    return CallbackPage(
        pk=callback.pk,
        event=callback.event,
        state=callback_badge(callback.state, callback.tries, attempts[-1].status if attempts else None),
        stream_uuid=callback.stream.uuid,
        call_key=str(callback.stream.call_id),
        anchor=callback_anchor(callback.message_id),
        facts=_facts(callback),
        parameters=parameters_as_sent(callback.parameters),
        attempts=[_attempt_line(attempt) for attempt in attempts],
        numbers=(callback.stream.call.from_number, callback.stream.call.to_number),
        removed=removed_of(callback.stream.call),
        whole=not (callback.stream.call.numbers_removed_at or callback.stream.call.payloads_removed_at),
    )


def _facts(callback: Callback) -> tuple[Fact, ...]:
    pending = callback.state == CallbackState.PENDING
    return (
        Fact("URL", SecretText(f"{callback.method} {callback.url}"), code=True, wide=True),
        Fact("Stream UUID", str(callback.stream.uuid), code=True, wide=True, of="stream", key=callback.stream.uuid),
        Fact("Account", str(callback.account), of="account", key=callback.account_id),
        utc_fact("Created", callback.created_at),
        Fact("Number in its stream", str(callback.number)),
        Fact("Tries", str(callback.tries)),
        Fact("Next try (UTC)", next_try_words(callback) if pending else NOTHING),
        utc_fact("Finished", callback.finished_at),
        Fact("Message id", callback.message_id, code=True, wide=True),
    )


def next_try_words(callback: Callback) -> str:
    """Of one that is pending."""
    return moment(callback.due_at) if callback.due_at else "when its host is unblocked"


def _attempt_line(attempt: CallbackAttempt) -> AttemptLine:
    return AttemptLine(
        number=attempt.number,
        at=f"{day(attempt.started_at)} {clock_ms(attempt.started_at)}",
        took=spoken_ms(attempt.duration_ms),
        address=attempt.address or NOTHING,
        status=str(attempt.status) if attempt.status is not None else NOTHING,
        result=SecretText(cleaned(attempt.error)) or "delivered",
        failed=bool(attempt.error),
        answer=answer_head(attempt.response_head),
    )
