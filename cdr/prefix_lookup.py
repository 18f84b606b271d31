"""The look-up `begins`: texts that begin with one, read from an index on either database.

Django's `startswith` is LIKE on both, which on SQLite no index serves. On PostgreSQL the index has to be made with varchar_pattern_ops,
so that the order of its texts is that of their characters whatever the database's collation."""

from typing import Any

from django.db.models import CharField, Lookup

LAST_CHARACTER = "\U0010ffff"


@CharField.register_lookup
class Begins(Lookup):
    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """SQLite compares texts byte by byte, and of UTF-8 that is by character."""
        column, params = self.process_lhs(compiler, connection)
        return f"({column} >= %s AND {column} < %s)", (*params, self.beginning, *params, f"{self.beginning}{LAST_CHARACTER}")

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} LIKE %s", (*params, connection.ops.prep_for_like_query(self.beginning) + "%")

    @property
    def beginning(self) -> str:
        """Django wraps it where the look-up is a condition by itself."""
        return str(getattr(self.rhs, "value", self.rhs))
