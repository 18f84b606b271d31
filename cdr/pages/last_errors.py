"""What went wrong last at a customer's host, in words, with the stream or the callback that it happened to.

Owns those words. Must not know which of them are shown, nor where."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from cdr.pure.figures import moment
from cdr.pure.secret_text import SecretText
from streams.models import CallbackAttempt, Stream
from streams.pure.foreign_text import cleaned

SHOWN_ERROR = 200


@dataclass(frozen=True, slots=True)
class LastError:
    """`stream`: the uuid of the stream that it was of, or None; `callback`: the key of the callback."""

    words: str
    at: str
    stream: UUID | None
    callback: int | None
    numbers: tuple[str, ...]


def stream_errors(keys: Iterable[int | None]) -> dict[int, LastError]:
    """Of those streams, by their keys, in one query."""
    streams = Stream.objects.filter(pk__in=[key for key in keys if key]).select_related("call")
    return {stream.pk: stream_error(stream) for stream in streams}


def stream_error(stream: Stream) -> LastError:
    words = cleaned(stream.end_details, SHOWN_ERROR) or stream.end_cause.replace("_", " ")
    numbers = (stream.call.from_number, stream.call.to_number)
    return LastError(SecretText(words), moment(stream.ended_at), stream.uuid, None, numbers)


def callback_errors(keys: Iterable[int | None]) -> dict[int, LastError]:
    """Of each of those callbacks its last try that failed, in one query."""
    tries = CallbackAttempt.objects.filter(callback__in=[key for key in keys if key]).exclude(error="").order_by("number")
    return {attempt.callback_id: callback_error(attempt) for attempt in tries.select_related("callback__stream__call")}


def callback_error(attempt: CallbackAttempt) -> LastError:
    call = attempt.callback.stream.call
    words = SecretText(cleaned(attempt.error, SHOWN_ERROR))
    return LastError(words, moment(attempt.started_at), None, attempt.callback_id, (call.from_number, call.to_number))
