"""What each session of PostgreSQL is told when it begins. Said in the session, because poolers refuse it at the start.

Owns how long the server keeps what a process began and was cut off from, and that it compiles no query: those of pages and rounds read few
rows by many columns, and PostgreSQL, which goes by what it believes a query to cost, compiled some for seconds. Must not know who asks."""

from typing import Any
from weakref import WeakSet

from django.db.backends.base.base import BaseDatabaseWrapper

from config.silent_peers import IDLE_SECONDS, INTERVAL_SECONDS, PROBES, UNANSWERED_MS

ABANDONED_SECONDS = 30

_told: "WeakSet[Any]" = WeakSet()
"""The connections whose session knows it: one that pages share is connected to anew by each of them, as Django sees it."""


def tell_session(sender: Any, connection: BaseDatabaseWrapper, **more: Any) -> None:
    """Of a process that was cut off, PostgreSQL's side knows nothing: by its own defaults, a transaction that was begun keeps its locks for
    two hours, and a callback or a call that it had claimed waits as long."""
    if connection.vendor != "postgresql" or connection.connection in _told:
        return
    connection.connection.execute(  # not as a query of Django's, which is logged and counted
        f"SET idle_in_transaction_session_timeout = '{ABANDONED_SECONDS}s'; SET tcp_keepalives_idle = {IDLE_SECONDS}; "
        f"SET tcp_keepalives_interval = {INTERVAL_SECONDS}; SET tcp_keepalives_count = {PROBES}; SET tcp_user_timeout = {UNANSWERED_MS}; "
        "SET jit = off"
    )
    _told.add(connection.connection)
