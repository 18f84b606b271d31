"""What was kept in clear is sealed, in batches, each in a transaction of its own: an upgrade that was cut goes on where it was.

Whether a value is sealed already is told by opening it: that nobody can counterfeit who has not the key."""

import json

from django.db import migrations, transaction
from django.utils import timezone

from streams.pure.scrubbing import scrubbed_headers
from streams.pure.seal import CannotOpen
from streams.sealed import register_key, seal

ROWS_AT_ONCE = 1000
COLUMNS = (('streams_gateway', 'signing_token'), ('streams_application', 'answer_xml'), ('streams_stream', 'extra_headers'))


def fill(apps, schema_editor):
    connection = schema_editor.connection
    seal_tokens(connection)
    hide_copies(connection)
    seal_requests(connection)
    for table, column in COLUMNS:
        seal_column(connection, table, column)


def batches(connection, query):
    """Rows of `query`, which asks for those beyond a key, in batches by the first of their columns."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f'{query} LIMIT {ROWS_AT_ONCE}', [last])
            rows = cursor.fetchall()
        if not rows:
            return
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            register_key(connection)
            yield rows, cursor
        last = rows[-1][0]


def is_sealed(text):
    try:
        seal().open(text)
    except CannotOpen:
        return False
    return True


def seal_column(connection, table, column):
    query = f"SELECT id, {column} FROM {table} WHERE id > %s AND {column} <> '' ORDER BY id"
    for rows, cursor in batches(connection, query):
        clear = [(seal().close(text), pk) for pk, text in rows if not is_sealed(text)]
        cursor.executemany(f'UPDATE {table} SET {column} = %s WHERE id = %s', clear)


def seal_tokens(connection):
    """The present one is the account's main token; the one before it ends, or ended, when that was said."""
    query = (
        'SELECT id, auth_token, old_auth_token, old_auth_token_until, created_at FROM streams_account AS account WHERE id > %s '
        'AND NOT EXISTS (SELECT 1 FROM streams_authtoken WHERE account_id = account.id) ORDER BY id'
    )
    insert = (
        'INSERT INTO streams_authtoken (account_id, name, secret, digest, created_at, created_by, ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s)'
    )
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    for rows, cursor in batches(connection, query):
        for pk, token, old, until, made in rows:
            if old:
                cursor.execute(insert, [pk, 'before the last rotation', seal().close(old), seal().digests(old)[0], made, '', until or now])
            if token:
                cursor.execute(insert, [pk, 'main', seal().close(token), seal().digests(token)[0], now if old else made, '', None])


def hide_copies(connection):
    """Extra headers of callbacks and debug logs: their names stay there, their values are with the stream, where they are sealed."""
    streams = "SELECT id, call_id FROM streams_stream WHERE id > %s AND extra_headers <> '' ORDER BY id"
    for rows, cursor in batches(connection, streams):
        of_streams = [pk for pk, _ in rows]
        marks = ', '.join(['%s'] * len(of_streams))
        rewrite(cursor, 'streams_callback', 'parameters', f'stream_id IN ({marks})', of_streams, hidden_parameters)
        where = f"stream_id IN ({marks}) AND kind = 'stream_requested'"
        rewrite(cursor, 'streams_streamevent', 'details', where, of_streams, hidden_request)


def rewrite(cursor, table, column, where, keys, change):
    cursor.execute(f'SELECT id, {column} FROM {table} WHERE {where}', keys)
    read = [(pk, json.loads(value) if isinstance(value, str) else value) for pk, value in cursor.fetchall()]
    changed = [(json.dumps(change(value)), pk) for pk, value in read]
    cursor.executemany(f'UPDATE {table} SET {column} = %s WHERE id = %s', changed)


def hidden_parameters(parameters):
    return [[name, scrubbed_headers(value) if name == 'extraHeaders' else value] for name, value in parameters]


def hidden_request(details):
    request = details.get('request')
    if not isinstance(request, dict) or not request.get('extra_headers'):
        return details
    return {**details, 'request': {**request, 'extra_headers': scrubbed_headers(request['extra_headers'])}}


def seal_requests(connection):
    """Starts that are still to be carried out keep what they ask for."""
    query = "SELECT id, details FROM streams_controlrequest WHERE id > %s AND kind = 'start' AND extra_headers = '' ORDER BY id"
    update = 'UPDATE streams_controlrequest SET details = %s, extra_headers = %s WHERE id = %s'
    for rows, cursor in batches(connection, query):
        for pk, value in rows:
            details = json.loads(value) if isinstance(value, str) else value
            request = details.get('request')
            if isinstance(request, dict) and request.get('extra_headers'):
                cursor.execute(update, [json.dumps(hidden_request(details)), seal().close(request['extra_headers']), pk])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('streams', '0022_sealed'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
