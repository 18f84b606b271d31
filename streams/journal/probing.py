"""Whether the database takes what the journal writes: a call from its beginning to its end, with callback and charge, rolled back.

Owns what such a call is made of. Must not know who asks, or what follows from the answer."""

import time
from dataclasses import asdict
from uuid import uuid4

from django.db import transaction
from django.db.models.functions import Now

from streams.journal.writing import record
from streams.models import Account, Heartbeat
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import PROCESS_LOST, EndCause, EventKind
from streams.pure.messages import StreamRequest

REQUEST = StreamRequest("wss://probe.invalid/", status_callback_url="https://probe.invalid/")


def probe() -> None:
    """Raises what a write raises while none can be made: read-only, full, without a privilege, in the middle of a migration."""
    with transaction.atomic():
        Heartbeat.objects.create(name=f"probe {uuid4().hex[:20]}", beat_at=Now())
        account_id = Account.objects.order_by("pk").values_list("pk", flat=True).first()
        if account_id is not None:
            record(uuid4().hex, 1.0, *_short_call(account_id))
        transaction.set_rollback(True)


def _short_call(account_id: int) -> tuple[CallFacts, list[Note]]:
    now, stream_id = time.time(), uuid4()
    facts = CallFacts(uuid4(), account_id, 0, 0, "", "", "inbound", "", now)
    ended = {"cause": EndCause.CALL_ENDED, "words": ""}
    return facts, [
        Note(1, EventKind.CALL_STARTED, now),
        Note(2, EventKind.STREAM_REQUESTED, now, stream_id=stream_id, details={"request": asdict(REQUEST)}),
        Note(3, EventKind.STREAM_STARTED, now, stream_id=stream_id),
        Note(4, EventKind.STREAM_ENDED, now, stream_id=stream_id, details=ended, measured={"latency": {}, "levels": {}}),
        Note(5, EventKind.CALL_ENDED, now, details=PROCESS_LOST._asdict(), measured={"tracks": {}}),
    ]
