"""Which connections to the database a worker keeps from one task to the next.

Celery closes them after each task. A worker that has nothing to do looks for it every second, and opening a connection is most of what
that costs. Here they are kept as Django keeps them between requests: until CONN_MAX_AGE, and not one that has failed. Owns how many: each
thread has its own, and a rush of tasks must not leave as many behind as there are threads. Must not know what tasks do."""

import threading
from typing import Any

from django.db import close_old_connections, connections

MOST_KEPT = 4
"""A worker seldom does more at once: callbacks are sent by threads of their own (streams.delivery.courier)."""

_kept: set[int] = set()
"""The threads of tasks that keep theirs."""
_lock = threading.Lock()


def keep_connections() -> None:
    """In this worker, from now on."""
    from celery.fixups.django import DjangoWorkerFixup  # noqa: PLC0415 - a worker has imported it, nobody else need

    DjangoWorkerFixup.close_database = let_go_of_others


def let_go_of_others(fixup: Any = None, **kwargs: Any) -> None:
    """Before and after each task, in its thread."""
    close_old_connections()
    if not _keeps():
        connections.close_all()


def _keeps() -> bool:
    me, is_open = threading.get_ident(), any(each.connection is not None for each in connections.all(initialized_only=True))
    with _lock:
        if is_open and len(_kept) < MOST_KEPT:
            _kept.add(me)
        elif not is_open:
            _kept.discard(me)
        return me in _kept
