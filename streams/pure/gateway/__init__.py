"""What every gateway dialect is to the rest: messages from its text and binary, and its text and binary for our commands.

Owns the list of dialects and the reading of a call's identity. Must not know sockets or what a message leads to."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.asterisk import Asterisk
from streams.pure.gateway.audio_fork import AudioFork
from streams.pure.gateway.audio_stream import AudioStream
from streams.pure.gateway.twilio import Twilio
from streams.pure.messages import Ended, GatewayCommand, GatewayMessage


class Dialect(Protocol):
    """One connection's dialect. Started is the first media message it gives; nothing a peer sends makes it raise.

    `marks`: whether MarkPlayed comes for each Mark that was played; it counts once Started came. `resumes`: whether such a gateway may
    bring a live call again on another socket, which then goes on there."""

    name: str
    subprotocols: tuple[str, ...]
    marks: bool
    resumes: bool

    def decode_text(self, text: str) -> Sequence[GatewayMessage]: ...

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]: ...

    def encode(self, command: GatewayCommand) -> list[str | bytes]: ...

    def closed(self, code: int | None, by_us: bool) -> Ended: ...


DIALECTS: dict[str, Callable[[Mapping[str, str]], Dialect]] = {
    Asterisk.name: Asterisk,
    AudioStream.name: AudioStream,
    AudioFork.name: AudioFork,
    Twilio.name: Twilio,
}


def dialect(name: str, query: Mapping[str, str]) -> Dialect:
    """A fresh dialect for one connection; `query` is its URL's, in which some dialects are told what their wire does not tell.
    Raises LookupError with a sentence for a name that is not in DIALECTS."""
    try:
        return DIALECTS[name](query)
    except KeyError:
        raise LookupError(f"There is no gateway dialect {cleaned(name, 60)!r}; there is {', '.join(DIALECTS)}.") from None


class CallIdentity(NamedTuple):
    """Whose call it is. `call_uuid` is None where none was given or it cannot be read; `problem` says so in sentences, or is ''."""

    call_uuid: UUID | None
    from_number: str
    to_number: str
    direction: str
    problem: str


def identity(query: Mapping[str, str], variables: Mapping[str, str]) -> CallIdentity:
    """Call uuid, from, to and direction out of the connection's query string or, failing that, the gateway's channel variables.

    Names are read without regard to case, leading underscores (Asterisk's inherited variables keep them) or `call_`."""
    given = {**_plainly_named(variables), **_plainly_named(query)}
    call_uuid, uuid_problem = _uuid(given.get("uuid", ""))
    direction, direction_problem = _direction(given.get("direction", ""))
    return CallIdentity(
        call_uuid=call_uuid,
        from_number=cleaned(given.get("from", ""), 100),
        to_number=cleaned(given.get("to", ""), 100),
        direction=direction,
        problem=" ".join(filter(None, (uuid_problem, direction_problem))),
    )


def _plainly_named(values: Mapping[str, str]) -> dict[str, str]:
    """CALL_UUID, __CALL_UUID and call_uuid are all `uuid`; empty values count as not given."""
    named = ((name.lstrip("_").lower().removeprefix("call_"), value.strip()) for name, value in values.items())
    return {name: value for name, value in named if value}


def _uuid(text: str) -> tuple[UUID | None, str]:
    if not text:
        return None, ""
    try:
        return UUID(text), ""
    except ValueError:
        return None, f"call_uuid is {cleaned(text, 60)!r}, which is no UUID; the call was given a fresh one."


def _direction(text: str) -> tuple[str, str]:
    word = text.lower()
    if word in ("", "inbound", "outbound"):
        return word or "inbound", ""
    return "inbound", f"direction is {cleaned(text, 60)!r}; it has to be inbound or outbound, and inbound was assumed."
