"""What the database says of the whole installation, for /metrics: how much waits, and for how long.

Owns these questions. They are asked beside the event loop, and their answers are some seconds old; while the database does not answer
there are none. Each costs the same however much there is: what is counted is counted up to a bound."""

import os
import stat
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet

from cdr import exports, list_acts, trial_calls, url_tests
from cdr.closing_rows import StatementClosing
from cdr.list_act_rows import ListAct
from cdr.models import Export, ExportState, UrlTest, UrlTestState
from cdr.statements import closing_jobs
from cdr.trial_call_rows import TrialCall
from config.background_checks import BackgroundCheck
from config.work_troubles import WATCHED_TASK
from streams import delivery
from streams.database_clock import database_now
from streams.models import Call, Callback, CallbackState, Heartbeat
from streams.pure.lifecycle import CallState

FRESH_SECONDS = 10.0
COUNTED_AT_MOST = 100_000

Backlog = dict[str, float]
NOTHING: Backlog = {}


def ask_what_waits() -> Backlog:
    """Without the database what is on this machine."""
    try:
        return ask_database() | spools()
    except DatabaseError:
        return spools()


def ask_database() -> Backlog:
    now = database_now()
    waits = {
        "callbacks": delivery.callback_due_since(now),
        "exports": exports.export_due_since(now),
        "url_tests": url_tests.url_test_due_since(now),
        "trial_calls": trial_calls.trial_call_due_since(now),
        "list_acts": list_acts.list_act_due_since(now),
        "closings": closing_jobs.closing_due_since(now),
    }
    found = {f"{name}_overdue_seconds": (now - since).total_seconds() if since else 0.0 for name, since in waits.items()}
    found["callbacks_waiting"] = count_up_to_bound(Callback.objects.filter(state=CallbackState.PENDING))
    found["exports_waiting"] = count_up_to_bound(Export.objects.filter(state__in=(ExportState.WAITING, ExportState.RUNNING)))
    found["url_tests_waiting"] = count_up_to_bound(UrlTest.objects.filter(state__in=(UrlTestState.WAITING, UrlTestState.RUNNING)))
    found["trial_calls_waiting"] = count_up_to_bound(TrialCall.objects.filter(finished_at=None))
    found["list_acts_waiting"] = count_up_to_bound(ListAct.objects.filter(finished_at=None))
    found["closings_waiting"] = count_up_to_bound(StatementClosing.objects.filter(finished_at=None))
    found["calls_live_in_database"] = count_up_to_bound(Call.objects.filter(state=CallState.LIVE))
    heartbeat = Heartbeat.objects.filter(name=WATCHED_TASK).first()
    if heartbeat is not None:
        found["worker_silent_seconds"] = max((now - heartbeat.beat_at).total_seconds(), 0.0)
    return found


def count_up_to_bound(rows: QuerySet[Any]) -> float:
    """Never more than the bound: a backlog of a million must not cost a scan of it each time."""
    return float(rows.order_by()[:COUNTED_AT_MOST].count())


def spools() -> Backlog:
    """All that processes of this machine have noted and not written, those that were killed as well."""
    files, size = 0, 0
    with suppress(OSError), os.scandir(settings.DATA_DIR / "spool") as folder:
        for entry in folder:
            about = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(about.st_mode):
                files, size = files + 1, size + about.st_size
    return {"spool_files": float(files), "spool_folder_bytes": float(size)}


backlog = BackgroundCheck(ask_what_waits, late=lambda: NOTHING, broken=lambda: NOTHING)
