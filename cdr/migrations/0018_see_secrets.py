"""Administrators of existing installations may see secrets in URLs. What the audit log had of them, and of answer XML, is taken out: the one
time that its entries are changed."""

import importlib
import json

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, transaction

from cdr.pure.secret_text import DOCUMENTS, as_audited
from cdr.roles import ADMINISTRATOR, grant

ROWS_AT_ONCE = 500
FIELDS = (*DOCUMENTS, 'answer_url', 'url')


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('cdr'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    grant(apps, ADMINISTRATOR, ('cdr.see_secrets',))


def scrub(apps, schema_editor):
    connection = schema_editor.connection
    triggers = importlib.import_module('cdr.migrations.0005_append_only_audit_log')
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in triggers.UNPROTECT[connection.vendor]:
            cursor.execute(statement)
        rewrite(cursor, 'cdr_auditentry', 'details', scrubbed_details)
        rewrite(cursor, 'django_admin_log', 'change_message', scrubbed_message)
        for statement in triggers.PROTECT[connection.vendor]:
            cursor.execute(statement)


def rewrite(cursor, table, column, change):
    last = 0
    while True:
        cursor.execute(f'SELECT id, {column} FROM {table} WHERE id > %s ORDER BY id LIMIT {ROWS_AT_ONCE}', [last])
        rows = cursor.fetchall()
        if not rows:
            return
        for pk, value in rows:
            read = parsed(value)
            if read is not None and (new := change(read)) != read:
                cursor.execute(f'UPDATE {table} SET {column} = %s WHERE id = %s', [json.dumps(new), pk])
        last = rows[-1][0]


def parsed(value):
    """Django's own log has messages that are no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def scrubbed_details(details):
    if not isinstance(details, dict):
        return details
    return {name: scrubbed_values(name, value) if name in FIELDS else value for name, value in details.items()}


def scrubbed_values(name, value):
    return [as_audited(name, one) for one in value] if isinstance(value, list) else as_audited(name, value)


def scrubbed_message(message):
    if not isinstance(message, list):
        return message
    return [{**part, 'values': scrubbed_details(part['values'])} if isinstance(part, dict) and 'values' in part else part for part in message]


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0017_sealed'),
        ('admin', '0003_logentry_add_action_flag_choices'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='calldetail',
            options={'ordering': ('-started_at', '-id'), 'permissions': [('hang_up_call', 'Can hang up a live call'), ('send_digits', 'Can send digits to a live call'), ('see_numbers', 'Can see whole phone numbers'), ('see_secrets', 'Can see secrets in URLs (values of query parameters)')], 'verbose_name': 'call'},
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
        migrations.RunPython(scrub, migrations.RunPython.noop, elidable=True),
    ]
