"""What statements are made by, copied to the charges that are there: in batches, each in a transaction of its own, so that an upgrade that
was cut goes on where it was."""

from django.db import migrations, transaction
from django.db.models import Max

CHARGES_AT_ONCE = 20_000
COPY = """UPDATE cdr_charge SET account_id = stream.account_id, ended_at = stream.ended_at, application_id = call.application_id
FROM streams_stream AS stream JOIN streams_call AS call ON call.id = stream.call_id
WHERE stream.id = cdr_charge.stream_id AND cdr_charge.id > %s AND cdr_charge.id <= %s AND cdr_charge.account_id IS NULL"""


def copy(apps, schema_editor):
    connection = schema_editor.connection
    last = apps.get_model('cdr', 'Charge').objects.using(connection.alias).aggregate(last=Max('pk'))['last'] or 0
    for begin in range(0, last, CHARGES_AT_ONCE):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(COPY, [begin, begin + CHARGES_AT_ONCE])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('cdr', '0024_statements'),
    ]

    operations = [
        migrations.RunPython(copy, migrations.RunPython.noop, elidable=True),
    ]
