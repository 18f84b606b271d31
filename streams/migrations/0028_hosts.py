"""How long a stream's connection took, and what the pages of hosts look for: streams and callbacks of an account at a host, newest first.

The indexes are built while calls go on, where the database can do that. No transaction holds it together, so each step can be done again, and
what cannot stands last."""

import django.db.models.deletion
from django.db import migrations, models

from streams.migrations._live_indexes import AddIndexLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('streams', '0027_process_reports'),
    ]

    operations = [
        AddIndexLive(
            model_name='stream',
            index=models.Index(fields=['account', 'service_host', '-requested_at', '-id'], opclasses=['int8_ops', 'varchar_pattern_ops', 'timestamptz_ops', 'int8_ops'], name='stream_account_host_newest'),
        ),
        AddIndexLive(
            model_name='callback',
            index=models.Index(fields=['account', 'host', '-created_at', '-id'], opclasses=['int8_ops', 'varchar_pattern_ops', 'timestamptz_ops', 'int8_ops'], name='callback_account_host_newest'),
        ),
        migrations.AlterField(
            model_name='callback',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='streams.account'),
        ),
        migrations.AddField(
            model_name='stream',
            name='connect_ms',
            field=models.PositiveIntegerField(editable=False, help_text='How long the attempt took that succeeded.', null=True),
        ),
    ]
