"""Failed sign-ins as the console shows them, and the permissions on them for the administrators there are."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr import roles


def grant(apps, schema_editor):
    """Permissions are made after all migrations; the group needs them now. With these go those of models that came since it was made."""
    for label in ("streams", "cdr"):
        create_permissions(installed.get_app_config(label), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    roles.grant(apps, roles.ADMINISTRATOR, ("streams.*", "cdr.*"))


class Migration(migrations.Migration):

    dependencies = [
        ('axes', '0010_accessattemptexpiration'),
        ('cdr', '0007_url_tests'),
        ('streams', '0007_gateway_resumed'),
    ]

    operations = [
        migrations.CreateModel(
            name='FailedSignIn',
            fields=[
            ],
            options={
                'verbose_name': 'failed sign-in',
                'ordering': ('-attempt_time', '-id'),
                'permissions': [('lift_lock', 'Can lift a lock after failed sign-ins')],
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('axes.accessattempt',),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('stop a stream', 'stop a stream'), ('hang up a call', 'hang up a call'), ('resend a callback', 'resend a callback'), ('rotate a token', 'rotate a token'), ('end an old token', 'end an old token'), ('test a service URL', 'test a service URL'), ('remove by retention', 'remove by retention'), ('sign in', 'sign in'), ('sign out', 'sign out'), ('fail to sign in', 'fail to sign in'), ('lock sign-ins', 'lock sign-ins'), ('lift a lock', 'lift a lock'), ('set up second factor', 'set up second factor'), ('remove second factor', 'remove second factor'), ('new recovery codes', 'new recovery codes'), ('export a list', 'export a list'), ('add', 'add'), ('change', 'change'), ('delete', 'delete')], max_length=20),
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
