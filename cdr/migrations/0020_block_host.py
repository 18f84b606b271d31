"""Operators and administrators of existing installations may block a host."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from cdr.roles import ADMINISTRATOR, OPERATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('cdr'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role in (OPERATOR, ADMINISTRATOR):
        grant(apps, role, ('cdr.block_host',))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0019_hostdetail'),
        ('streams', '0029_host_blocks'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='streamdetail',
            options={'ordering': ('-requested_at', '-id'), 'permissions': [('stop_stream', 'Can stop a live stream'), ('resend_callback', 'Can resend a status callback'), ('block_host', 'Can block and unblock a host')], 'verbose_name': 'stream'},
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
