"""All tables of `streams` at once, for a database that has none: 33 migrations, most of which changed what none of its rows has.

The migrations that this one replaces stay, for installations that have some of them."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import streams.models.choices
import streams.models.tenants
import streams.pure.lifecycle
import streams.sealed
import uuid
from decimal import Decimal
from django.db import migrations, models

from streams.migrations._tables_at_once import TablesAtOnce


class Migration(migrations.Migration):

    replaces = [
        ('streams', '0001_initial'),
        ('streams', '0002_playback_and_limits'),
        ('streams', '0003_gateway_dialects'),
        ('streams', '0004_token_rotation'),
        ('streams', '0005_gateway_health'),
        ('streams', '0006_timing'),
        ('streams', '0007_gateway_resumed'),
        ('streams', '0008_retention'),
        ('streams', '0009_what_lists_look_for'),
        ('streams', '0010_words_by_function'),
        ('streams', '0011_jobs'),
        ('streams', '0012_plainer_help_texts'),
        ('streams', '0013_silence_filled'),
        ('streams', '0014_number_keys'),
        ('streams', '0015_fill_number_keys'),
        ('streams', '0016_index_number_keys'),
        ('streams', '0017_last_words'),
        ('streams', '0018_play_failed_messages'),
        ('streams', '0019_concurrency_limits'),
        ('streams', '0020_streams_limit_holds_for_xml'),
        ('streams', '0021_when_a_call_was_heard_of_last'),
        ('streams', '0022_sealed'),
        ('streams', '0023_seal_secrets'),
        ('streams', '0024_tokens_have_rows'),
        ('streams', '0025_asked_by_the_databases_clock'),
        ('streams', '0026_call_uuid_in_account'),
        ('streams', '0027_process_reports'),
        ('streams', '0028_hosts'),
        ('streams', '0029_host_blocks'),
        ('streams', '0030_rates'),
        ('streams', '0031_rates_of_accounts'),
        ('streams', '0032_web_processes'),
        ('streams', '0033_spending_limits'),
    ]

    initial = True

    dependencies = []

    operations = [
        TablesAtOnce([
            migrations.CreateModel(
                name='Account',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100, unique=True)),
                    ('auth_id', models.CharField(default=streams.models.tenants.new_auth_id, max_length=20, unique=True, validators=[django.core.validators.RegexValidator('^(MA|SA)[A-Z0-9]{18}\\Z', 'An auth id is 20 characters: MA (account) or SA (subaccount), then 18 capital letters or digits.')])),
                    ('time_zone', models.CharField(db_default='UTC', default='UTC', help_text="Where the customer's days and months begin, such as Europe/Berlin: for statements, and rates from a day on.", max_length=64, validators=[streams.models.tenants.time_zone_validator])),
                    ('closed_until', models.DateTimeField(editable=False, help_text='Statements up to then are closed.', null=True)),
                    ('country', models.CharField(blank=True, help_text="Two capital letters, such as GB. Calls are found by it: numbers without a country code are read as that country's.", max_length=2, validators=[streams.models.tenants.country_validator])),
                    ('concurrent_calls_limit', models.PositiveIntegerField(default=500, help_text='At most this many live calls at once; one more is hung up with the cause 1030.', validators=[django.core.validators.MaxValueValidator(1000000)])),
                    ('concurrent_streams_limit', models.PositiveIntegerField(default=500, help_text="At most this many live streams at once. The API refuses to start more; of an answer's XML the rest is left out, and a call without any is hung up with the cause 1040.", validators=[django.core.validators.MaxValueValidator(1000000)])),
                    ('spending_warn_at', models.DecimalField(blank=True, decimal_places=5, help_text="When so much is spent in a month of the account's time zone, the console and alerts say so. Empty: never.", max_digits=15, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.00001')), django.core.validators.MaxValueValidator(Decimal('9999999999.99999'))], verbose_name='warn at (a month)')),
                    ('spending_stop_at', models.DecimalField(blank=True, decimal_places=5, help_text='When so much is spent, no new stream is begun until the month is over or the limit is raised: the API answers 402, and a call whose answer asks for streams is hung up with the cause 1050. What streams already goes on. Empty: no limit.', max_digits=15, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.00001')), django.core.validators.MaxValueValidator(Decimal('9999999999.99999'))], verbose_name='stop at (a month)')),
                    ('spending_currency', models.CharField(db_default='USD', default='USD', help_text='What is spent in another one does not count.', max_length=3, validators=[streams.models.tenants.currency_validator], verbose_name='currency of the limits')),
                    ('spending_warned_at', models.DateTimeField(editable=False, help_text='Since when as much is spent as is warned at.', null=True)),
                    ('spending_stopped_at', models.DateTimeField(editable=False, help_text='Since when no stream is begun.', null=True)),
                    ('stream_starts_per_second', models.PositiveIntegerField(default=10, help_text='At most this many starts through the API in one second.', validators=[django.core.validators.MaxValueValidator(10000)])),
                    ('callback_style', models.CharField(choices=[('A', 'A: StartStream, StopStream ...'), ('B', 'B: started, stopped, failed')], default='A', help_text='Which of the two documented forms status callbacks have.', max_length=1)),
                    ('fill_silence', models.BooleanField(default=True, help_text='While a gateway brings no audio (hold, silence suppression), streams get silence at real time. Off: they get nothing until audio comes again.', verbose_name='fill silence')),
                    ('goodbye_seconds', models.PositiveSmallIntegerField(default=10, help_text='What a service had sent before it closed its socket is still played, for at most so many seconds, before the call is hung up or goes on. 0: silence at once.', validators=[django.core.validators.MaxValueValidator(60)], verbose_name='play last words (s)')),
                    ('play_failed_messages', models.BooleanField(default=True, help_text='Tell services on their socket what of their audio is not played, and why. The published stream SDK does not know the message and hands a ValueError to on_error. Off: only the debug log tells.', verbose_name='send playFailed')),
                    ('playback_callbacks', models.BooleanField(default=False, help_text='Also send PlayedStream and ClearedAudio callbacks.')),
                    ('retain_numbers_days', models.PositiveIntegerField(blank=True, help_text='Days after the end of a call. Empty: what the installation sets. 0: for ever. What was removed cannot be brought back.', null=True, validators=[django.core.validators.MaxValueValidator(36500)], verbose_name='keep phone numbers (days)')),
                    ('retain_payloads_days', models.PositiveIntegerField(blank=True, help_text='Days after the end of a call. Empty: what the installation sets. 0: for ever. What was removed cannot be brought back.', null=True, validators=[django.core.validators.MaxValueValidator(36500)], verbose_name='keep payloads (days)')),
                    ('retain_events_days', models.PositiveIntegerField(blank=True, help_text='Days after the end of a call. Empty: what the installation sets. 0: for ever. What was removed cannot be brought back.', null=True, validators=[django.core.validators.MaxValueValidator(36500)], verbose_name='keep debug events (days)')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'ordering': ('name',),
                    'permissions': [('rotate_token', "Can make and revoke an account's auth tokens")],
                },
            ),
            migrations.CreateModel(
                name='Application',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='applications', to='streams.account')),
                    ('name', models.CharField(max_length=100)),
                    ('answer_url', models.CharField(blank=True, help_text='Fetched for each call; returns XML with <Stream> elements.', max_length=2048)),
                    ('answer_method', models.CharField(choices=[('POST', 'POST'), ('GET', 'GET')], default='POST', max_length=4)),
                    ('answer_xml', streams.sealed.SealedTextField(blank=True, help_text='The XML itself, instead of an answer URL.')),
                ],
                options={
                    'ordering': ('account', 'name'),
                    'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='application_name_once_per_account')],
                },
            ),
            migrations.CreateModel(
                name='Gateway',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gateways', to='streams.account')),
                    ('name', models.CharField(max_length=63, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9._-]{0,62}\\Z', "A gateway's name stands in its URL: small letters, digits, '.', '_' and '-', at most 63, a letter or digit first.")])),
                    ('dialect', models.CharField(choices=streams.models.choices.gateway_dialects, default='asterisk', max_length=30)),
                    ('application', models.ForeignKey(help_text="Where this gateway's calls go.", on_delete=django.db.models.deletion.PROTECT, related_name='gateways', to='streams.application')),
                    ('password_digest', models.CharField(editable=False, max_length=200)),
                    ('signing_token', streams.sealed.SealedTextField(blank=True, help_text="Twilio's auth token. Calls are then authenticated by their signature, without a password.")),
                    ('concurrent_calls_limit', models.PositiveIntegerField(blank=True, help_text="Of this gateway alone, beside what its account may have. Empty: only the account's limit.", null=True, validators=[django.core.validators.MaxValueValidator(1000000)])),
                    ('concurrent_streams_limit', models.PositiveIntegerField(blank=True, help_text="Of this gateway alone, beside what its account may have. Empty: only the account's limit.", null=True, validators=[django.core.validators.MaxValueValidator(1000000)])),
                ],
                options={
                    'ordering': ('name',),
                },
            ),
            migrations.CreateModel(
                name='Call',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, help_text='As its gateway calls it; its own within the account.')),
                    ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='streams.account')),
                    ('gateway', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='calls', to='streams.gateway')),
                    ('application', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='calls', to='streams.application')),
                    ('from_number', models.CharField(blank=True, max_length=100, verbose_name='from')),
                    ('to_number', models.CharField(blank=True, max_length=100, verbose_name='to')),
                    ('direction', models.CharField(choices=[('inbound', 'inbound'), ('outbound', 'outbound')], default='inbound', max_length=10)),
                    ('gateway_call_id', models.CharField(blank=True, help_text='What the gateway calls it (Asterisk: channel_id).', max_length=200)),
                    ('audio_format', models.CharField(blank=True, help_text='What the gateway sends.', max_length=30)),
                    ('state', models.CharField(choices=streams.models.choices.call_states, default=streams.pure.lifecycle.CallState['LIVE'], max_length=10)),
                    ('started_at', models.DateTimeField(verbose_name='start time (UTC)')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='end time (UTC)')),
                    ('hangup_cause_code', models.PositiveIntegerField(null=True)),
                    ('hangup_cause_name', models.CharField(blank=True, max_length=100)),
                    ('hangup_source', models.CharField(blank=True, max_length=30)),
                    ('from_key', models.CharField(blank=True, editable=False, max_length=100)),
                    ('from_reversed', models.CharField(blank=True, editable=False, max_length=20)),
                    ('to_key', models.CharField(blank=True, editable=False, max_length=100)),
                    ('to_reversed', models.CharField(blank=True, editable=False, max_length=20)),
                    ('numbers_removed_at', models.DateTimeField(editable=False, help_text='By retention, as the two that follow.', null=True)),
                    ('payloads_removed_at', models.DateTimeField(editable=False, null=True)),
                    ('events_removed_at', models.DateTimeField(editable=False, null=True)),
                    ('owner', models.CharField(blank=True, editable=False, help_text='The process that holds the call.', max_length=32)),
                    ('epoch', models.PositiveIntegerField(default=1, editable=False, help_text='Grows when the lease is taken from its owner.')),
                    ('renewed_at', models.DateTimeField(editable=False, help_text='When its gateway was heard of last.', null=True)),
                    ('lease_until', models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    'ordering': ('-started_at', '-id'),
                    'indexes': [models.Index(fields=['-started_at', '-id'], name='call_newest'), models.Index(fields=['account', '-started_at', '-id'], name='call_account_newest'), models.Index(fields=['gateway', '-started_at'], name='call_gateway_newest'), models.Index(fields=['application', '-started_at', '-id'], name='call_application_newest'), models.Index(fields=['account', '-ended_at', '-id'], name='call_account_ended'), models.Index(condition=models.Q(('direction', 'outbound')), fields=['-started_at', '-id'], name='call_outbound_newest'), models.Index(fields=['from_key'], name='call_from_key', opclasses=['varchar_pattern_ops']), models.Index(fields=['from_reversed'], name='call_from_reversed', opclasses=['varchar_pattern_ops']), models.Index(fields=['to_key'], name='call_to_key', opclasses=['varchar_pattern_ops']), models.Index(fields=['to_reversed'], name='call_to_reversed', opclasses=['varchar_pattern_ops']), models.Index(condition=models.Q(('state', streams.pure.lifecycle.CallState['LIVE'])), fields=['owner'], name='call_live_owner'), models.Index(condition=models.Q(('state', streams.pure.lifecycle.CallState['LIVE'])), fields=['lease_until'], name='call_live_lease')],
                    'constraints': [models.UniqueConstraint(fields=('uuid', 'account'), name='call_uuid_in_account')],
                },
            ),
            migrations.CreateModel(
                name='Stream',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('call', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='streams', to='streams.call')),
                    ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='streams', to='streams.account')),
                    ('call_started_at', models.DateTimeField(editable=False, help_text='When its call started.')),
                    ('state', models.CharField(choices=streams.models.choices.stream_states, default=streams.pure.lifecycle.StreamState['REQUESTED'], max_length=12)),
                    ('requested_at', models.DateTimeField(verbose_name='requested (UTC)')),
                    ('started_at', models.DateTimeField(null=True, verbose_name='start time (UTC)')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='end time (UTC)')),
                    ('hangup_reason', models.CharField(blank=True, choices=streams.models.choices.hangup_reasons, max_length=20)),
                    ('end_cause', models.CharField(blank=True, help_text='Why precisely it ended.', max_length=30)),
                    ('end_details', models.CharField(blank=True, help_text='In words, with codes.', max_length=500)),
                    ('close_code', models.PositiveIntegerField(null=True, verbose_name='WebSocket close code')),
                    ('connect_attempts', models.PositiveSmallIntegerField(default=0)),
                    ('connect_ms', models.PositiveIntegerField(editable=False, help_text='How long the attempt took that succeeded.', null=True)),
                    ('play_failures', models.PositiveIntegerField(default=0, help_text='How often audio from the customer was not played.')),
                    ('degraded_percent', models.PositiveSmallIntegerField(default=0, help_text='Highest buffer level passed: 0, 30, 60 or 90.')),
                    ('callback_trouble', models.PositiveSmallIntegerField(choices=streams.models.choices.callback_troubles, default=0)),
                    ('service_url', models.CharField(max_length=2048, verbose_name='service URL')),
                    ('service_host', models.CharField(blank=True, editable=False, help_text='Its host, in small letters, without the port.', max_length=255)),
                    ('bidirectional', models.BooleanField(default=False)),
                    ('audio_track', models.CharField(default='inbound', max_length=10)),
                    ('stream_timeout_seconds', models.PositiveIntegerField(default=86400)),
                    ('status_callback_url', models.CharField(blank=True, max_length=2048, verbose_name='status callback URL')),
                    ('status_callback_method', models.CharField(default='POST', max_length=4)),
                    ('content_type', models.CharField(default='audio/x-l16;rate=8000', max_length=40)),
                    ('extra_headers', streams.sealed.SealedTextField(blank=True)),
                    ('keep_call_alive', models.BooleanField(default=False)),
                    ('noise_cancellation', models.BooleanField(default=False)),
                    ('noise_cancellation_level', models.PositiveSmallIntegerField(default=85)),
                ],
                options={
                    'ordering': ('-requested_at', '-id'),
                    'indexes': [models.Index(fields=['-requested_at', '-id'], name='stream_newest'), models.Index(fields=['account', '-requested_at', '-id'], name='stream_account_newest'), models.Index(fields=['account', 'service_host', '-requested_at', '-id'], name='stream_account_host_newest', opclasses=['int8_ops', 'varchar_pattern_ops', 'timestamptz_ops', 'int8_ops']), models.Index(condition=models.Q(models.Q(models.Q(('end_cause', ''), _negated=True), models.Q(('end_cause', 'call_ended'), _negated=True)), ('connect_attempts__gt', 1), ('degraded_percent__gt', 0), ('callback_trouble__gt', 0), models.Q(('ended_at__isnull', False), ('started_at__isnull', True)), _connector='OR'), fields=['-requested_at', '-id', 'account', 'hangup_reason', 'end_cause', 'close_code', 'connect_attempts', 'degraded_percent', 'callback_trouble'], name='stream_unusual_newest'), models.Index(condition=models.Q(models.Q(models.Q(('end_cause', ''), _negated=True), models.Q(('end_cause', 'call_ended'), _negated=True)), ('connect_attempts__gt', 1), ('degraded_percent__gt', 0), ('callback_trouble__gt', 0), models.Q(('ended_at__isnull', False), ('started_at__isnull', True)), _connector='OR'), fields=['-call_started_at', '-call', 'account', 'hangup_reason', 'end_cause', 'close_code', 'connect_attempts', 'degraded_percent', 'callback_trouble'], name='stream_unusual_by_call'), models.Index(fields=['service_host', '-call_started_at', '-call'], name='stream_host_by_call', opclasses=['varchar_pattern_ops', 'timestamptz_ops', 'int8_ops'])],
                },
            ),
            migrations.CreateModel(
                name='StreamEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('call', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='streams.call')),
                    ('stream', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='streams.stream')),
                    ('number', models.PositiveIntegerField(help_text="Counts the notes of the call's process; empty when another wrote it.", null=True)),
                    ('at', models.DateTimeField()),
                    ('kind', models.CharField(choices=streams.models.choices.event_kinds, max_length=40)),
                    ('level', models.CharField(choices=streams.models.choices.event_levels, default=streams.pure.lifecycle.Level['INFO'], max_length=10)),
                    ('details', models.JSONField(default=dict)),
                ],
                options={
                    'ordering': ('at', 'id'),
                    'indexes': [models.Index(fields=['stream', 'at'], name='event_of_stream')],
                    'constraints': [models.UniqueConstraint(fields=('call', 'number'), name='event_number_once_per_call')],
                },
            ),
            migrations.CreateModel(
                name='CallMeasure',
                fields=[
                    ('call', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='measure', serialize=False, to='streams.call')),
                    ('measured_at', models.DateTimeField()),
                    ('arrivals', models.JSONField(default=dict)),
                ],
                options={
                    'default_permissions': (),
                },
            ),
            migrations.CreateModel(
                name='StreamMeasure',
                fields=[
                    ('stream', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='measure', serialize=False, to='streams.stream')),
                    ('measured_at', models.DateTimeField()),
                    ('latency', models.JSONField(default=dict)),
                    ('levels', models.JSONField(default=dict)),
                ],
                options={
                    'default_permissions': (),
                },
            ),
            migrations.CreateModel(
                name='ControlRequest',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('claimed_by', models.CharField(blank=True, max_length=32)),
                    ('claimed_until', models.DateTimeField(null=True)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('call', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='control_requests', to='streams.call')),
                    ('stream', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='control_requests', to='streams.stream')),
                    ('kind', models.CharField(choices=streams.models.choices.control_kinds, max_length=10)),
                    ('details', models.JSONField(default=dict)),
                    ('extra_headers', streams.sealed.SealedTextField(blank=True, help_text='Of a start: what `details` do not tell of the request.')),
                    ('requested_by', models.CharField(help_text="'API' or the operator's user name.", max_length=150)),
                    ('requested_at', models.DateTimeField(default=django.utils.timezone.now)),
                ],
                options={
                    'ordering': ('id',),
                    'indexes': [models.Index(condition=models.Q(('finished_at', None)), fields=['call'], name='control_waiting'), models.Index(condition=models.Q(('kind', 'start'), ('stream', None)), fields=['requested_at'], name='control_start_unwritten')],
                },
            ),
            migrations.CreateModel(
                name='Heartbeat',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=30, unique=True)),
                    ('beat_at', models.DateTimeField()),
                    ('hold_until', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Callback',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('claimed_by', models.CharField(blank=True, max_length=32)),
                    ('claimed_until', models.DateTimeField(null=True)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('stream', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='streams.stream')),
                    ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='streams.account')),
                    ('number', models.PositiveIntegerField(help_text='Counts the callbacks of a stream from 1.')),
                    ('event', models.CharField(choices=streams.models.choices.callback_events, max_length=20)),
                    ('url', models.CharField(max_length=2048, verbose_name='URL')),
                    ('method', models.CharField(default='POST', max_length=4)),
                    ('host', models.CharField(help_text='host:port of the URL; tries to one host at once are limited.', max_length=300)),
                    ('message_id', models.CharField(help_text="The same in every try: the receiver's idempotency key.", max_length=40, unique=True)),
                    ('parameters', models.JSONField(help_text='What is sent, as ordered [name, value] pairs.')),
                    ('created_at', models.DateTimeField()),
                    ('state', models.CharField(choices=streams.models.choices.callback_states, default='pending', max_length=10)),
                    ('due_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ('stream', 'number'),
                    'indexes': [models.Index(fields=['-created_at', '-id'], name='callback_newest'), models.Index(condition=models.Q(('state', 'given_up')), fields=['-created_at', '-id'], name='callback_given_up_newest'), models.Index(fields=['account', 'host', '-created_at', '-id'], name='callback_account_host_newest', opclasses=['int8_ops', 'varchar_pattern_ops', 'timestamptz_ops', 'int8_ops']), models.Index(condition=models.Q(('state', 'pending')), fields=['due_at'], name='callback_due'), models.Index(condition=models.Q(('state', 'pending')), fields=['host', 'due_at'], name='callback_host_waiting'), models.Index(condition=models.Q(('claimed_until__isnull', False)), fields=['claimed_until'], name='callback_claimed')],
                    'constraints': [models.UniqueConstraint(fields=('stream', 'number'), name='callback_number_once_per_stream')],
                },
            ),
            migrations.CreateModel(
                name='CallbackAttempt',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('callback', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='streams.callback')),
                    ('number', models.PositiveSmallIntegerField()),
                    ('started_at', models.DateTimeField()),
                    ('duration_ms', models.PositiveIntegerField()),
                    ('address', models.CharField(blank=True, help_text='The address that was dialled.', max_length=60)),
                    ('status', models.PositiveSmallIntegerField(null=True)),
                    ('error', models.CharField(blank=True, max_length=300)),
                    ('response_head', models.TextField(blank=True, help_text='The first 4 KiB of the answer.')),
                ],
                options={
                    'ordering': ('callback', 'number'),
                    'constraints': [models.UniqueConstraint(fields=('callback', 'number'), name='attempt_number_once_per_callback')],
                },
            ),
            migrations.CreateModel(
                name='GatewayRefusal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('gateway', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='refusals', to='streams.gateway')),
                    ('name', models.CharField(blank=True, help_text='As it came, whether there is such a gateway or not.', max_length=80)),
                    ('dialect', models.CharField(blank=True, help_text='That of the path; empty for one that is not spoken.', max_length=30)),
                    ('address', models.CharField(blank=True, help_text='Where it came from, without the port.', max_length=45)),
                    ('reason', models.CharField(choices=streams.models.choices.refusal_reasons, max_length=20)),
                    ('words', models.CharField(blank=True, help_text='Why, in words: those of the last attempt.', max_length=500)),
                    ('call_uuid', models.UUIDField(help_text='The call it was about, that of the last attempt.', null=True)),
                    ('hour', models.DateTimeField(help_text='The hour of the first attempt; a later hour has a row of its own.')),
                    ('first_at', models.DateTimeField()),
                    ('last_at', models.DateTimeField()),
                    ('count', models.PositiveIntegerField(default=1)),
                ],
                options={
                    'verbose_name': 'refused attempt',
                    'ordering': ('-last_at', '-id'),
                    'indexes': [models.Index(fields=['-last_at', '-id'], name='refusal_newest'), models.Index(fields=['gateway', '-last_at'], name='refusal_gateway_newest')],
                    'constraints': [models.UniqueConstraint(fields=('name', 'dialect', 'address', 'reason', 'hour'), name='refusal_once_an_hour')],
                },
            ),
            migrations.CreateModel(
                name='GatewayTraffic',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('owner', models.CharField(help_text='The process, as in the leases of its calls.', max_length=32)),
                    ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='traffic', to='streams.gateway')),
                    ('frames_per_second', models.FloatField()),
                    ('measured_at', models.DateTimeField(help_text='Database time.')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('owner', 'gateway'), name='traffic_once_per_process')],
                },
            ),
            migrations.CreateModel(
                name='HostBlock',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='host_blocks', to='streams.account')),
                    ('host', models.CharField(help_text="Without a port, as a stream's service_host has it.", max_length=255)),
                    ('why', models.CharField(blank=True, max_length=200)),
                    ('blocked_by', models.CharField(help_text="The user's name at that time.", max_length=150)),
                    ('blocked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ],
                options={
                    'ordering': ('pk',),
                    'default_permissions': (),
                    'constraints': [models.UniqueConstraint(condition=models.Q(('account__isnull', False)), fields=('host', 'account'), name='host_block_of_account_once'), models.UniqueConstraint(condition=models.Q(('account__isnull', True)), fields=('host',), name='host_block_of_all_once')],
                },
            ),
            migrations.CreateModel(
                name='ProcessReport',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('owner', models.CharField(help_text='The process, as in the leases of its calls.', max_length=32, unique=True)),
                    ('troubles', models.JSONField()),
                    ('reported_at', models.DateTimeField(help_text='Database time.')),
                ],
                options={
                    'default_permissions': (),
                },
            ),
            migrations.CreateModel(
                name='WebProcess',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('owner', models.CharField(help_text='As in the leases of its calls.', max_length=32, unique=True)),
                    ('version', models.CharField(help_text='Of the platform that it runs.', max_length=40)),
                    ('machine', models.CharField(max_length=100)),
                    ('started_at', models.DateTimeField(help_text='Database time, as the other.')),
                    ('seen_at', models.DateTimeField()),
                ],
                options={
                    'default_permissions': (),
                },
            ),
            migrations.CreateModel(
                name='RateCard',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100, unique=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'ordering': ('name',),
                },
            ),
            migrations.CreateModel(
                name='Rate',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rates', to='streams.account')),
                    ('card', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='streams.ratecard', verbose_name='rate card')),
                    ('valid_from', models.DateTimeField()),
                    ('amount', models.DecimalField(blank=True, decimal_places=5, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('99999.99999'))], verbose_name='price of one interval')),
                    ('interval_seconds', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(86400)], verbose_name='billing interval (s)')),
                    ('currency', models.CharField(blank=True, max_length=3, validators=[streams.models.tenants.currency_validator])),
                    ('minimum_seconds', models.PositiveIntegerField(default=0, help_text='A stream that costs anything is billed for at least so long.', validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='minimum duration (s)')),
                    ('free_seconds', models.PositiveIntegerField(default=0, help_text='The first seconds of each stream that are not billed.', validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='free seconds')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('created_by', models.CharField(blank=True, max_length=150)),
                ],
                options={
                    'ordering': ('valid_from', 'pk'),
                    'permissions': [('set_rates', 'Can set rates of accounts and rate cards')],
                    'default_permissions': (),
                    'constraints': [models.UniqueConstraint(condition=models.Q(('account__isnull', False)), fields=('account', 'valid_from'), name='rate_once_of_account'), models.UniqueConstraint(condition=models.Q(('account__isnull', True)), fields=('card', 'valid_from'), name='rate_once_of_card'), models.CheckConstraint(condition=models.Q(('account__isnull', False), ('card__isnull', False), _connector='OR'), name='rate_is_somebodys'), models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('amount__isnull', True), ('card__isnull', False), ('interval_seconds__isnull', True)), models.Q(models.Q(('account__isnull', True), ('card__isnull', True), _connector='OR'), ('amount__gte', 0), ('amount__isnull', False), ('currency__gt', ''), ('interval_seconds__gt', 0)), _connector='OR'), name='rate_is_a_price_or_a_card')],
                },
            ),
            migrations.CreateModel(
                name='AuthToken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_tokens', to='streams.account')),
                    ('name', models.CharField(help_text='What uses it.', max_length=60)),
                    ('secret', streams.sealed.SealedTextField(editable=False)),
                    ('digest', models.CharField(editable=False, help_text='What it is found by: keyed, so that nobody can try tokens on it.', max_length=64)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('created_by', models.CharField(blank=True, max_length=150)),
                    ('last_used_at', models.DateTimeField(help_text='In the API; up to an hour old.', null=True)),
                    ('ends_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ('-created_at', '-pk'),
                    'default_permissions': (),
                    'indexes': [models.Index(fields=['account', 'digest'], name='token_of_account')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('account', 'name'), name='token_name_once_per_account')],
                },
            ),
            migrations.CreateModel(
                name='SecretsKey',
                fields=[
                    ('fingerprint', models.CharField(max_length=16, primary_key=True, serialize=False)),
                    ('used_since', models.DateTimeField(default=django.utils.timezone.now)),
                ],
                options={
                    'default_permissions': (),
                },
            ),
        ]),
    ]
