"""Which call and which stream a line of the log is about, for whoever writes it in a form that programs read.

Owns how that goes along with the work: what is said in a task counts for it and for all that it begins (tasks, timers), in a thread until
it is said anew. Costs a frame nothing: it is said once, and asked for when a line is written. Must not know what logs look like."""

from contextvars import ContextVar
from uuid import UUID

_call: ContextVar[UUID | None] = ContextVar("call", default=None)
_stream: ContextVar[UUID | None] = ContextVar("stream", default=None)


def speak_of_call(call_id: UUID | None) -> None:
    """From now on, and of none of its streams yet."""
    _call.set(call_id)
    _stream.set(None)


def speak_of_stream(stream_id: UUID | None) -> None:
    _stream.set(stream_id)


def spoken_of() -> dict[str, str]:
    """`call` and `stream`, as far as it was said."""
    said = {"call": _call.get(), "stream": _stream.get()}
    return {name: str(one) for name, one in said.items() if one is not None}
