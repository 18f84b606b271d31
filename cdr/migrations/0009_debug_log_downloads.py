"""Downloads of debug logs are acts of the audit log."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0008_failed_sign_ins'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('stop a stream', 'stop a stream'), ('hang up a call', 'hang up a call'), ('resend a callback', 'resend a callback'), ('rotate a token', 'rotate a token'), ('end an old token', 'end an old token'), ('test a service URL', 'test a service URL'), ('remove by retention', 'remove by retention'), ('sign in', 'sign in'), ('sign out', 'sign out'), ('fail to sign in', 'fail to sign in'), ('lock sign-ins', 'lock sign-ins'), ('lift a lock', 'lift a lock'), ('set up second factor', 'set up second factor'), ('remove second factor', 'remove second factor'), ('new recovery codes', 'new recovery codes'), ('export a list', 'export a list'), ('download a debug log', 'download a debug log'), ('add', 'add'), ('change', 'change'), ('delete', 'delete')], max_length=20),
        ),
    ]
