"""The mark of a test that is PostgreSQL's alone, with why.

Must not know when PostgreSQL is there: `tests/test_on_postgres.py` brings it."""

import pytest
from django.db import connection


def only_on_postgresql(what_sqlite_lacks: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(connection.vendor != "postgresql", reason=f"SQLite {what_sqlite_lacks}; test_on_postgres runs this.")
