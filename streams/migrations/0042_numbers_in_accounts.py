"""The indexes of calls' numbers have the account as well, so that the desk finds a number among its own calls without reading other accounts'.

Each is built while calls go on, where the database can do that, and takes the place of the one before."""

from django.db import migrations, models

from streams.migrations._live_indexes import AddIndexLive, RemoveIndexLive


def with_the_account(column):
    index = models.Index(fields=[column, 'account'], name=f'call_{column}_account', opclasses=['varchar_pattern_ops', 'int8_ops'])
    return [AddIndexLive(model_name='call', index=index), RemoveIndexLive(model_name='call', name=f'call_{column}')]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('streams', '0041_recordings_under_way'),
    ]

    operations = [
        *with_the_account('from_key'),
        *with_the_account('from_reversed'),
        *with_the_account('to_key'),
        *with_the_account('to_reversed'),
    ]
