"""All tables of `cdr` at once, for a database that has none, the triggers of the audit log and the groups an installation begins with:
18 migrations, most of which changed what none of its rows has.

The migrations that this one replaces stay, for installations that have some of them."""

from importlib import import_module

import cdr.models
import django.db.models.deletion
import streams.sealed
from django.conf import settings
from django.db import migrations, models


# What they did goes here when they go.
roles = import_module('cdr.migrations.0004_roles')
audit_log = import_module('cdr.migrations.0005_append_only_audit_log')


class Migration(migrations.Migration):

    replaces = [
        ('cdr', '0001_initial'),
        ('cdr', '0002_audit_log'),
        ('cdr', '0003_saved_filters_and_exports'),
        ('cdr', '0004_roles'),
        ('cdr', '0005_append_only_audit_log'),
        ('cdr', '0006_more_acts'),
        ('cdr', '0007_url_tests'),
        ('cdr', '0008_failed_sign_ins'),
        ('cdr', '0009_debug_log_downloads'),
        ('cdr', '0010_see_refused_attempts'),
        ('cdr', '0011_retention'),
        ('cdr', '0012_words_by_function'),
        ('cdr', '0013_send_digits'),
        ('cdr', '0014_jobs'),
        ('cdr', '0015_sessions'),
        ('cdr', '0016_outside_identities'),
        ('cdr', '0017_sealed'),
        ('cdr', '0018_see_secrets'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('axes', '0010_accessattemptexpiration'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('otp_totp', '0003_add_timestamps'),
        ('streams', '0001_squashed_0027_process_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='charge', to='streams.stream')),
                ('seconds', models.PositiveIntegerField(verbose_name='duration (s)')),
                ('billed_seconds', models.PositiveIntegerField(verbose_name='rounded bill duration (s)')),
                ('rate', models.DecimalField(decimal_places=5, max_digits=12)),
                ('interval_seconds', models.PositiveIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('amount', models.DecimalField(decimal_places=5, max_digits=18, verbose_name='billed amount')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='CallDetail',
            fields=[
            ],
            options={
                'verbose_name': 'call',
                'ordering': ('-started_at', '-id'),
                'permissions': [('hang_up_call', 'Can hang up a live call'), ('send_digits', 'Can send digits to a live call'), ('see_numbers', 'Can see whole phone numbers'), ('see_secrets', 'Can see secrets in URLs (values of query parameters)')],
                'proxy': True,
            },
            bases=('streams.call',),
        ),
        migrations.CreateModel(
            name='StreamDetail',
            fields=[
            ],
            options={
                'verbose_name': 'stream',
                'ordering': ('-requested_at', '-id'),
                'permissions': [('stop_stream', 'Can stop a live stream'), ('resend_callback', 'Can resend a status callback')],
                'proxy': True,
            },
            bases=('streams.stream',),
        ),
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_filters', to=settings.AUTH_USER_MODEL)),
                ('section', models.CharField(max_length=50)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(max_length=2000)),
                ('shared', models.BooleanField(default=False, help_text='Everybody who sees the list sees it.')),
            ],
            options={
                'ordering': ('name', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('owner', 'section', 'name'), name='saved_filter_name_once')],
            },
        ),
        migrations.CreateModel(
            name='OutsideIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='outside_identity', to=settings.AUTH_USER_MODEL)),
                ('issuer', models.CharField(max_length=500)),
                ('subject', models.CharField(max_length=255)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('issuer', 'subject'), name='outside_identity_once')],
            },
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exports', to=settings.AUTH_USER_MODEL)),
                ('section', models.CharField(max_length=50)),
                ('query', models.CharField(blank=True, max_length=2000)),
                ('format', models.CharField(choices=cdr.models.export_formats, max_length=4)),
                ('state', models.CharField(choices=cdr.models.export_states, default='waiting', max_length=10)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('rows_total', models.PositiveIntegerField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='UrlTest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='url_tests', to=settings.AUTH_USER_MODEL)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='url_tests', to='streams.account')),
                ('of_stream', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='url_tests', to='streams.stream')),
                ('url', models.CharField(max_length=2048, verbose_name='service URL')),
                ('content_type', models.CharField(max_length=40)),
                ('call_id', models.UUIDField()),
                ('stream_id', models.UUIDField()),
                ('state', models.CharField(choices=cdr.models.url_test_states, default='waiting', max_length=10)),
                ('report', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'URL test',
                'ordering': ('-id',),
                'permissions': [('test_service_url', 'Can test a service URL')],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RetentionMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='retention_marks', to='streams.account')),
                ('kind', models.CharField(choices=cdr.models.retention_kinds, max_length=10)),
                ('done_until', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('account', 'kind'), name='retention_mark_once')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField()),
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
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('by', models.CharField(help_text="The user's name at that time.", max_length=150)),
                ('address', models.GenericIPAddressField(help_text='Where the request came from.', null=True)),
                ('act', models.CharField(choices=cdr.models.audit_acts, max_length=20)),
                ('kind', models.CharField(help_text='What it was done to: a call, a stream, an account ...', max_length=30)),
                ('subject', models.CharField(help_text='Which one: its UUID or its name.', max_length=200)),
                ('details', models.JSONField(default=dict, help_text='For a change: {field: [old, new]}, secrets hidden.')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['-at'], name='audit_newest'), models.Index(fields=['subject'], name='audit_subject')],
            },
        ),
        migrations.CreateModel(
            name='AuthenticatorApp',
            fields=[
                ('totpdevice_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='otp_totp.totpdevice')),
                ('sealed_key', streams.sealed.SealedTextField(help_text='Hexadecimal, as django-otp has it.')),
            ],
            options={
                'default_permissions': (),
            },
            bases=('otp_totp.totpdevice',),
        ),
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
            },
            bases=('axes.accessattempt',),
        ),
        migrations.CreateModel(
            name='ConsoleSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='console_sessions', to=settings.AUTH_USER_MODEL)),
                ('begun_at', models.DateTimeField(null=True)),
                ('last_seen_at', models.DateTimeField()),
                ('address', models.GenericIPAddressField(null=True)),
                ('browser', models.CharField(blank=True, help_text='What the browser says it is.', max_length=200)),
            ],
            options={
                'verbose_name': 'session',
                'default_permissions': (),
            },
        ),
        migrations.RunPython(audit_log.protect, audit_log.unprotect),
        migrations.RunPython(roles.make, migrations.RunPython.noop),
    ]
