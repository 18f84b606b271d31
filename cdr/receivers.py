"""Joins the ledger to the end of a stream, inside the same transaction."""

from collections.abc import Sequence
from typing import Any

from cdr import ledger
from streams.models import Stream
from streams.signals import stream_ended


def charge_ended_streams(sender: Any, streams: Sequence[Stream], **kwargs: Any) -> None:
    ledger.charge(streams)


def connect() -> None:
    stream_ended.connect(charge_ended_streams, dispatch_uid="charge_ended_streams")
