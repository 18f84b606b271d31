"""Joins the ledger to the end of a stream, inside the same transaction."""

from typing import Any

from cdr import ledger
from streams.models import Stream
from streams.signals import stream_ended


def charge_ended_stream(sender: Any, stream: Stream, **kwargs: Any) -> None:
    ledger.charge(stream)


def connect() -> None:
    stream_ended.connect(charge_ended_stream, dispatch_uid="charge_ended_stream")
