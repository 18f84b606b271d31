"""Recordings whose time is over, removed by account: rows stay and say so, files and keys go.

Owns how long that is, and what the audit log says. Must not know how one is removed. Not one of the kinds that calls are marked for: an
installation that records nothing writes nothing about it."""

from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Exists, OuterRef

from cdr import audit
from cdr.pure.acts import Act
from cdr.pure.figures import counted
from cdr.retention.runs import RETENTION, SLICE_SECONDS
from streams.database_clock import database_now
from streams.models import Account, StreamRecording
from streams.pure.lifecycle import RecordingState
from streams.recordings.sweeping import remove_old


def kept_days(account: Account) -> int:
    """How many days its recordings are kept; 0: for ever."""
    own = account.retain_recordings_days
    return settings.RETAIN_RECORDINGS_DAYS if own is None else own


def remove_recordings(seconds: float = SLICE_SECONDS) -> int:
    """Of every account what is older than its days, for so many seconds; what is left is the next minute's."""
    now, deadline, all_removed = database_now(), monotonic() + seconds, 0
    kept = StreamRecording.objects.filter(account=OuterRef("pk"), state=RecordingState.KEPT)
    for account in Account.objects.filter(Exists(kept)).order_by("pk"):
        if not (days := kept_days(account)):
            continue
        removed = 0
        while monotonic() < deadline and (some := remove_old(account, now - timedelta(days=days), now)):
            removed += some
        if removed:
            audit.write(RETENTION, Act.RETENTION, account, recordings=counted(removed, "recording"))
        all_removed += removed
    return all_removed
