"""Callbacks and control requests are jobs with the same columns. No row is lost: what waits goes on waiting, what was taken is finished."""

from django.db import migrations, models


def count_tries(apps, schema_editor):
    """What was taken was tried once. (Callbacks counted their tries before.)"""
    apps.get_model("streams", "ControlRequest").objects.filter(finished_at__isnull=False).update(tries=1)
    # PostgreSQL alters no table whose rows wait to be checked.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0010_words_by_function'),
    ]

    operations = [
        migrations.RenameField(
            model_name='callback',
            old_name='claim',
            new_name='claimed_by',
        ),
        migrations.RemoveIndex(
            model_name='controlrequest',
            name='control_waiting',
        ),
        migrations.RenameField(
            model_name='controlrequest',
            old_name='taken_at',
            new_name='finished_at',
        ),
        migrations.AddField(
            model_name='controlrequest',
            name='claimed_by',
            field=models.CharField(blank=True, default='', max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='controlrequest',
            name='claimed_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='controlrequest',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RunPython(count_tries, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name='controlrequest',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['call'], name='control_waiting'),
        ),
    ]
