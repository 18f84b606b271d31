"""The indexes of calls' numbers have the account as well, so that the desk finds a number among its own calls without reading other accounts'.

Each is built while calls go on, where the database can do that, and takes the place of the one before."""

from django.db import migrations, models

from streams.migrations._live_indexes import AddIndexLive, RemoveIndexLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('streams', '0041_recordings_under_way'),
    ]

    operations = [
        AddIndexLive(
            model_name='call',
            index=models.Index(fields=['from_key', 'account'], name='call_from_key_account', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        RemoveIndexLive(model_name='call', name='call_from_key'),
        AddIndexLive(
            model_name='call',
            index=models.Index(fields=['from_reversed', 'account'], name='call_from_reversed_account', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        RemoveIndexLive(model_name='call', name='call_from_reversed'),
        AddIndexLive(
            model_name='call',
            index=models.Index(fields=['to_key', 'account'], name='call_to_key_account', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        RemoveIndexLive(model_name='call', name='call_to_key'),
        AddIndexLive(
            model_name='call',
            index=models.Index(fields=['to_reversed', 'account'], name='call_to_reversed_account', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        RemoveIndexLive(model_name='call', name='call_to_reversed'),
    ]
