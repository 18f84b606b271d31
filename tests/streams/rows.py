"""Rows and notes for the tests of what writes and reads them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from streams import tokens
from streams.models import Account, Application, Gateway, Rate, RateCard
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import StreamRequest
from streams.pure.price import BEGINNING

EPOCH = 1_700_000_000.0
XML = '<Response><Stream contentType="audio/x-mulaw;rate=8000">wss://bot.example/audio</Stream></Response>'
REQUEST = StreamRequest("wss://bot.example/audio", status_callback_url="https://hooks.example/status")


def gateway(name: str = "pbx", answer_xml: str = XML, password: str = "correct horse battery", dialect: str = "asterisk") -> Gateway:
    """A gateway with an account and an application of its own; a stream hears what the test sends, and no silence between."""
    account = Account.objects.create(name=f"Account of {name}", fill_silence=False)
    application = Application.objects.create(account=account, name="app", answer_xml=answer_xml)
    row = Gateway(account=account, application=application, name=name, dialect=dialect)
    row.set_password(password)
    row.save()
    return row


def priced(
    owner: Account | RateCard,
    rate: str | Decimal = "0.00300",
    billing_interval_seconds: int = 60,
    currency: str = "USD",
    valid_from: datetime = BEGINNING,
    **more: Any,
) -> Rate:
    """A price from then on, of an account or of a card."""
    whose = {"account": owner} if isinstance(owner, Account) else {"card": owner}
    plan = {"amount": Decimal(rate), "interval_seconds": billing_interval_seconds, "currency": currency}
    return Rate.objects.create(**whose, **plan, valid_from=valid_from, **more)


def main_token(account: Account) -> str:
    """The account's main token, made where there is none."""
    there = account.auth_tokens.filter(name=tokens.MAIN, ends_at=None).first()
    return (there or tokens.make(account, tokens.MAIN, "a test", timezone.now())).secret


def call_facts(row: Gateway, **changes: Any) -> CallFacts:
    values: dict[str, Any] = {
        "call_id": uuid4(),
        "account_id": row.account_id,
        "gateway_id": row.pk,
        "application_id": row.application_id,
        "from_number": "+14155550123",
        "to_number": "18005550100",
        "direction": "inbound",
        "gateway_call_id": "gw1-1",
        "started_at": EPOCH,
    }
    return CallFacts(**{**values, **changes})


class Story:
    """Notes of one call, numbered as a session numbers them; `at` is in seconds after the call's start."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def add(self, kind: EventKind, at: float = 0.0, stream_id: UUID | None = None, **details: Any) -> Note:
        note = Note(len(self.notes) + 1, kind, EPOCH + at, Level.INFO, stream_id, details)
        self.notes.append(note)
        return note

    def request(self, stream_id: UUID, request: StreamRequest = REQUEST, at: float = 0.1) -> Note:
        fields = {name: getattr(request, name) for name in request.__slots__}
        return self.add(EventKind.STREAM_REQUESTED, at, stream_id, source="XML", request=fields)

    def streaming(self, stream_id: UUID, request: StreamRequest = REQUEST, at: float = 0.4) -> None:
        """From the request to the first packet at `at`."""
        self.request(stream_id, request)
        self.add(EventKind.CONNECT_STARTED, 0.2, stream_id, attempt=1, of=3, url=request.service_url)
        self.add(EventKind.CONNECTED, 0.3, stream_id, attempt=1)
        self.add(EventKind.STREAM_STARTED, at, stream_id, content_type=request.content_type)

    def stream_ended(self, stream_id: UUID, at: float, cause: str = "call_ended", **facts: Any) -> Note:
        return self.add(EventKind.STREAM_ENDED, at, stream_id, cause=cause, words="It ended.", **facts)

    def call_ended(self, at: float) -> Note:
        return self.add(EventKind.CALL_ENDED, at, code=4000, name="Normal Hangup", source="Unknown", words="The gateway hung up.")
