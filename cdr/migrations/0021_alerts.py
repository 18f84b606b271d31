"""Alerts: their tables, the rules that an installation begins with, and who may see and make them. Upgrades get the same rules: without a
place to tell they fill the bell of the console, and nothing else."""

from decimal import Decimal

import cdr.alert_rows
import django.db.models.deletion
import streams.sealed
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, ALERTS, ALERTS_IN_HAND, OPERATOR, SUPPORT, grant

RULES = (
    # name, kind, threshold, within, of at least, scope, switched on
    ("Streams to a host fail", "connection_error_share", 20, 10, 10, "each_host", True),
    ("Streams of an account degrade", "degraded_share", 10, 15, 20, "each_account", True),
    ("Callbacks to a host are given up", "callbacks_given_up", 5, 60, 0, "each_host", True),
    ("A gateway is refused", "refused_attempts", 20, 10, 0, "each_gateway", True),
    ("A gateway is silent at a time at which it usually is not", "gateway_silent", 5, 30, 0, "each_gateway", True),
    ("Callbacks wait for a worker", "oldest_callback", 5, 0, 0, "all", True),
    ("The platform is not well", "platform", 1, 0, 0, "all", True),
    ("No calls at all", "no_calls", 60, 0, 0, "all", False),
    ("An account spends much in a day", "spend", 100, 1440, 0, "each_account", False),
)


def make_rules(apps, schema_editor):
    rules = apps.get_model("cdr", "AlertRule").objects.using(schema_editor.connection.alias)
    for name, kind, threshold, window, least, scope, enabled in RULES:
        values = {"kind": kind, "threshold": Decimal(threshold), "window_minutes": window, "least_count": least, "scope": scope}
        rules.get_or_create(name=name, defaults={**values, "enabled": enabled})


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config("cdr"), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    grant(apps, SUPPORT, ALERTS)
    grant(apps, OPERATOR, (*ALERTS, *ALERTS_IN_HAND))
    every = ("alert", "alertrule", "alertchannel", "alertmessage")
    names = [f"cdr.{act}_{model}" for act in ("view", "add", "change", "delete") for model in every]
    grant(apps, ADMINISTRATOR, (*names, "cdr.acknowledge_alert"))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0020_block_host'),
        ('streams', '0027_process_reports'),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=cdr.alert_rows.alert_kinds, max_length=30)),
                ('subject', models.CharField(max_length=300)),
                ('host', models.CharField(blank=True, max_length=255)),
                ('headline', models.CharField(max_length=300)),
                ('window_minutes', models.PositiveIntegerField(default=0)),
                ('threshold', models.DecimalField(decimal_places=5, max_digits=18)),
                ('value', models.DecimalField(decimal_places=5, help_text='As it was found last.', max_digits=18)),
                ('worst', models.DecimalField(decimal_places=5, max_digits=18)),
                ('noted', models.DecimalField(decimal_places=5, help_text='As its newest event has it.', max_digits=18)),
                ('opened_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(help_text='When its condition was met last.')),
                ('clear_since', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_why', models.CharField(blank=True, max_length=200)),
                ('reopened', models.PositiveSmallIntegerField(default=0)),
                ('told_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_by', models.CharField(blank=True, max_length=150)),
                ('note', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ('-opened_at', '-id'),
                'permissions': [('acknowledge_alert', 'Can acknowledge an alert')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='AlertChannel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, validators=[cdr.alert_rows.one_line])),
                ('kind', models.CharField(choices=cdr.alert_rows.channel_kinds, max_length=10)),
                ('enabled', models.BooleanField(default=True, verbose_name='switched on')),
                ('addresses', models.TextField(blank=True, help_text='Of mail: one address a line.')),
                ('url', streams.sealed.SealedTextField(blank=True, verbose_name='URL')),
                ('secret', streams.sealed.SealedTextField(blank=True)),
                ('failing_since', models.DateTimeField(editable=False, null=True)),
                ('last_error', models.CharField(blank=True, editable=False, max_length=300)),
                ('last_sent_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'place to tell',
                'verbose_name_plural': 'places to tell',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='AlertEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('step', models.CharField(choices=cdr.alert_rows.alert_steps, max_length=20)),
                ('words', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ('at', 'id'),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AlertMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('message_id', models.CharField(help_text="The same in every try: the receiver's idempotency key.", max_length=40, unique=True)),
                ('content', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('state', models.CharField(choices=cdr.alert_rows.message_states, default='waiting', max_length=10)),
                ('due_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'message of alerts',
                'verbose_name_plural': 'messages of alerts',
                'ordering': ('-created_at', '-id'),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='AlertNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=cdr.alert_rows.alert_steps, max_length=20)),
                ('at', models.DateTimeField()),
                ('headline', models.CharField(max_length=300)),
                ('due_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('id',),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AlertRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('name', models.CharField(max_length=100, unique=True, validators=[cdr.alert_rows.one_line])),
                ('enabled', models.BooleanField(default=True, verbose_name='switched on')),
                ('kind', models.CharField(choices=cdr.alert_rows.alert_kinds, max_length=30, verbose_name='what')),
                ('threshold', models.DecimalField(decimal_places=5, max_digits=18)),
                ('window_minutes', models.PositiveIntegerField(default=0, verbose_name='within (minutes)')),
                ('least_count', models.PositiveIntegerField(default=10, verbose_name='of at least')),
                ('scope', models.CharField(choices=cdr.alert_rows.alert_scopes, default='all', max_length=20, verbose_name='watched for')),
                ('host', models.CharField(blank=True, max_length=255)),
                ('repeat_minutes', models.PositiveIntegerField(default=60, verbose_name='tell again every (minutes)')),
                ('quiet_from', models.TimeField(blank=True, null=True)),
                ('quiet_to', models.TimeField(blank=True, null=True)),
                ('time_zone', models.CharField(default='UTC', max_length=60)),
                ('due_at', models.DateTimeField(editable=False, null=True)),
                ('evaluated_at', models.DateTimeField(editable=False, null=True)),
                ('problem', models.CharField(blank=True, editable=False, max_length=300)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='AlertTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('started_at', models.DateTimeField()),
                ('duration_ms', models.PositiveIntegerField()),
                ('address', models.CharField(blank=True, max_length=300)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('answer', models.TextField(blank=True)),
            ],
            options={
                'ordering': ('message', 'number', 'id'),
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='streams.account'),
        ),
        migrations.AddField(
            model_name='alert',
            name='gateway',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='streams.gateway'),
        ),
        migrations.AddField(
            model_name='alertevent',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='cdr.alert'),
        ),
        migrations.AddField(
            model_name='alertmessage',
            name='channel',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='cdr.alertchannel'),
        ),
        migrations.AddField(
            model_name='alertnotice',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='cdr.alert'),
        ),
        migrations.AddField(
            model_name='alertnotice',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='cdr.alertchannel'),
        ),
        migrations.AddField(
            model_name='alertnotice',
            name='message',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='cdr.alertmessage'),
        ),
        migrations.AddField(
            model_name='alertrule',
            name='account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alert_rules', to='streams.account'),
        ),
        migrations.AddField(
            model_name='alertrule',
            name='channels',
            field=models.ManyToManyField(blank=True, related_name='rules', to='cdr.alertchannel', verbose_name='tell'),
        ),
        migrations.AddField(
            model_name='alertrule',
            name='gateway',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alert_rules', to='streams.gateway'),
        ),
        migrations.AddField(
            model_name='alert',
            name='rule',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='cdr.alertrule'),
        ),
        migrations.AddField(
            model_name='alerttry',
            name='message',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='cdr.alertmessage'),
        ),
        migrations.AddIndex(
            model_name='alertmessage',
            index=models.Index(fields=['-created_at', '-id'], name='alert_message_newest'),
        ),
        migrations.AddIndex(
            model_name='alertmessage',
            index=models.Index(fields=['channel', '-created_at'], name='alert_message_of_channel'),
        ),
        migrations.AddIndex(
            model_name='alertmessage',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['due_at'], name='alert_message_due'),
        ),
        migrations.AddIndex(
            model_name='alertnotice',
            index=models.Index(condition=models.Q(('message', None)), fields=['channel', 'due_at'], name='alert_notice_waiting'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['-opened_at', '-id'], name='alert_newest'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('closed_at', None)), fields=['-opened_at', '-id'], name='alert_open_newest'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['rule', 'subject', '-closed_at'], name='alert_of_subject'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('rule', 'subject'), name='alert_open_once'),
        ),
        migrations.RunPython(make_rules, migrations.RunPython.noop),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
