"""What a session of PostgreSQL was told, it holds to."""

import pytest
from django.db import connection, connections

from config import postgres_sessions
from tests.on_postgresql import only_on_postgresql

pytestmark = [
    pytest.mark.django_db(transaction=True),
    only_on_postgresql("has no connections"),
]


def test_the_server_ends_a_transaction_of_somebody_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own side of the connection stays open, as that of a process which was cut off; what it had locked is free again."""
    connection.ensure_connection()
    monkeypatch.setattr(postgres_sessions, "ABANDONED_SECONDS", 1)
    gone = connections.create_connection("default")
    try:
        with gone.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(7)")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
            cursor.execute("SELECT pg_advisory_lock(7), pg_advisory_unlock(7)")
            cursor.execute("RESET lock_timeout")
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone() == ("30s",)
    finally:
        gone.close()


def test_no_query_is_compiled() -> None:
    """For some pages that took seconds, of an answer that is there in milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
