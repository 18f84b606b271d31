"""The keys of second factors are sealed, recovery codes become digests, and what was overwritten is taken out of the database's files."""

import logging

import django.db.models.deletion
import streams.sealed
from django.db import Error, migrations, models, transaction

from cdr.sign_in.recovery_codes import NAME, digest_of, new_salt
from streams.sealed import register_key, seal

log = logging.getLogger(__name__)
REWRITTEN = ('streams_account', 'streams_gateway', 'streams_application', 'otp_totp_totpdevice', 'otp_static_statictoken')
"""Small tables. What streams and callbacks had in clear goes with PostgreSQL's own vacuum."""


def seal_keys(apps, schema_editor):
    connection = schema_editor.connection
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            'SELECT id, "key" FROM otp_totp_totpdevice AS device '
            'WHERE NOT EXISTS (SELECT 1 FROM cdr_authenticatorapp WHERE totpdevice_ptr_id = device.id)'
        )
        there = cursor.fetchall()
        if there:
            register_key(connection)
        for pk, key in there:
            cursor.execute('INSERT INTO cdr_authenticatorapp (totpdevice_ptr_id, sealed_key) VALUES (%s, %s)', [pk, seal().close(key)])
            cursor.execute('UPDATE otp_totp_totpdevice SET "key" = %s WHERE id = %s', ['', pk])


def hash_codes(apps, schema_editor):
    """Each person's in a transaction: the salt in the name says that it was done."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute('SELECT id FROM otp_static_staticdevice WHERE name NOT LIKE %s', [f'{NAME} %'])
        waiting = [pk for (pk,) in cursor.fetchall()]
    for device in waiting:
        salted = f'{NAME} {new_salt()}'
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute('SELECT id, token FROM otp_static_statictoken WHERE device_id = %s', [device])
            for pk, code in cursor.fetchall():
                cursor.execute('UPDATE otp_static_statictoken SET token = %s WHERE id = %s', [digest_of(code, salted), pk])
            cursor.execute('UPDATE otp_static_staticdevice SET name = %s WHERE id = %s', [salted, device])


def rewrite_files(apps, schema_editor):
    """SQLite's file keeps what was in rows that were changed, until it is rewritten; so do PostgreSQL's tables."""
    connection = schema_editor.connection
    if connection.in_atomic_block:
        return
    statements = ['VACUUM', 'PRAGMA wal_checkpoint(TRUNCATE)']
    if connection.vendor == 'postgresql':
        statements = [f'VACUUM FULL {table}' for table in REWRITTEN]
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except Error as error:
        words = 'The database could not be rewritten (%s): its files may still hold secrets in clear. Run VACUUM FULL (SQLite: VACUUM) later.'
        log.warning(words, str(error).strip())


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('cdr', '0016_outside_identities'),
        ('otp_totp', '0003_add_timestamps'),
        ('otp_static', '0003_add_timestamps'),
        ('streams', '0024_tokens_have_rows'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuthenticatorApp',
            fields=[
                ('totpdevice_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='otp_totp.totpdevice')),
                ('sealed_key', streams.sealed.SealedTextField(help_text='Hexadecimal, as django-otp has it.')),
            ],
            options={
                'default_permissions': (),
            },
            bases=('otp_totp.totpdevice',),
        ),
        migrations.RunPython(seal_keys, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(hash_codes, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(rewrite_files, migrations.RunPython.noop, elidable=True),
    ]
