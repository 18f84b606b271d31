"""Rounds of retention and how far they have come; administrators of existing installations may look at them."""

import django.db.models.deletion
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config("cdr"), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    grant(apps, ADMINISTRATOR, ("cdr.view_retentionrun",))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0010_see_refused_attempts'),
        ('streams', '0008_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('beat_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('unfinished', models.BooleanField(default=True, help_text='True or nothing: one is under way at most.', null=True, unique=True)),
                ('counts', models.JSONField(default=dict)),
                ('terms', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'retention run',
                'verbose_name_plural': 'retention',
                'ordering': ('-id',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='RetentionMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('numbers', 'numbers'), ('payloads', 'payloads'), ('events', 'events')], max_length=10)),
                ('done_until', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='retention_marks', to='streams.account')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('account', 'kind'), name='retention_mark_once')],
            },
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
