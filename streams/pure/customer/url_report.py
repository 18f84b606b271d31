"""What a customer's service did in a test of its URL: the steps of the connection, what it said, how it ended.

Owns the facts and how they are counted. Must not know sockets or clocks (moments come in as milliseconds since the dialling), nor
say what the facts mean."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from streams.pure.customer.connection import Closure, Failure
from streams.pure.customer.protocol import Checkpoint, ClearAudio, CustomerMessage, PlayAudio, SendDtmf, Unknown
from streams.pure.foreign_text import cleaned

KEPT_MESSAGES = 40
STEPS = ("resolved", "connected", "secured", "upgraded")


@dataclass(slots=True)
class Said:
    """One message, or several alike in a row: `at_ms` is when the first came, `last_ms` the last; `audio_ms` what they carry."""

    event: str
    words: str
    at_ms: int
    last_ms: int
    count: int = 1
    audio_ms: float = 0


@dataclass(slots=True)
class UrlReport:
    """`steps` are milliseconds each took. `failure`: why there was no connection, "" when there was one. `unsent_ms`: audio that was
    due and not taken, at the worst moment and at the end. `closed_ms`: when the service closed or was lost before the test was over."""

    address: str = ""
    steps: dict[str, int] = field(default_factory=dict)
    failure: str = ""
    status: int | None = None
    subprotocol: str = ""
    sent_frames: int = 0
    most_unsent_ms: int = 0
    unsent_ms: int = 0
    said: list[Said] = field(default_factory=list)
    said_count: int = 0
    ignored_count: int = 0
    closed_ms: int | None = None
    close_code: int | None = None
    closed: str = ""

    def passed(self, step: str, took_ms: int) -> None:
        self.steps[step] = took_ms

    def failed(self, failure: Failure) -> None:
        self.address, self.failure, self.status = failure.address, failure.problem, failure.status

    def heard(self, message: CustomerMessage, at_ms: int) -> None:
        event, words, audio_ms = _read(message)
        self.said_count += 1
        self.ignored_count += event == "unknown"
        last = self.said[-1] if self.said else None
        if last is not None and (last.event, last.words) == (event, words):
            last.count, last.last_ms, last.audio_ms = last.count + 1, at_ms, last.audio_ms + audio_ms
        elif len(self.said) < KEPT_MESSAGES:
            self.said.append(Said(event, words, at_ms, at_ms, 1, audio_ms))

    def waits(self, unsent_ms: int) -> None:
        self.unsent_ms = unsent_ms
        self.most_unsent_ms = max(self.most_unsent_ms, unsent_ms)

    def closed_by_service(self, closure: Closure, at_ms: int) -> None:
        self.closed_ms, self.close_code, self.closed = at_ms, closure.code, closure.words

    def closed_by_us(self, closure: Closure) -> None:
        self.close_code = closure.code
        answered = closure.code is not None and closure.code != 1006
        self.closed = (
            f"We closed the socket, and the service agreed ({closure.code})."
            if answered
            else "We closed the socket; the service did not answer the closing handshake, and was cut off."
        )

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _read(message: CustomerMessage) -> tuple[str, str, float]:
    """What it is, in words, and the milliseconds of audio in it. Digits and names are the customer's: counted, not kept."""
    match message:
        case PlayAudio():
            return "playAudio", str(message.format), message.format.duration_ms(len(message.payload))
        case Checkpoint():
            return "checkpoint", cleaned(message.name, 60), 0
        case ClearAudio():
            return "clearAudio", "", 0
        case SendDtmf():
            return "sendDTMF", f"{len(message.digits)} digits", 0
        case Unknown():
            return "unknown", f"{message.problem} It began: {message.sample}" if message.sample else message.problem, 0
