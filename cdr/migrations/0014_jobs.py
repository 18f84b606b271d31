"""Exports, tests of service URLs and rounds of retention are jobs with the same columns. No row is lost: what waits goes on waiting, and
what was under way is claimed until its worker would have been given up."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models import F

WORKER = "a worker before the upgrade"


def convert(apps, schema_editor):
    """The columns were renamed before: `claimed_until` holds when the worker began (URL tests), or was last seen (the others). `tries`
    of exports counted those that were begun, and counts now those that are over."""
    export, url_test, run = (apps.get_model("cdr", name).objects for name in ("Export", "UrlTest", "RetentionRun"))
    running = {"claimed_by": WORKER, "claimed_until": F("claimed_until") + timedelta(minutes=2)}
    export.filter(state="running").update(**running, tries=F("tries") - 1)
    export.exclude(state="running").update(claimed_until=None)
    url_test.filter(state="running").update(claimed_by=WORKER, claimed_until=F("claimed_until") + timedelta(seconds=30))
    url_test.exclude(state="running").update(claimed_until=None)
    url_test.filter(state="done").update(tries=1)
    run.filter(claimed_until__isnull=False).update(**running)
    # PostgreSQL alters no table whose rows wait to be checked.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0013_send_digits'),
    ]

    operations = [
        migrations.RenameField(model_name='export', old_name='beat_at', new_name='claimed_until'),
        migrations.RenameField(model_name='urltest', old_name='began_at', new_name='claimed_until'),
        migrations.RenameField(model_name='retentionrun', old_name='beat_at', new_name='claimed_until'),
        migrations.AddField(
            model_name='export',
            name='claimed_by',
            field=models.CharField(blank=True, default='', max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='urltest',
            name='claimed_by',
            field=models.CharField(blank=True, default='', max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='retentionrun',
            name='claimed_by',
            field=models.CharField(blank=True, default='', max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='urltest',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='retentionrun',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RunPython(convert, migrations.RunPython.noop, elidable=True),
    ]
