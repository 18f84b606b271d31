"""The rows of a trial's calls, read behind the platform's back: by SQL, from PostgreSQL or SQLite.

Owns the queries. Must not know what is right. Nothing of the platform is imported: a model that is wrong must not judge itself."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos.history import CallbackRow, CallRow, ChargeRow, History, StreamRow

Ask = Callable[[str], list[tuple[Any, ...]]]
"""One query -> its rows."""

CALLS = """SELECT c.uuid, a.name, c.state,
 (SELECT count(*) FROM streams_streamevent e WHERE e.call_id = c.id AND e.kind = 'call_ended')
 FROM streams_call c JOIN streams_account a ON a.id = c.account_id WHERE c.uuid IN ({})"""
STREAMS = """SELECT s.uuid, c.uuid, a.name, s.state, s.end_cause, s.started_at IS NOT NULL,
 (SELECT count(*) FROM streams_streamevent e WHERE e.stream_id = s.id AND e.kind = 'stream_ended'), s.id
 FROM streams_stream s JOIN streams_call c ON c.id = s.call_id JOIN streams_account a ON a.id = s.account_id WHERE c.uuid IN ({})"""
CHARGES = """SELECT g.stream_id, g.seconds, g.billed_seconds, g.interval_seconds, g.rate, g.amount FROM cdr_charge g
 JOIN streams_stream s ON s.id = g.stream_id JOIN streams_call c ON c.id = s.call_id WHERE c.uuid IN ({})"""
CALLBACKS = """SELECT b.message_id, s.uuid, a.name, b.number, b.event, b.state FROM streams_callback b
 JOIN streams_stream s ON s.id = b.stream_id JOIN streams_call c ON c.id = s.call_id JOIN streams_account a ON a.id = b.account_id
 WHERE c.uuid IN ({})"""
UNSETTLED = """SELECT count(*) FROM streams_call c LEFT JOIN streams_stream s ON s.call_id = c.id
 LEFT JOIN streams_callback b ON b.stream_id = s.id
 WHERE c.uuid IN ({}) AND (c.state <> 'ended' OR s.state <> 'ended' OR b.state = 'pending')"""
ENDED = "SELECT c.uuid FROM streams_call c WHERE c.state = 'ended' AND c.uuid IN ({})"


def listed(call_uuids: Sequence[str]) -> str:
    """As PostgreSQL and SQLite both understand them: the one knows UUIDs without dashes, the other keeps them so."""
    return ", ".join(f"'{UUID(each).hex}'" for each in call_uuids) or "NULL"


def text(value: object) -> str:
    return str(UUID(str(value)))


def settled(ask: Ask, call_uuids: Sequence[str]) -> bool:
    """Every call has its row, and nothing of it is live or waits."""
    names = listed(call_uuids)
    return all_ended(ask, call_uuids) and ask(UNSETTLED.format(names)) == [(0,)]


def all_ended(ask: Ask, call_uuids: Sequence[str]) -> bool:
    """Every call has its row, and it says so; callbacks may wait."""
    return len(ask(ENDED.format(listed(call_uuids)))) == len(call_uuids)


def there(ask: Ask, call_uuids: Sequence[str]) -> bool:
    """Whether any of the calls has a row."""
    return ask(f"SELECT count(*) FROM streams_call c WHERE c.uuid IN ({listed(call_uuids)})") != [(0,)]


def streaming(ask: Ask, call_uuids: Sequence[str]) -> int:
    """How many streams of these calls are streaming by their rows."""
    query = "SELECT count(*) FROM streams_stream s JOIN streams_call c ON c.id = s.call_id WHERE s.state = 'streaming' AND c.uuid IN ({})"
    return int(ask(query.format(listed(call_uuids)))[0][0])


def ended(ask: Ask, call_uuids: Sequence[str]) -> set[str]:
    return {text(uuid) for (uuid,) in ask(ENDED.format(listed(call_uuids)))}


def read_into(history: History, ask: Ask) -> None:
    names = listed([call.call_uuid for call in history.calls if call.taken])
    history.call_rows = [CallRow(text(uuid), *more) for uuid, *more in ask(CALLS.format(names))]
    streams = {key: StreamRow(text(uuid), text(call), *more) for uuid, call, *more, key in ask(STREAMS.format(names))}
    for key, seconds, billed, interval, rate, amount in ask(CHARGES.format(names)):
        charge = ChargeRow(seconds, billed, interval, money(rate), money(amount))
        streams[key].charges.append(charge)
    history.stream_rows = list(streams.values())
    history.callback_rows = [CallbackRow(message, text(uuid), *more) for message, uuid, *more in ask(CALLBACKS.format(names))]


def money(value: object) -> Decimal:
    """SQLite has no decimals: what it keeps is a float of five places."""
    return Decimal(str(value)).quantize(Decimal("0.00001"))


def of_sqlite(file: Path) -> Ask:
    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(query).fetchall()

    return ask
