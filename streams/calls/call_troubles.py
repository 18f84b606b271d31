"""What is wrong with the calls of this process, in words: leases, notes, and the disk that keeps them.

Owns these sentences. Must not know who asks (streams.process_troubles)."""

from collections.abc import Callable

from django.conf import settings

from streams.calls import lease_keeping, note_queue, spool
from streams.process_troubles import AS_EVER, LOG
from streams.pure.trouble import Trouble


def leases() -> Trouble | None:
    """By this process's own clock: the database cannot tell it what it does not answer."""
    if not lease_keeping.leases_run_out():
        return None
    what = f"A process could not renew the leases of its calls within {settings.LEASE_SECONDS:g} s."
    for_calls = "Audio goes on, and a worker may end these calls in their rows; load balancers send the process no new ones."
    return Trouble("leases", what, for_calls, "See whether the process reaches the database, and whether something locks its tables.")


def notes() -> Trouble | None:
    count = note_queue.notes_aside()
    if not count:
        return None
    what = f"{count} {'note' if count == 1 else 'notes'} of calls cannot be written, though others can; they are kept and tried again."
    return Trouble("notes", what, f"{AS_EVER} The calls with these notes may lack an end, a bill or a callback until then.", LOG)


def disk() -> Trouble | None:
    if not spool.notes_in_memory_only():
        return None
    what = "A process cannot keep what its calls note on its disk, and has it in memory only."
    remedy = f"See whether DATA_DIR can be written and has room. {LOG}"
    return Trouble("spool", what, f"{AS_EVER} Killed while the database is away, the process would lose what it has not written.", remedy)


FINDERS: tuple[Callable[[], Trouble | None], ...] = (leases, notes, disk)
