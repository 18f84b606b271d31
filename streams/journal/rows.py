"""What the journal's parts share: moments as rows have them, which row a call has, and saving rows together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, F, Field, Model, QuerySet, Value, When

from streams.models import Call
from streams.pure.call.notes import CallFacts, CallKey


def utc_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rows_of(facts: CallFacts) -> QuerySet[Call]:
    """The call of that uuid in that account, if there is one: it may be another that used the uuid before (`is_same_call`)."""
    return Call.objects.filter(uuid=facts.call_id, account=facts.account_id)


def is_same_call(call: Call, facts: CallFacts) -> bool:
    """Whether a row of that uuid and account is this call's; what began at another moment is another call."""
    return call.started_at == utc_of(facts.started_at)


def rows_by_key(calls: QuerySet[Call]) -> dict[CallKey, int]:
    return {CallKey(account_id, uuid): pk for account_id, uuid, pk in calls.values_list("account_id", "uuid", "pk")}


def keys_of(rows: Mapping[CallKey, int], calls: Iterable[CallKey]) -> list[int]:
    """Of those calls that have a row, its key."""
    return [rows[key] for key in calls if key in rows]


def save_together(rows: Sequence[Model], columns: Sequence[str]) -> None:
    """Rows of one table in one statement. Django's bulk_update tells each column of each row apart, which takes longer than saving them
    one by one; of calls and streams that end together most is the same."""
    if len(rows) == 1:
        rows[0].save(update_fields=columns)
    elif rows:
        values = {column: _of_each(rows, column) for column in columns}
        type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows]).update(**values)


def _of_each(rows: Sequence[Model], column: str) -> Any:
    """What is to stand in the column: one value, or each row's own."""
    keys = defaultdict[Any, list[Any]](list)
    for row in rows:
        keys[getattr(row, column)].append(row.pk)
    if len(keys) == 1:
        return next(iter(keys))
    field = rows[0]._meta.get_field(column)
    assert isinstance(field, Field)
    return Case(*(When(pk__in=of, then=Value(value, field)) for value, of in keys.items()), default=F(column), output_field=field)
