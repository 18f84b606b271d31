"""All tables of `cdr` at once, for a database that has none, the triggers of the audit log, the groups and the rules of alerts that an
installation begins with: 28 migrations, most of which changed what none of its rows has.

The migrations that this one replaces stay, for installations that have some of them."""

from importlib import import_module

import cdr.alert_rows
import cdr.models
import django.db.models.deletion
import streams.sealed
from django.conf import settings
from django.db import migrations, models

from streams.migrations._tables_at_once import TablesAtOnce

# What they did goes here when they go.
roles = import_module('cdr.migrations.0004_roles')
audit_log = import_module('cdr.migrations.0005_append_only_audit_log')
alerts = import_module('cdr.migrations.0021_alerts')
rule_of_spending_limits = import_module('cdr.migrations.0028_rule_of_spending_limits')


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
        ('cdr', '0019_hostdetail'),
        ('cdr', '0020_block_host'),
        ('cdr', '0021_alerts'),
        ('cdr', '0022_charge_newest'),
        ('cdr', '0023_what_is_not_billed'),
        ('cdr', '0024_statements'),
        ('cdr', '0025_charges_of_accounts'),
        ('cdr', '0026_find_charges'),
        ('cdr', '0027_totals_of_exports'),
        ('cdr', '0028_rule_of_spending_limits'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('axes', '0010_accessattemptexpiration'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('otp_static', '0003_add_timestamps'),
        ('otp_totp', '0003_add_timestamps'),
        ('streams', '0001_squashed_0033_spending_limits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TablesAtOnce([
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
                    ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alert_rules', to='streams.account')),
                    ('gateway', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alert_rules', to='streams.gateway')),
                    ('host', models.CharField(blank=True, max_length=255)),
                    ('repeat_minutes', models.PositiveIntegerField(default=60, verbose_name='tell again every (minutes)')),
                    ('quiet_from', models.TimeField(blank=True, null=True)),
                    ('quiet_to', models.TimeField(blank=True, null=True)),
                    ('time_zone', models.CharField(default='UTC', max_length=60)),
                    ('due_at', models.DateTimeField(editable=False, null=True)),
                    ('evaluated_at', models.DateTimeField(editable=False, null=True)),
                    ('problem', models.CharField(blank=True, editable=False, max_length=300)),
                    ('channels', models.ManyToManyField(blank=True, related_name='rules', to='cdr.alertchannel', verbose_name='tell')),
                ],
                options={
                    'ordering': ('name',),
                },
            ),
            migrations.CreateModel(
                name='Alert',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='cdr.alertrule')),
                    ('title', models.CharField(max_length=100)),
                    ('kind', models.CharField(choices=cdr.alert_rows.alert_kinds, max_length=30)),
                    ('subject', models.CharField(max_length=300)),
                    ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='streams.account')),
                    ('gateway', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='streams.gateway')),
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
                    'indexes': [models.Index(fields=['-opened_at', '-id'], name='alert_newest'), models.Index(condition=models.Q(('closed_at', None)), fields=['-opened_at', '-id'], name='alert_open_newest'), models.Index(fields=['rule', 'subject', '-closed_at'], name='alert_of_subject')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('rule', 'subject'), name='alert_open_once')],
                },
            ),
            migrations.CreateModel(
                name='AlertEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='cdr.alert')),
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
                    ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='cdr.alertchannel')),
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
                    'indexes': [models.Index(fields=['-created_at', '-id'], name='alert_message_newest'), models.Index(fields=['channel', '-created_at'], name='alert_message_of_channel'), models.Index(condition=models.Q(('finished_at', None)), fields=['due_at'], name='alert_message_due')],
                },
            ),
            migrations.CreateModel(
                name='AlertNotice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='cdr.alert')),
                    ('channel', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='cdr.alertchannel')),
                    ('step', models.CharField(choices=cdr.alert_rows.alert_steps, max_length=20)),
                    ('at', models.DateTimeField()),
                    ('headline', models.CharField(max_length=300)),
                    ('due_at', models.DateTimeField()),
                    ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='cdr.alertmessage')),
                ],
                options={
                    'ordering': ('id',),
                    'default_permissions': (),
                    'indexes': [models.Index(condition=models.Q(('message', None)), fields=['channel', 'due_at'], name='alert_notice_waiting')],
                },
            ),
            migrations.CreateModel(
                name='AlertTry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='cdr.alertmessage')),
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
            migrations.CreateModel(
                name='Statement',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='streams.account')),
                    ('currency', models.CharField(max_length=3)),
                    ('month', models.DateField(help_text='Its first day.')),
                    ('zone_name', models.CharField(max_length=64, verbose_name='time zone')),
                    ('begins_at', models.DateTimeField(null=True)),
                    ('ends_at', models.DateTimeField()),
                    ('streams', models.PositiveIntegerField()),
                    ('seconds', models.PositiveBigIntegerField(verbose_name='duration (s)')),
                    ('billed_seconds', models.PositiveBigIntegerField(verbose_name='rounded bill duration (s)')),
                    ('charged', models.DecimalField(decimal_places=5, max_digits=24)),
                    ('corrected', models.DecimalField(decimal_places=5, max_digits=24)),
                    ('sums', models.JSONField()),
                    ('closed_at', models.DateTimeField()),
                    ('closed_by', models.CharField(max_length=150)),
                    ('checked_at', models.DateTimeField(help_text='When it was last seen to agree with its charges, to the last digit.', null=True)),
                ],
                options={
                    'ordering': ('-closed_at', '-id'),
                    'permissions': [('close_statement', 'Can close a statement'), ('correct_statement', 'Can give credits and corrections')],
                    'default_permissions': ('view',),
                    'constraints': [models.UniqueConstraint(fields=('account', 'currency', 'month'), name='statement_once')],
                },
            ),
            migrations.CreateModel(
                name='Adjustment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='streams.account')),
                    ('currency', models.CharField(max_length=3)),
                    ('amount', models.DecimalField(decimal_places=5, max_digits=15)),
                    ('reason', models.CharField(max_length=200)),
                    ('at', models.DateTimeField()),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('created_by', models.CharField(max_length=150)),
                    ('statement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='cdr.statement')),
                ],
                options={
                    'ordering': ('at', 'pk'),
                    'default_permissions': (),
                },
            ),
            migrations.CreateModel(
                name='MoneyCheck',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('started_at', models.DateTimeField()),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('charges', models.PositiveBigIntegerField(default=0)),
                    ('statements', models.PositiveIntegerField(default=0)),
                    ('problems', models.JSONField(default=list)),
                ],
                options={
                    'ordering': ('-pk',),
                    'default_permissions': (),
                },
            ),
            migrations.CreateModel(
                name='Charge',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stream', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='charge', to='streams.stream')),
                    ('seconds', models.PositiveIntegerField(verbose_name='duration (s)')),
                    ('billed_seconds', models.PositiveIntegerField(verbose_name='rounded bill duration (s)')),
                    ('rate', models.DecimalField(decimal_places=5, max_digits=12)),
                    ('interval_seconds', models.PositiveIntegerField()),
                    ('minimum_seconds', models.PositiveIntegerField(db_default=0, default=0)),
                    ('free_seconds', models.PositiveIntegerField(db_default=0, default=0)),
                    ('currency', models.CharField(max_length=3)),
                    ('amount', models.DecimalField(decimal_places=5, max_digits=18, verbose_name='billed amount')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('account', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='streams.account')),
                    ('application', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='streams.application')),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('statement', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='cdr.statement')),
                ],
                options={
                    'indexes': [models.Index(fields=['created_at'], name='charge_newest'), models.Index(fields=['account', 'ended_at'], name='charge_of_account'), models.Index(condition=models.Q(('statement', None)), fields=['account', 'currency', 'ended_at'], name='charge_in_no_statement'), models.Index(condition=models.Q(('statement__isnull', False)), fields=['statement', 'ended_at'], name='charge_in_statement')],
                },
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
                    'permissions': [('stop_stream', 'Can stop a live stream'), ('resend_callback', 'Can resend a status callback'), ('block_host', 'Can block and unblock a host')],
                    'proxy': True,
                },
                bases=('streams.stream',),
            ),
            migrations.CreateModel(
                name='HostDetail',
                fields=[
                ],
                options={
                    'verbose_name': 'host',
                    'proxy': True,
                    'default_permissions': (),
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
                    ('totals', models.JSONField(db_default={}, default=dict, help_text="By currency, of what was written: as cdr.pure.statement's Figures.")),
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
        ]),
        migrations.RunPython(audit_log.protect, audit_log.unprotect),
        migrations.RunPython(roles.make, migrations.RunPython.noop),
        migrations.RunPython(alerts.make_rules, migrations.RunPython.noop),
        migrations.RunPython(rule_of_spending_limits.make_rule, migrations.RunPython.noop),
    ]
