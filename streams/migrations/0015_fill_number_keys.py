"""The keys of the calls that are there, in batches, each in a transaction of its own: an upgrade that was cut goes on where it was."""

from functools import lru_cache

from django.db import migrations, transaction

from streams.pure.number_key import number_key

CALLS_AT_ONCE = 2000
UPDATE = "UPDATE streams_call SET from_key = %s, from_reversed = %s, to_key = %s, to_reversed = %s WHERE id = %s"


def fill(apps, schema_editor):
    connection = schema_editor.connection
    calls = apps.get_model('streams', 'Call').objects.using(connection.alias)
    countries = dict(apps.get_model('streams', 'Account').objects.using(connection.alias).values_list('pk', 'country'))
    key = lru_cache(maxsize=10_000)(number_key)
    waiting = calls.filter(from_key='', to_key='').exclude(from_number='', to_number='').order_by('pk')
    last = 0
    while rows := list(waiting.filter(pk__gt=last).values_list('pk', 'account_id', 'from_number', 'to_number')[:CALLS_AT_ONCE]):
        keyed = [(*key(caller, countries[account]), *key(called, countries[account]), pk) for pk, account, caller, called in rows]
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.executemany(UPDATE, keyed)
        last = rows[-1][0]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('streams', '0014_number_keys'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
