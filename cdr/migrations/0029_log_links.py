"""Links to debug logs for people without a login. Support, operators and administrators of existing installations may make them."""

import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, OPERATOR, SUPPORT, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('cdr'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role in (SUPPORT, OPERATOR, ADMINISTRATOR):
        grant(apps, role, ('cdr.share_log',))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0028_rule_of_spending_limits'),
        ('streams', '0033_spending_limits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LogLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=16, unique=True)),
                ('made_by', models.CharField(max_length=150)),
                ('made_for', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('whole_numbers', models.BooleanField()),
                ('with_details', models.BooleanField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_by', models.CharField(blank=True, max_length=150)),
                ('opened', models.PositiveIntegerField(default=0)),
                ('last_opened_at', models.DateTimeField(null=True)),
                ('owner', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='log_links', to=settings.AUTH_USER_MODEL)),
                ('stream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log_links', to='streams.stream')),
            ],
            options={
                'verbose_name': 'link to a debug log',
                'ordering': ('-id',),
                'default_permissions': (),
            },
        ),
        migrations.AlterModelOptions(
            name='streamdetail',
            options={'ordering': ('-requested_at', '-id'), 'permissions': [('stop_stream', 'Can stop a live stream'), ('resend_callback', 'Can resend a status callback'), ('block_host', 'Can block and unblock a host'), ('share_log', 'Can share a debug log')], 'verbose_name': 'stream'},
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
