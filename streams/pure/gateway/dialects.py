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
from streams.pure.messages import Ended, GatewayCommand, GatewayMessage, LateMetadata


class Dialect(Protocol):
    """One connection's dialect. Started is the first media message it gives; nothing a peer sends makes it raise.

    `marks`: whether MarkPlayed comes for each Mark that was played; it counts once Started came. `resumes`: whether such a gateway may
    bring a live call again on another socket, which then goes on there."""

    name: str
    subprotocols: tuple[str, ...]
    marks: bool
    resumes: bool

    @property
    def hold_seconds(self) -> float:
        """How long what is held now may be held, from now on, before `waited` says that it is too long; 0 where nothing is."""
        ...

    def decode_text(self, text: str) -> Sequence[GatewayMessage]: ...

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]: ...

    def waited(self) -> Sequence[GatewayMessage]:
        """What is held was held long enough, or is all there is: it is said now, and the call begins where it can."""
        ...

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
    given = {**_plainly_named(variables), **_plainly_named({name: _plus_kept(value) for name, value in query.items()})}
    call_uuid, uuid_problem = _uuid(given.get("uuid", ""))
    direction, direction_problem = _direction(given.get("direction", ""))
    return CallIdentity(
        call_uuid=call_uuid,
        from_number=cleaned(given.get("from", ""), 100),
        to_number=cleaned(given.get("to", ""), 100),
        direction=direction,
        problem=" ".join(filter(None, (uuid_problem, direction_problem))),
    )


def filled_in(query: Mapping[str, str], known: Mapping[str, str], late: LateMetadata) -> dict[str, str]:
    """What metadata that came late tells of a call of which `known` (from, to, direction, gateway_call_id; "" is not known) has been
    told: only what was missing, and `problem`, in a sentence, where its call_uuid is another one than the call's (known["call_uuid"])."""
    who = identity({}, late.variables)
    told = {"from": who.from_number, "to": who.to_number, "gateway_call_id": late.gateway_call_id}
    if late.variables.get("direction") and not _plainly_named(query).get("direction"):
        told["direction"] = who.direction if who.direction != known["direction"] else ""
    missing = {name: value for name, value in told.items() if value and (name == "direction" or not known[name])}
    if who.call_uuid and str(who.call_uuid) != known["call_uuid"] and identity(query, {}).call_uuid is None:
        missing["problem"] = f"its call_uuid {who.call_uuid} came too late, for the call had been given one; say it in the URL"
    return missing


def _plainly_named(values: Mapping[str, str]) -> dict[str, str]:
    """CALL_UUID, __CALL_UUID and call_uuid are all `uuid`; empty values count as not given."""
    named = ((name.lstrip("_").lower().removeprefix("call_"), value.strip()) for name, value in values.items())
    return {name: value for name, value in named if value}


def _plus_kept(value: str) -> str:
    """A number's + that was put into a URL as it is: there it means a blank."""
    bare = value[:1] == " " and value[1:2].isdigit() and not value.endswith(" ")
    return f"+{value[1:]}" if bare else value


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
