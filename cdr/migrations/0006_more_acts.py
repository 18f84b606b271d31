"""Acts of the audit log; administrators of existing installations may rotate tokens."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config("streams"), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    grant(apps, ADMINISTRATOR, ("streams.rotate_token",))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0005_append_only_audit_log'),
        ('streams', '0004_token_rotation'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('stop a stream', 'stop a stream'), ('hang up a call', 'hang up a call'), ('resend a callback', 'resend a callback'), ('rotate a token', 'rotate a token'), ('end an old token', 'end an old token'), ('test a service URL', 'test a service URL'), ('remove by retention', 'remove by retention'), ('export a list', 'export a list'), ('add', 'add'), ('change', 'change'), ('delete', 'delete')], max_length=20),
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
