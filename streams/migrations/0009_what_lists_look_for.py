"""What the lists of calls and streams look for stands on the row, in narrow indexes.

Copies two facts to every stream. With many rows that, and building the indexes, takes minutes, during which calls cannot be written:
see docs/operation.md."""

import django.db.models.deletion
from django.db import migrations, models

from streams.pure.customer.service_url import host_of

ROWS_AT_ONCE = 5000


def copy_facts(apps, schema_editor):
    stream, call, attempt = (apps.get_model("streams", name) for name in ("Stream", "Call", "CallbackAttempt"))
    start = models.Subquery(call.objects.filter(pk=models.OuterRef("call")).values("started_at"))
    _copy_to_streams(stream, start)
    failed = attempt.objects.exclude(error="").order_by().values("callback__stream")
    stream.objects.filter(pk__in=failed).update(callback_trouble=1)
    stream.objects.filter(callbacks__state="given_up").update(callback_trouble=2)
    # PostgreSQL alters no table whose rows wait to be checked.
    schema_editor.connection.check_constraints()


def _copy_to_streams(stream, start):
    last = 0
    while rows := list(stream.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "service_url")[:ROWS_AT_ONCE]):
        hosts = {}
        for pk, url in rows:
            hosts.setdefault(host_of(url), []).append(pk)
        for host, keys in hosts.items():
            stream.objects.filter(pk__in=keys).update(service_host=host, call_started_at=start)
        last = rows[-1][0]


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0008_retention'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='call',
            name='call_account_newest',
        ),
        migrations.RemoveIndex(
            model_name='call',
            name='call_from',
        ),
        migrations.RemoveIndex(
            model_name='call',
            name='call_to',
        ),
        migrations.RemoveIndex(
            model_name='stream',
            name='stream_reason_newest',
        ),
        migrations.RemoveIndex(
            model_name='stream',
            name='stream_account_newest',
        ),
        migrations.AddField(
            model_name='stream',
            name='call_started_at',
            field=models.DateTimeField(editable=False, help_text='When its call started.', null=True),
        ),
        migrations.AddField(
            model_name='stream',
            name='callback_trouble',
            field=models.PositiveSmallIntegerField(choices=[(0, 'None'), (1, 'a try failed'), (2, 'given up')], default=0),
        ),
        migrations.AddField(
            model_name='stream',
            name='service_host',
            field=models.CharField(blank=True, editable=False, help_text='Its host, in small letters, without the port.', max_length=255),
        ),
        migrations.RunPython(copy_facts, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name='stream',
            name='call_started_at',
            field=models.DateTimeField(editable=False, help_text='When its call started.'),
        ),
        migrations.AlterField(
            model_name='call',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='streams.account'),
        ),
        migrations.AlterField(
            model_name='call',
            name='application',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='calls', to='streams.application'),
        ),
        migrations.AlterField(
            model_name='callback',
            name='stream',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='streams.stream'),
        ),
        migrations.AlterField(
            model_name='callbackattempt',
            name='callback',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='streams.callback'),
        ),
        migrations.AlterField(
            model_name='stream',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='streams', to='streams.account'),
        ),
        migrations.AlterField(
            model_name='streamevent',
            name='call',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='streams.call'),
        ),
        migrations.AlterField(
            model_name='streamevent',
            name='stream',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='streams.stream'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['account', '-started_at', '-id'], name='call_account_newest'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['application', '-started_at', '-id'], name='call_application_newest'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(condition=models.Q(('direction', 'outbound')), fields=['-started_at', '-id'], name='call_outbound_newest'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['from_number'], name='call_from_number', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['to_number'], name='call_to_number', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(fields=['-created_at', '-id'], name='callback_newest'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('state', 'given_up')), fields=['-created_at', '-id'], name='callback_given_up_newest'),
        ),
        migrations.AddIndex(
            model_name='stream',
            index=models.Index(fields=['account', '-requested_at', '-id'], name='stream_account_newest'),
        ),
        migrations.AddIndex(
            model_name='stream',
            index=models.Index(condition=models.Q(models.Q(models.Q(('end_cause', ''), _negated=True), models.Q(('end_cause', 'call_ended'), _negated=True)), ('connect_attempts__gt', 1), ('degraded_percent__gt', 0), ('callback_trouble__gt', 0), models.Q(('ended_at__isnull', False), ('started_at__isnull', True)), _connector='OR'), fields=['-requested_at', '-id', 'account', 'hangup_reason', 'end_cause', 'close_code', 'connect_attempts', 'degraded_percent', 'callback_trouble'], name='stream_unusual_newest'),
        ),
        migrations.AddIndex(
            model_name='stream',
            index=models.Index(condition=models.Q(models.Q(models.Q(('end_cause', ''), _negated=True), models.Q(('end_cause', 'call_ended'), _negated=True)), ('connect_attempts__gt', 1), ('degraded_percent__gt', 0), ('callback_trouble__gt', 0), models.Q(('ended_at__isnull', False), ('started_at__isnull', True)), _connector='OR'), fields=['-call_started_at', '-call', 'account', 'hangup_reason', 'end_cause', 'close_code', 'connect_attempts', 'degraded_percent', 'callback_trouble'], name='stream_unusual_by_call'),
        ),
        migrations.AddIndex(
            model_name='stream',
            index=models.Index(fields=['service_host', '-call_started_at', '-call'], name='stream_host_by_call', opclasses=['varchar_pattern_ops', 'timestamptz_ops', 'int8_ops']),
        ),
    ]
