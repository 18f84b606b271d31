"""The notes of one call as its session writes them, and the real journal that makes rows of them."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db.models import F

from cdr.models import Charge
from streams import journal
from streams.models import Account, Application, Call, Gateway
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import NORMAL_HANGUP, HangupCause, Level
from streams.pure.lifecycle import EventKind as K
from streams.pure.messages import StreamRequest
from tests.cdr import call_again
from tests.cdr.call_timing import healthy, steady
from tests.streams.rows import priced

OWNER = "f" * 32
LEASE_SECONDS = 3600.0
STARTED = datetime(2024, 11, 23, 14, 1, 37, 250_000, UTC)
REQUEST = StreamRequest(
    "wss://bot.example.com/audiostream",
    bidirectional=True,
    status_callback_url="https://hooks.example.com/status",
    content_type="audio/x-mulaw;rate=8000",
    extra_headers="tenant=acme;token=s3cret",
)
XML = '<Response><Stream bidirectional="true" contentType="audio/x-mulaw;rate=8000">wss://bot.example.com/audiostream</Stream></Response>'
DISCARDED: dict[str, int] = {"buffered_ms": 0, "peak_buffered_ms": 40, "discarded_ms": 0}


def make_gateway(name: str = "pbx-1", account: str = "Acme Robotics", **plan: Any) -> Gateway:
    """A gateway with its account and application; those that are there already are taken again."""
    if known := Gateway.objects.filter(name=name).first():
        return known
    owner, made = Account.objects.get_or_create(name=account)
    if made and plan:
        priced(owner, **plan)
    application, _ = Application.objects.get_or_create(account=owner, name="support bot", defaults={"answer_xml": XML})
    gateway = Gateway(account=owner, application=application, name=name)
    gateway.set_password("correct horse battery")
    gateway.save()
    return gateway


class CallScript:
    """The notes of one call, as its session writes them. Times are seconds after the call's start."""

    def __init__(self, gateway: Gateway, started: datetime = STARTED, caller: str = "+14155550123", called: str = "+18005550100") -> None:
        self.gateway = gateway
        self.started = started
        self.facts = CallFacts(
            call_id=uuid4(),
            account_id=gateway.account_id,
            gateway_id=gateway.pk,
            application_id=gateway.application_id,
            from_number=caller,
            to_number=called,
            direction="inbound",
            gateway_call_id=f"{gateway.name}-{int(started.timestamp())}.117",
            started_at=started.timestamp(),
        )
        self.notes: list[Note] = []

    def add(self, kind: K, after: float, /, stream: UUID | None = None, level: Level = Level.INFO, **details: Any) -> None:
        at = self.started.timestamp() + after
        self.notes.append(Note(len(self.notes) + 1, kind, at, level, stream, details))

    def measured(self, timing: dict[str, Any]) -> None:
        """The last note brings this timing."""
        self.notes[-1] = replace(self.notes[-1], measured=timing)

    def answered(self, streams: int = 1) -> "CallScript":
        facts = self.facts
        where = {"from": facts.from_number, "to": facts.to_number}
        self.add(K.CALL_STARTED, 0, gateway=self.gateway.name, dialect="asterisk", address="10.20.0.7", direction="inbound", **where)
        self.add(
            K.CALL_MEDIA_STARTED, 0.002, format="mulaw 8000 Hz", frame_ms=20, gateway_call_id=facts.gateway_call_id, channel="WebSocket/pbx"
        )
        self.add(K.CALL_FIRST_AUDIO, 0.022, level=Level.DEBUG, after_ms=22)
        self.add(K.CALL_ANSWER_REQUESTED, 0.003, url="https://app.example.com/answer", method="POST")
        self.add(K.CALL_ANSWERED, 0.151, url="https://app.example.com/answer", streams=streams, status=200, duration_ms=148)
        return self

    def requested(self, after: float = 0.16, request: StreamRequest = REQUEST) -> UUID:
        stream = uuid4()
        self.add(K.STREAM_REQUESTED, after, stream, source="XML", request=asdict(request))
        self.add(K.CONNECT_STARTED, after + 0.001, stream, attempt=1, of=3, url=request.service_url)
        return stream

    def streaming(self, after: float = 0.16, request: StreamRequest = REQUEST) -> UUID:
        """A stream that was connected at once; its first packet goes out 0.18 s after the request."""
        stream = self.requested(after, request)
        self.add(K.CONNECTED, after + 0.17, stream, attempt=1, address="203.0.113.9:443", duration_ms=169, subprotocol="audio.drachtio.org")
        self.add(K.STREAM_STARTED, after + 0.18, stream, content_type=request.content_type, buffered_ms=160)
        return stream

    def connect_failed(self, stream: UUID, after: float, *, attempt: int, retry: float | None, problem: str, status: int) -> None:
        more = {"retry_in_seconds": retry} if retry is not None else {}
        details = {"attempt": attempt, "problem": problem, "status": status, "address": "203.0.113.9:443", "duration_ms": 84, **more}
        self.add(K.CONNECT_FAILED, after, stream, Level.WARNING, **details)

    def stream_ended(self, stream: UUID, after: float, cause: str, words: str, level: Level = Level.ERROR, **facts: Any) -> None:
        sent = {"sent_frames": int(after * 50), "sent_ms": int(after * 1000)}
        self.add(K.STREAM_ENDED, after, stream, level, cause=cause, words=words, **{**sent, **DISCARDED, **facts})
        self.measured(healthy(after))

    def call_ended(self, after: float, cause: HangupCause = NORMAL_HANGUP, words: str = "The gateway hung up.") -> None:
        level = Level.ERROR if cause.source == "Error" else Level.INFO
        self.add(K.CALL_ENDED, after, level=level, **cause._asdict(), words=words, close_code=1000)
        self.measured(steady(after))

    def record(self) -> None:
        """By the journal, always."""
        journal.record(OWNER, LEASE_SECONDS, self.facts, self.notes)

    def save(self) -> Call:
        call_again.write(self.facts, self.notes, LEASE_SECONDS, self.record)
        call = Call.objects.get(uuid=self.facts.call_id)
        Charge.objects.filter(stream__call=call).update(created_at=F("ended_at"))
        return call
