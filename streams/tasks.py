"""What Celery runs: doors into delivery and the journal, and nothing else. A task's arguments are ids; the rows say what is to be done.

Must not hold any rule: a message that is lost, late or doubled changes nothing."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import ProgrammingError
from django.utils.module_loading import import_string

from streams import event_partitions, journal, process_troubles
from streams.calls import presence
from streams.calls.orphaned_spools import OrphanedSpools
from streams.control import pending_streams
from streams.database_clock import database_now
from streams.delivery import courier
from streams.gateways import refusals, traffic
from streams.recordings import sweeping

import_string(settings.TASK_APPLICATION)  # whose tasks these are
log = logging.getLogger(__name__)

START_SWEEP_SECONDS = 2.0
REAP_SECONDS = 30.0
"""A round ends then; what is left is the next one's."""

_orphans = OrphanedSpools(settings.DATA_DIR / "spool")


@shared_task(name="streams.tasks.deliver_stream")
def deliver_stream(stream_id: int) -> None:
    courier.look_for(stream_id)


@shared_task(name="streams.tasks.sweep_callbacks")
def sweep_callbacks() -> None:
    """Has looked at all that is due: retries, and callbacks whose hint or whose worker was lost."""
    courier.sweep()


@shared_task(name="streams.tasks.reap_calls")
def reap_calls() -> None:
    """Ends the calls whose process has not renewed its lease; where it was on this machine, with what it had noted and not written. Their
    recordings say that they are not kept."""
    _orphans.replay()
    if not journal.beat("reaper", settings.LEASE_SECONDS):
        return
    ended = list(journal.reap_expired(REAP_SECONDS))
    if ended:
        log.warning("%d calls were ended for their processes, which gave no sign of life: rows %s.", len(ended), _some(ended))
    if lost := sweeping.settle_lost(database_now()):
        log.warning("%d recordings are not kept: their processes are gone.", lost)


def _some(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:10])) + (" ..." if len(rows) > 10 else "")


@shared_task(name="streams.tasks.settle_starts")
def settle_starts() -> None:
    """Ends the streams that were asked for and that no process took up in time."""
    if not journal.beat("starts", 3 * START_SWEEP_SECONDS):
        return
    for stream_id in pending_streams.settle_overdue():
        log.warning("Stream %s was asked for and taken up by nobody.", stream_id)


@shared_task(name="streams.tasks.sweep_recordings")
def sweep_recordings() -> None:
    """Takes away what processes that died have left of recordings."""
    if left := sweeping.sweep_left(database_now()):
        log.warning("%d unfinished or unknown recordings were taken away.", left)


@shared_task(name="streams.tasks.make_event_partitions")
def make_event_partitions() -> None:
    """Where events are in partitions: those of the time to come. Most of the time they are there."""
    try:
        made = event_partitions.make_ahead(database_now())
    except (event_partitions.NeverFree, ProgrammingError) as error:
        log.warning("No partition was made for events to come; manage.py partition_events does it as well. (%s)", error)
        return
    if made:
        log.info("Partitions were made for events to come: %s.", ", ".join(made))


@shared_task(name="streams.tasks.forget_old_gateway_rows")
def forget_old_gateway_rows() -> None:
    """Removes refused attempts that are old, or too many, and what processes that are gone have measured and said."""
    refusals.forget_old(database_now())
    traffic.forget_old()
    process_troubles.forget_old()
    presence.forget_gone()
