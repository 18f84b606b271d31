"""The lines of a closed statement as they are kept in its row.

Owns that form. Must not know how they came about."""

from datetime import date
from typing import Any

from cdr.models import Statement
from cdr.pure.statement import Correction, Figures, StatementLine, Sums, units_of


def as_kept(sums: Sums) -> dict[str, Any]:
    return {
        "days": [_line(line) for line in sums.days],
        "applications": [_line(line) for line in sums.applications],
        "corrections": [[one.units, one.reason, f"{one.day}", one.by] for one in sums.corrections],
    }


def _line(line: StatementLine) -> list[Any]:
    return [line.key, line.words, *line.counted, line.late]


def sums_in(statement: Statement) -> Sums:
    kept = statement.sums
    counted = Figures(statement.streams, statement.seconds, statement.billed_seconds, units_of(statement.charged))
    corrections = [Correction(units, reason, date.fromisoformat(day), by) for units, reason, day, by in kept["corrections"]]
    return Sums(_lines(kept["days"]), _lines(kept["applications"]), tuple(corrections), counted)


def _lines(rows: list[Any]) -> tuple[StatementLine, ...]:
    return tuple(StatementLine(key, words, Figures(*counted), late) for key, words, *counted, late in rows)
