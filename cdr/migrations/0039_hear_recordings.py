"""Who may listen to recordings: of existing installations, administrators alone."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from cdr.roles import ADMINISTRATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('cdr'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    grant(apps, ADMINISTRATOR, ('cdr.hear_recordings',))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0035_statement_closings'),
        ('streams', '0038_recordings'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='streamdetail',
            options={'ordering': ('-requested_at', '-id'), 'permissions': [('stop_stream', 'Can stop a live stream'), ('resend_callback', 'Can resend a status callback'), ('block_host', 'Can block and unblock a host'), ('share_log', 'Can share a debug log'), ('hear_recordings', 'Can listen to recordings')], 'verbose_name': 'stream'},
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
